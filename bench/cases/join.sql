SELECT count(*) AS n, sum(price) AS s FROM orders JOIN customers USING (customer_id) WHERE level = 7
