COPY (SELECT customer_id, count(*) AS n, sum(price) AS s FROM orders_skew GROUP BY customer_id) TO '{out}' (FORMAT csv, HEADER, USE_TMP_FILE false)
