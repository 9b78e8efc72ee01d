SELECT count(*) AS n, sum(price * qty) AS s FROM orders_dirty WHERE ts > TIMESTAMP '2000-01-01 00:00:00'
