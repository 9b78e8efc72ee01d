SELECT url, count(*) AS n FROM log GROUP BY url ORDER BY n DESC, url LIMIT 10
