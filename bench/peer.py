"""Runs SQL in DuckDB or ClickHouse (chdb), or a pipeline in Polars, for the runner: one request a line on standard input, one
answer a line.

A request is {"sql": ...} or {"case": NAME, "out": FILE}; an answer has wall and cpu seconds of the query alone (no start-up, no
import, which favours the peer) and the rows as text. The scripts are written for DuckDB; for ClickHouse the views are made from the
same columns, and COPY ... TO becomes INTO OUTFILE."""
import csv
import io
import json
import os
import re
import resource
import sys
import time


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class DuckDB:
    def __init__(self, setup):
        import duckdb
        self.connection = duckdb.connect()
        self.connection.execute(setup)
        self.connection.execute(f"SET threads = {int(os.environ['BENCH_THREADS'])}")

    def ask(self, request):
        return self.connection.execute(request["sql"]).fetchall()


class ClickHouse:
    TYPES = {"BIGINT": "Int64", "INTEGER": "Int32", "VARCHAR": "String", "TIMESTAMP": "DateTime(\\'UTC\\')", "BOOLEAN": "Bool"}
    SETTINGS = ("max_threads = {n}, max_parsing_threads = {n}, date_time_input_format = 'best_effort', date_time_output_format = 'iso', "
                "output_format_decimal_trailing_zeros = 1, output_format_json_quote_64bit_integers = 0, engine_file_truncate_on_insert = 1, "
                "output_format_parallel_formatting = 0, input_format_parallel_parsing = {p}")

    def __init__(self, setup):
        from chdb import session
        threads = int(os.environ["BENCH_THREADS"])
        self.settings = self.SETTINGS.format(n=threads, p=int(threads > 1))
        self.session = session.Session()
        self.session.query("CREATE DATABASE b ENGINE = Atomic")
        self.session.query("USE b")
        for name, kind, path, more in re.findall(r"CREATE VIEW (\w+) AS SELECT \* FROM (\w+)\('([^']+)',(.*?)\}\)", setup, re.S):
            if "ignore_errors" not in more:
                self.view(name, kind, path, more)

    def view(self, name, kind, path, more):
        columns = re.findall(r"'(\w+)': '([^']+)'", more[more.index("columns"):])
        types = ", ".join(f"{c} {self.TYPES.get(t, t.replace('DECIMAL', 'Decimal'))}" for c, t in columns)
        delimiter = re.search(r"delim = '(.)'", more)
        form = "JSONEachRow" if kind == "read_ndjson" else "CSVWithNames" if "header = true" in more else "CSV"
        options = f" SETTINGS format_csv_delimiter = '{delimiter[1]}'" if delimiter and delimiter[1] != "," else ""
        self.session.query(f"CREATE VIEW {name} AS SELECT * FROM file('{os.path.abspath(path)}', '{form}', '{types}'){options}")

    def ask(self, request):
        sql = request["sql"]
        copy = re.fullmatch(r"\s*COPY \((.*)\)\s*TO '([^']*)' \((.*)\)\s*", sql, re.S)
        if copy:
            form = "JSONEachRow" if "json" in copy[3] else "CSVWithNames"
            self.session.query(f"{copy[1]} INTO OUTFILE '{copy[2]}' TRUNCATE FORMAT {form} SETTINGS {self.settings}")
            return []
        text = str(self.session.query(f"{sql} SETTINGS {self.settings}", "CSV"))
        return list(csv.reader(io.StringIO(text)))


class Polars:
    ORDER = ["id", "ts", "customer_id", "country", "product", "qty", "price", "discount", "status", "email", "note", "flag"]

    def __init__(self, setup):
        import polars as pl
        self.pl = pl
        d = pl.Float64
        self.types = dict(zip(self.ORDER, [pl.Int64, pl.String, pl.Int32, pl.String, pl.String, pl.Int32, d, d, pl.String, pl.String,
                                           pl.String, pl.Boolean]))

    def orders(self, file="orders.csv"):
        return self.pl.scan_csv(file, schema=self.types)

    def cents(self, *more):
        """Money as whole cents: sums of floats would differ."""
        value = (self.pl.col("price") * 100).round().cast(self.pl.Int64)
        for column in more:
            value = value * self.pl.col(column)
        return value.sum().alias("s")

    def query(self, case):
        pl = self.pl
        n, big = pl.len().alias("n"), (pl.col("country") == "DE") & (pl.col("price") > 500)
        log = lambda: pl.scan_csv("log.csv", schema_overrides={"time": pl.String, "phrase": pl.String, "referer": pl.String})
        jsonl = lambda: pl.scan_ndjson("orders.jsonl", schema=self.types)
        return {
            "count": lambda: self.orders().select(n),
            "sum": lambda: self.orders().filter(big).select(n, self.cents("qty")),
            "gzip": lambda: self.orders("orders.csv.gz").filter(big).select(n, self.cents("qty")),
            "jsonl_sum": lambda: jsonl().filter(big).select(n, self.cents("qty")),
            "project": lambda: self.orders().filter(big).select("id", "ts", "customer_id", "price", "qty"),
            "group": lambda: self.orders().group_by("country").agg(n, self.cents("qty")),
            "group_many": lambda: self.orders().group_by("customer_id").agg(n, self.cents()),
            "skew": lambda: self.orders("skew.csv").group_by("customer_id").agg(n, self.cents()),
            "sort": lambda: self.orders().sort(["price", "id"], descending=[True, False]),
            "csv_jsonl": lambda: self.orders(),
            "wide": lambda: pl.scan_csv("wide.csv").filter(pl.col("country") == "DE").select(
                n, pl.col("c100").sum(), pl.col("c188").sum().alias("t")),
            "brc": lambda: pl.scan_csv("brc.csv", separator=";", has_header=False, schema={"station": pl.String, "t": pl.Float64})
            .group_by("station").agg(pl.col("t").min().alias("low"), pl.col("t").sum().round(1).alias("total"),
                                     pl.col("t").max().alias("high"), n),
            "log_urls": lambda: log().group_by("url").agg(n).sort(["n", "url"], descending=[True, False]).head(10),
            "log_users": lambda: log().group_by("region").agg(pl.col("user").n_unique(), pl.col("duration").sum()),
            "log_search": lambda: log().filter(pl.col("phrase").str.contains("golf", literal=True) & pl.col("mobile"))
            .select(n, pl.col("duration").sum(), pl.col("width").max()),
        }[case]()

    def ask(self, request):
        case, out = request["case"], request.get("out")
        frame = self.query(case).collect(engine="streaming")
        if "s" in frame.columns:
            frame = frame.with_columns((self.pl.col("s") / 100).round(2).alias("s"))
        if not out:
            return frame.rows()
        if case == "csv_jsonl":
            frame.write_ndjson(out)
        else:
            frame.write_csv(out)
        return []


def main():
    setup = open(sys.argv[2]).read()
    peer = {"duckdb": DuckDB, "clickhouse": ClickHouse, "polars": Polars}[sys.argv[1]](setup)
    for line in sys.stdin:
        wall, cpu = time.perf_counter(), cpu_seconds()
        try:
            rows = [[str(v) for v in row] for row in peer.ask(json.loads(line))]
            answer = {"wall": time.perf_counter() - wall, "cpu": cpu_seconds() - cpu, "rows": rows}
        except Exception as error:  # the runner prints it: N/A
            answer = {"error": (str(error).splitlines() or [type(error).__name__])[0]}
        answer["peak_kib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(json.dumps(answer), flush=True)


main()
