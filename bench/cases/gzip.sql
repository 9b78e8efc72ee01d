SELECT count(*) AS n, sum(price * qty) AS s FROM orders_gz WHERE country = 'DE' AND price > 500
