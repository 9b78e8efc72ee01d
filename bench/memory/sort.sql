COPY (SELECT * FROM read_csv('orders.csv', header = true, auto_detect = false, columns = {'id': 'BIGINT', 'ts': 'TIMESTAMP',
  'customer_id': 'INTEGER', 'country': 'VARCHAR', 'product': 'VARCHAR', 'qty': 'INTEGER', 'price': 'DECIMAL(8,2)',
  'discount': 'DECIMAL(4,2)', 'status': 'VARCHAR', 'email': 'VARCHAR', 'note': 'VARCHAR', 'flag': 'BOOLEAN'})
  ORDER BY price DESC, id) TO '{out}' (HEADER, TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%SZ')
