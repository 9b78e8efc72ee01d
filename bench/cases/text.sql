SELECT count(*) AS n, sum(price) AS s FROM orders_text WHERE contains(note, 'juliet, alpha')
