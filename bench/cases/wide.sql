SELECT count(*) AS n, sum(c100) AS s, sum(c188) AS t FROM orders_wide WHERE country = 'DE'
