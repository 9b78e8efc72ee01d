COPY (SELECT id + 1 AS id, ts + INTERVAL 1 SECOND AS ts, customer_id + 1 AS customer_id, country, product,
             qty + 1 AS qty, price + 0.01 AS price, discount + 0.01 AS discount, status, email, note, NOT flag AS flag
      FROM orders)
TO '{out}' (FORMAT csv, HEADER, TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%SZ', USE_TMP_FILE false)
