SELECT count(*) AS n, sum(price * qty) AS s FROM orders_jsonl WHERE country = 'DE' AND price > 500
