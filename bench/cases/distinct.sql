COPY (SELECT DISTINCT customer_id FROM orders)
TO '{out}' (FORMAT csv, HEADER, USE_TMP_FILE false)
