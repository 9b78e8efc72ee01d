COPY (SELECT * FROM orders) TO '{out}' (FORMAT json, TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%SZ', USE_TMP_FILE false)
