COPY (SELECT id, ts, customer_id, price, qty FROM orders WHERE country = 'DE' AND price > 500)
TO '{out}' (FORMAT csv, HEADER, TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%SZ', USE_TMP_FILE false)
