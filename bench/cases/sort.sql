COPY (SELECT * FROM orders ORDER BY price DESC, id)
TO '{out}' (FORMAT csv, HEADER, TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%SZ', USE_TMP_FILE false)
