COPY (SELECT key, count(*) AS n, sum(amount) AS s FROM read_csv('keys.csv', header = true, auto_detect = false,
  columns = {'key': 'BIGINT', 'amount': 'INTEGER'}) GROUP BY key) TO '{out}' (HEADER)
