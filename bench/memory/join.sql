COPY (SELECT l.key, l.name, l.amount, r.city, r.score, r.post FROM read_csv('left.csv', header = true, auto_detect = false,
  columns = {'key': 'BIGINT', 'name': 'VARCHAR', 'amount': 'INTEGER'}) l JOIN read_csv('right.csv', header = true, auto_detect = false,
  columns = {'key': 'BIGINT', 'city': 'VARCHAR', 'score': 'INTEGER', 'post': 'VARCHAR'}) r USING (key)) TO '{out}' (HEADER)
