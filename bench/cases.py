"""What is measured: the rows of the tables in docs/performance.md, and the files that they read."""
import os

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = os.path.join(HERE, "cases")

# Row of the design's table, case, what it is, input, times DuckDB it must reach (shared/design/performance.md and issue 6), and
# where the answer is: on stdout, in a file of CSV rows, the same in order, or a file of JSON lines.
ROWS = [
    ("1", "count", "CSV count", "orders.csv", 20, "stdout"),
    ("2", "sum", "CSV filter and sum", "orders.csv", 13, "stdout"),
    ("3", "project", "CSV filter and project to CSV", "orders.csv", 15, "file"),
    ("4", "copy", "CSV unchanged, types checked", "orders.csv", 25, "file"),
    ("5", "convert", "every column converted and printed", "orders.csv", 9, "file"),
    ("6", "group", "group by, 20 keys", "orders.csv", 11, "stdout"),
    ("7", "group_many", "group by, 1 M keys", "orders.csv", 5, "file"),
    ("8", "join", "join with 1 M", "orders.csv", 5, "stdout"),
    ("9", "sort", "sort to CSV", "orders.csv", 14, "ordered"),
    ("12", "jsonl_sum", "JSON lines filter and sum", "orders.jsonl", 8, "stdout"),
    ("", "wide", "200 columns, 3 used", "wide.csv", 15, "stdout"),
    ("", "csv_jsonl", "CSV to JSON lines", "orders.csv", 8, "json"),
    ("", "gzip", "gzip, filter and sum", "orders.csv.gz", None, "stdout"),
    ("", "brc", "1BRC, scaled", "brc.csv", None, "stdout"),
    ("", "skew", "group by, skewed keys", "skew.csv", None, "file"),
    ("", "log_urls", "log: most seen pages", "log.csv", None, "stdout"),
    ("", "log_users", "log: users by region", "log.csv", None, "file"),
    ("", "log_search", "log: a word in a text", "log.csv", None, "stdout"),
    ("", "top", "the first 10 of an order", "orders.csv", None, "ordered"),
    ("", "distinct", "distinct, 1 M values", "orders.csv", None, "file"),
    ("", "dirty", "1 % bad rows, filter and sum", "dirty.csv", None, "stdout"),
    ("", "text", "long texts, search", "text.csv", None, "stdout"),
]
# What Polars has a pipeline for (peer.py), and what ClickHouse does not do: it has no reader that leaves bad rows out, and its
# JSON and CSV have their own forms of times and texts where columns are unchanged.
POLARS = {"count", "sum", "gzip", "jsonl_sum", "project", "group", "group_many", "skew", "sort", "csv_jsonl", "wide", "brc", "log_urls",
          "log_users", "log_search"}
NOT_CLICKHOUSE = {"dirty", "convert"}
GROWTH = ("sum", "group_many", "sort", "jsonl_sum")
GROWTH_STEPS = (30, 10, 3, 1)   # the input is the whole one divided by these: 1x, 3x, 10x, 30x


def files(rows):
    """The files of a run over so many orders, with the generator's arguments."""
    few = max(rows // 8, 100_000)
    return {"orders.csv": [rows], "orders.jsonl": [rows // 2, "jsonl"], "dirty.csv": [rows // 2, "bad=1"], "wide.csv": [few, "wide=200"],
            "text.csv": [few // 2, "text=1000"], "tenth.csv": [rows // 10], "skew.csv": [rows, "skew"], "log.csv": [rows // 2, "log"],
            "brc.csv": [rows, "brc"]}


def path(case, ending):
    return os.path.join(CASES, f"{case}.{ending}")


def text(case, ending):
    """The case's file with that ending, or None."""
    if not os.path.exists(path(case, ending)):
        return None
    with open(path(case, ending)) as f:
        return f.read()


def commands(case):
    """What command lines do the case: name to command."""
    return dict(line.split(": ", 1) for line in (text(case, "cli") or "").splitlines())
