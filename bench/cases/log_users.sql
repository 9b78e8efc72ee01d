COPY (SELECT region, count(DISTINCT "user") AS users, sum(duration) AS t FROM log GROUP BY region) TO '{out}' (FORMAT csv, HEADER, USE_TMP_FILE false)
