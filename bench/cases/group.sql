SELECT country, count(*) AS n, sum(price * qty) AS s FROM orders GROUP BY country
