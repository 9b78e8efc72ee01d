"""Runs SQL in DuckDB, or a pipeline in Polars, for the runner: one request a line on standard input, one answer a line.

A request is {"sql": ...} or {"polars": NAME}; an answer has wall and cpu seconds of the query alone (no start-up, no
import, which favours the peer) and the rows as text."""
import json
import os
import resource
import sys
import time


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def polars_queries(pl):
    types = {"id": pl.Int64, "ts": pl.String, "customer_id": pl.Int32, "country": pl.String, "product": pl.String,
             "qty": pl.Int32, "price": pl.Float64, "discount": pl.Float64, "status": pl.String, "email": pl.String,
             "note": pl.String, "flag": pl.Boolean}

    def orders():
        return pl.scan_csv("orders.csv", schema=types)
    big = (pl.col("country") == "DE") & (pl.col("price") > 500)
    cents = (pl.col("price") * 100).round().cast(pl.Int64) * pl.col("qty")
    return {
        "count": lambda: orders().select(pl.len()).collect(engine="streaming").rows(),
        "sum": lambda: [(n, f"{s // 100}.{s % 100:02d}") for n, s in
                        orders().filter(big).select(pl.len().alias("n"), cents.sum().alias("s"))
                        .collect(engine="streaming").rows()],
    }


def main():
    if sys.argv[1] == "polars":
        import polars
        queries = polars_queries(polars)
        ask = lambda request: queries[request["polars"]]()
    else:
        import duckdb
        connection = duckdb.connect()
        connection.execute(open(sys.argv[2]).read())
        connection.execute(f"SET threads = {int(os.environ['BENCH_THREADS'])}")
        ask = lambda request: connection.execute(request["sql"]).fetchall()
    for line in sys.stdin:
        wall, cpu = time.perf_counter(), cpu_seconds()
        try:
            rows = [[str(v) for v in row] for row in ask(json.loads(line))]
            answer = {"wall": time.perf_counter() - wall, "cpu": cpu_seconds() - cpu, "rows": rows}
        except Exception as error:  # the runner prints it: N/A
            answer = {"error": str(error).splitlines()[0]}
        answer["peak_kib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(json.dumps(answer), flush=True)


main()
