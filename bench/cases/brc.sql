SELECT station, min(t) AS low, sum(t) AS total, max(t) AS high, count(*) AS n FROM brc GROUP BY station ORDER BY station
