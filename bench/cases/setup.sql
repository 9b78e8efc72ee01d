-- What DuckDB reads, with everything said that flowc is told: nothing is sniffed.
SET threads = 1;
SET preserve_insertion_order = true;
CREATE VIEW orders AS SELECT * FROM read_csv('orders.csv', auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', columns = {'id': 'BIGINT', 'ts': 'TIMESTAMP', 'customer_id': 'INTEGER', 'country': 'VARCHAR', 'product': 'VARCHAR',
  'qty': 'INTEGER', 'price': 'DECIMAL(8,2)', 'discount': 'DECIMAL(4,2)', 'status': 'VARCHAR', 'email': 'VARCHAR',
  'note': 'VARCHAR', 'flag': 'BOOLEAN'});
CREATE VIEW orders_dirty AS SELECT * FROM read_csv('dirty.csv', auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', ignore_errors = true, columns = {'id': 'BIGINT', 'ts': 'TIMESTAMP', 'customer_id': 'INTEGER', 'country': 'VARCHAR', 'product': 'VARCHAR',
  'qty': 'INTEGER', 'price': 'DECIMAL(8,2)', 'discount': 'DECIMAL(4,2)', 'status': 'VARCHAR', 'email': 'VARCHAR',
  'note': 'VARCHAR', 'flag': 'BOOLEAN'});
CREATE VIEW orders_text AS SELECT * FROM read_csv('text.csv', auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', columns = {'id': 'BIGINT', 'ts': 'TIMESTAMP', 'customer_id': 'INTEGER', 'country': 'VARCHAR', 'product': 'VARCHAR',
  'qty': 'INTEGER', 'price': 'DECIMAL(8,2)', 'discount': 'DECIMAL(4,2)', 'status': 'VARCHAR', 'email': 'VARCHAR',
  'note': 'VARCHAR', 'flag': 'BOOLEAN'});
CREATE VIEW orders_jsonl AS SELECT * FROM read_ndjson('orders.jsonl', columns = {'id': 'BIGINT', 'ts': 'TIMESTAMP', 'customer_id': 'INTEGER', 'country': 'VARCHAR', 'product': 'VARCHAR',
  'qty': 'INTEGER', 'price': 'DECIMAL(8,2)', 'discount': 'DECIMAL(4,2)', 'status': 'VARCHAR', 'email': 'VARCHAR',
  'note': 'VARCHAR', 'flag': 'BOOLEAN'});
CREATE VIEW orders_wide AS SELECT * FROM read_csv('wide.csv', auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', columns = {'id': 'BIGINT', 'ts': 'TIMESTAMP', 'customer_id': 'INTEGER', 'country': 'VARCHAR', 'product': 'VARCHAR',
  'qty': 'INTEGER', 'price': 'DECIMAL(8,2)', 'discount': 'DECIMAL(4,2)', 'status': 'VARCHAR', 'email': 'VARCHAR',
  'note': 'VARCHAR', 'flag': 'BOOLEAN',
  'c1': 'INTEGER', 'c2': 'INTEGER', 'c3': 'INTEGER', 'c4': 'INTEGER', 'c5': 'INTEGER', 'c6': 'INTEGER', 'c7': 'INTEGER', 'c8': 'INTEGER',
  'c9': 'INTEGER', 'c10': 'INTEGER', 'c11': 'INTEGER', 'c12': 'INTEGER', 'c13': 'INTEGER', 'c14': 'INTEGER', 'c15': 'INTEGER', 'c16': 'INTEGER',
  'c17': 'INTEGER', 'c18': 'INTEGER', 'c19': 'INTEGER', 'c20': 'INTEGER', 'c21': 'INTEGER', 'c22': 'INTEGER', 'c23': 'INTEGER', 'c24': 'INTEGER',
  'c25': 'INTEGER', 'c26': 'INTEGER', 'c27': 'INTEGER', 'c28': 'INTEGER', 'c29': 'INTEGER', 'c30': 'INTEGER', 'c31': 'INTEGER', 'c32': 'INTEGER',
  'c33': 'INTEGER', 'c34': 'INTEGER', 'c35': 'INTEGER', 'c36': 'INTEGER', 'c37': 'INTEGER', 'c38': 'INTEGER', 'c39': 'INTEGER', 'c40': 'INTEGER',
  'c41': 'INTEGER', 'c42': 'INTEGER', 'c43': 'INTEGER', 'c44': 'INTEGER', 'c45': 'INTEGER', 'c46': 'INTEGER', 'c47': 'INTEGER', 'c48': 'INTEGER',
  'c49': 'INTEGER', 'c50': 'INTEGER', 'c51': 'INTEGER', 'c52': 'INTEGER', 'c53': 'INTEGER', 'c54': 'INTEGER', 'c55': 'INTEGER', 'c56': 'INTEGER',
  'c57': 'INTEGER', 'c58': 'INTEGER', 'c59': 'INTEGER', 'c60': 'INTEGER', 'c61': 'INTEGER', 'c62': 'INTEGER', 'c63': 'INTEGER', 'c64': 'INTEGER',
  'c65': 'INTEGER', 'c66': 'INTEGER', 'c67': 'INTEGER', 'c68': 'INTEGER', 'c69': 'INTEGER', 'c70': 'INTEGER', 'c71': 'INTEGER', 'c72': 'INTEGER',
  'c73': 'INTEGER', 'c74': 'INTEGER', 'c75': 'INTEGER', 'c76': 'INTEGER', 'c77': 'INTEGER', 'c78': 'INTEGER', 'c79': 'INTEGER', 'c80': 'INTEGER',
  'c81': 'INTEGER', 'c82': 'INTEGER', 'c83': 'INTEGER', 'c84': 'INTEGER', 'c85': 'INTEGER', 'c86': 'INTEGER', 'c87': 'INTEGER', 'c88': 'INTEGER',
  'c89': 'INTEGER', 'c90': 'INTEGER', 'c91': 'INTEGER', 'c92': 'INTEGER', 'c93': 'INTEGER', 'c94': 'INTEGER', 'c95': 'INTEGER', 'c96': 'INTEGER',
  'c97': 'INTEGER', 'c98': 'INTEGER', 'c99': 'INTEGER', 'c100': 'INTEGER', 'c101': 'INTEGER', 'c102': 'INTEGER', 'c103': 'INTEGER', 'c104': 'INTEGER',
  'c105': 'INTEGER', 'c106': 'INTEGER', 'c107': 'INTEGER', 'c108': 'INTEGER', 'c109': 'INTEGER', 'c110': 'INTEGER', 'c111': 'INTEGER', 'c112': 'INTEGER',
  'c113': 'INTEGER', 'c114': 'INTEGER', 'c115': 'INTEGER', 'c116': 'INTEGER', 'c117': 'INTEGER', 'c118': 'INTEGER', 'c119': 'INTEGER', 'c120': 'INTEGER',
  'c121': 'INTEGER', 'c122': 'INTEGER', 'c123': 'INTEGER', 'c124': 'INTEGER', 'c125': 'INTEGER', 'c126': 'INTEGER', 'c127': 'INTEGER', 'c128': 'INTEGER',
  'c129': 'INTEGER', 'c130': 'INTEGER', 'c131': 'INTEGER', 'c132': 'INTEGER', 'c133': 'INTEGER', 'c134': 'INTEGER', 'c135': 'INTEGER', 'c136': 'INTEGER',
  'c137': 'INTEGER', 'c138': 'INTEGER', 'c139': 'INTEGER', 'c140': 'INTEGER', 'c141': 'INTEGER', 'c142': 'INTEGER', 'c143': 'INTEGER', 'c144': 'INTEGER',
  'c145': 'INTEGER', 'c146': 'INTEGER', 'c147': 'INTEGER', 'c148': 'INTEGER', 'c149': 'INTEGER', 'c150': 'INTEGER', 'c151': 'INTEGER', 'c152': 'INTEGER',
  'c153': 'INTEGER', 'c154': 'INTEGER', 'c155': 'INTEGER', 'c156': 'INTEGER', 'c157': 'INTEGER', 'c158': 'INTEGER', 'c159': 'INTEGER', 'c160': 'INTEGER',
  'c161': 'INTEGER', 'c162': 'INTEGER', 'c163': 'INTEGER', 'c164': 'INTEGER', 'c165': 'INTEGER', 'c166': 'INTEGER', 'c167': 'INTEGER', 'c168': 'INTEGER',
  'c169': 'INTEGER', 'c170': 'INTEGER', 'c171': 'INTEGER', 'c172': 'INTEGER', 'c173': 'INTEGER', 'c174': 'INTEGER', 'c175': 'INTEGER', 'c176': 'INTEGER',
  'c177': 'INTEGER', 'c178': 'INTEGER', 'c179': 'INTEGER', 'c180': 'INTEGER', 'c181': 'INTEGER', 'c182': 'INTEGER', 'c183': 'INTEGER', 'c184': 'INTEGER',
  'c185': 'INTEGER', 'c186': 'INTEGER', 'c187': 'INTEGER', 'c188': 'INTEGER'});
CREATE VIEW customers AS SELECT * FROM read_csv('customers.csv', auto_detect = false, header = true, delim = ',',
  columns = {'customer_id': 'INTEGER', 'level': 'INTEGER'});
CREATE VIEW orders_gz AS SELECT * FROM read_csv('orders.csv.gz', auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', columns = {'id': 'BIGINT', 'ts': 'TIMESTAMP', 'customer_id': 'INTEGER', 'country': 'VARCHAR', 'product': 'VARCHAR',
  'qty': 'INTEGER', 'price': 'DECIMAL(8,2)', 'discount': 'DECIMAL(4,2)', 'status': 'VARCHAR', 'email': 'VARCHAR',
  'note': 'VARCHAR', 'flag': 'BOOLEAN'});
CREATE VIEW orders_skew AS SELECT * FROM read_csv('skew.csv', auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', columns = {'id': 'BIGINT', 'ts': 'TIMESTAMP', 'customer_id': 'INTEGER', 'country': 'VARCHAR', 'product': 'VARCHAR',
  'qty': 'INTEGER', 'price': 'DECIMAL(8,2)', 'discount': 'DECIMAL(4,2)', 'status': 'VARCHAR', 'email': 'VARCHAR',
  'note': 'VARCHAR', 'flag': 'BOOLEAN'});
CREATE VIEW brc AS SELECT * FROM read_csv('brc.csv', auto_detect = false, header = false, delim = ';', columns = {'station': 'VARCHAR', 't': 'DECIMAL(3,1)'});
CREATE VIEW log AS SELECT * FROM read_csv('log.csv', auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', columns = {'time': 'TIMESTAMP', 'user': 'BIGINT', 'region': 'INTEGER',
  'url': 'VARCHAR', 'referer': 'VARCHAR', 'phrase': 'VARCHAR', 'width': 'INTEGER', 'duration': 'INTEGER', 'mobile': 'BOOLEAN'});
