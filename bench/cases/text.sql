SELECT count(*) AS n, sum(price) AS s FROM orders_text WHERE note LIKE '%juliet, alpha%'
