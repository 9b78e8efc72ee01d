SELECT count(*) AS n, sum(price * qty) AS s FROM orders WHERE country = 'DE' AND price > 500
