SELECT count(*) AS n, sum(duration) AS t, max(width) AS w FROM log WHERE phrase LIKE '%golf%' AND mobile
