"""Runs cases: contenders in turn, answers compared, times and peaks of each. See README.md."""
import datetime
import filecmp
import json
import math
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
from importlib.util import find_spec

import cases

HERE = cases.HERE
ROOT = os.path.dirname(HERE)


def same_value(a, b):
    """Texts that are equal, or numbers that are so but for the rounding of floats."""
    if a == b:
        return True
    try:
        return math.isclose(float(a), float(b), rel_tol=1e-9)
    except ValueError:
        return False


def same_rows(a, b):
    return len(a) == len(b) and all(len(x) == len(y) and all(map(same_value, x, y)) for x, y in zip(a, b))


def answer(result):
    """Rows as sorted lists of texts, from CSV on standard output or from a peer's rows."""
    rows = result["rows"] if "rows" in result else [line.split(",") for line in result["out"].splitlines()[1:]]
    return sorted([c.strip('"') for c in row] for row in rows)


def summary(runs):
    if not isinstance(runs, list):
        return {"na": runs["error"]}
    walls = sorted(r["wall"] for r in runs)
    s = {"wall": statistics.median(walls), "min": walls[0], "max": walls[-1],
         "cpu": statistics.median(r["cpu"] for r in runs), "peak": max(r["peak"] for r in runs), "runs": len(runs)}
    if "user" in runs[0]:
        s["user"] = min(r["user"] for r in runs)
    return s


def slope(xs, ys):
    """The exponent of y over x: the slope of the line of least squares through their logarithms."""
    lx, ly = [math.log(x) for x in xs], [math.log(y) for y in ys]
    mx, my = statistics.fmean(lx), statistics.fmean(ly)
    return sum((x - mx) * (y - my) for x, y in zip(lx, ly)) / sum((x - mx) ** 2 for x in lx)


class Bench:
    def __init__(self, o, keep):
        self.o = o
        self.keep = keep
        self.build = os.path.abspath(o.build)
        self.dir = os.path.join(self.build, "bench")
        self.threads = o.threads
        self.data = self.folder(o.rows)
        self.flowc = os.path.join(self.build, "flowc")
        self.peers = {}

    # ---- data ----

    def folder(self, rows):
        d = os.path.join(self.dir, f"data-{rows}")
        os.makedirs(d, exist_ok=True)
        return d

    def make(self, folder, name, argv):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            return
        with open(path + ".part", "wb") as f:
            subprocess.run(argv, stdout=f, check=True)
        os.rename(path + ".part", path)

    def make_files(self, folder, wanted):
        for name, args in wanted.items():
            self.make(folder, name, [os.path.join(self.dir, "gen"), *map(str, args)])

    def make_data(self):
        self.make_files(self.data, cases.files(self.o.rows))
        self.make(self.data, "orders.csv.gz", ["gzip", "-c", os.path.join(self.data, "orders.csv")])
        customers = os.path.join(self.data, "customers.csv")
        if not os.path.exists(customers):
            with open(customers, "w") as f:
                f.write("customer_id,level\n" + "".join(f"{i},{i * 7919 % 31}\n" for i in range(1_000_000)))

    def size(self, name):
        return os.path.getsize(os.path.join(self.data, name))

    # ---- one run ----

    def run(self, argv, stdin=None, folder=None):
        """Runs a program by measure.c. Times in seconds, peak in MiB; out is its standard output."""
        report = os.path.join(self.dir, "measured")
        env = {**os.environ, "XDG_CACHE_HOME": os.path.join(self.dir, "cache")}
        p = subprocess.run([os.path.join(self.dir, "measure"), report, *argv], cwd=folder or self.data, stdin=stdin or subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
        wall, user, system, kib, code = map(int, open(report).read().split())
        if code != 0:
            return {"error": (p.stderr.strip().splitlines() or [f"exit {code}"])[0], "code": code}
        return {"wall": wall / 1e9, "cpu": (user + system) / 1e9, "user": user / 1e9, "peak": kib / 1024, "out": p.stdout}

    def script(self, case, jit, *more):
        return [self.flowc, "run", f"--jit={jit}", "--threads", str(self.threads), cases.path(case, "flow"), *more]

    def command(self, case, how):
        """As a program of its own, which is built here, or by --jit."""
        if how != "built":
            return self.script(case, how)
        program = os.path.join(self.dir, case)
        self.run([self.flowc, "build", cases.path(case, "flow"), "-o", program])
        return [program, "--threads", str(self.threads)]

    def shell(self, command, out):
        return self.run(["sh", "-c", command.replace("{out}", out)])

    def ask(self, peer, request):
        if peer not in self.peers:
            n = str(self.threads)
            self.peers[peer] = subprocess.Popen(
                [sys.executable, os.path.join(HERE, "peer.py"), peer, os.path.join(cases.CASES, "setup.sql")], cwd=self.data,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                env={**os.environ, "POLARS_MAX_THREADS": n, "BENCH_THREADS": n})
        p = self.peers[peer]
        try:
            p.stdin.write(json.dumps(request) + "\n")
            p.stdin.flush()
            line = p.stdout.readline()
        except BrokenPipeError:
            line = ""
        result = json.loads(line) if line else {"error": f"{peer} is not installed or ended"}
        if "peak_kib" in result:
            result["peak"] = result.pop("peak_kib") / 1024
        return result

    # ---- a case ----

    def contenders(self, case, where):
        """Name to a function of the file to write."""
        sql, built = cases.text(case, "sql"), self.command(case, "built")
        more = (lambda out: []) if where == "stdout" else (lambda out: ["--out", out])
        c = {how: (lambda out, how=how: self.run(self.script(case, how, *more(out)))) for how in ("tcc", "cc")}
        c["built"] = lambda out: self.run([*built, *more(out)])
        c["duckdb"] = lambda out: self.ask("duckdb", {"sql": sql.replace("{out}", out)})
        if not self.o.peers:
            return c
        if case in cases.POLARS and find_spec("polars"):
            c["polars"] = lambda out: self.ask("polars", {"case": case, "out": out if where != "stdout" else None})
        if case not in cases.NOT_CLICKHOUSE and find_spec("chdb"):
            c["clickhouse"] = lambda out: self.ask("clickhouse", {"sql": sql.replace("{out}", out)})
        for name, command in cases.commands(case).items():
            if name in ("bound", "gnu sort") or shutil.which(name):
                c[name] = lambda out, command=command: self.shell(command, out)
        return c

    def hashes(self, path, where):
        """The number of rows of a file and a hash over them, which knows their order where it counts."""
        reader = "read_ndjson_auto" if where == "json" else "read_csv"
        rows = f"SELECT *, row_number() OVER () AS at FROM {reader}('{path}')" if where == "ordered" else f"SELECT * FROM {reader}('{path}')"
        return self.ask("duckdb", {"sql": f"SELECT count(*), bit_xor(hash(COLUMNS(*))) FROM ({rows})"}).get("rows")

    def check_files(self, case, contenders, where):
        """The first run of each contender, to a file, and those whose files do not have the rows of DuckDB's, with the reason. Files
        with the same bytes as a good one need no second look."""
        ending = "jsonl" if where == "json" else "csv"
        place = lambda name: os.path.join(self.dir, f"{case}.{name.replace(' ', '-')}.{ending}")
        firsts, wrong, truth = {}, {}, None
        try:
            firsts["duckdb"] = contenders["duckdb"](place("duckdb"))
            for name in (n for n in contenders if n != "duckdb"):
                firsts[name] = contenders[name](place(name))
                if "error" in firsts[name] or "error" in firsts["duckdb"]:
                    continue
                good = [place(n) for n in ("duckdb", "tcc") if n != name and n not in wrong]
                if any(os.path.exists(g) and filecmp.cmp(g, place(name), shallow=False) for g in good):
                    continue
                truth = truth or self.hashes(place("duckdb"), where)
                got = self.hashes(place(name), where)
                if got is None or got != truth:
                    wrong[name] = f"other rows: {got}, DuckDB {truth}"
                if name != "tcc":
                    os.remove(place(name))
            return firsts, wrong
        finally:
            for name in contenders:
                if os.path.exists(place(name)):
                    os.remove(place(name))

    def measure(self, contenders, repeats, firsts=None):
        """Runs of each, in turn, after a first one that warms caches and finds what does not run. Who is slow gets fewer, so that a
        case has an end; who is very slow has had its run."""
        firsts = firsts or {name: go() for name, go in contenders.items()}
        runs = {name: first if "error" in first else [] for name, first in firsts.items()}
        spent = dict.fromkeys(contenders, 0.0)
        for name, first in firsts.items():
            if "error" not in first and first["wall"] > 4 * self.o.budget:
                runs[name], spent[name] = [first], first["wall"]
        for _ in range(repeats):
            for name, go in contenders.items():
                if isinstance(runs[name], list) and spent[name] <= self.o.budget:
                    r = go()
                    spent[name] += r.get("wall", 0)
                    if "error" not in r:
                        runs[name].append(r)
        return {n: r if r else {"error": "no run ended well"} for n, r in runs.items()}

    def row(self, number, case, title, data, target, where):
        contenders = self.contenders(case, where)
        firsts, wrong = self.check_files(case, contenders, where) if where != "stdout" else (None, {})
        runs = self.measure({n: (lambda go=go: go("/dev/null")) for n, go in contenders.items()}, self.o.repeats, firsts)
        got = {name: summary(r) for name, r in runs.items()}
        truth = runs["duckdb"]
        for name, r in runs.items():
            if where == "stdout" and name != "bound" and isinstance(r, list) and isinstance(truth, list):
                if not same_rows(answer(r[0]), answer(truth[0])):
                    wrong[name] = f"wrong answer: {answer(r[0])[:2]}, DuckDB {answer(truth[0])[:2]}"
        for name, why in wrong.items():
            got[name] = {"na": why}
        self.keep({"row": number, "case": case, "title": title, "bytes": self.size(data), "target": target, "by": got})

    # ---- what is not a race ----

    def memory(self):
        """Peak of the process for a tenth of the input, the input and ten times the input, over a pipe and by name."""
        by = {}
        tail = "tail -n +2 orders.csv"
        for name, command in (("1x", "cat tenth.csv"), ("10x", "cat orders.csv"),
                              ("100x", "cat orders.csv" + f"; {tail}" * 9)):
            if name == "100x" and self.o.quick:
                continue
            feed = subprocess.Popen(["sh", "-c", command], cwd=self.data, stdout=subprocess.PIPE)
            by[name] = self.run(self.script("memory", "tcc"), stdin=feed.stdout)
            feed.stdout.close()
            feed.wait()
        for case in ("sum", "copy", "jsonl_sum"):
            by[case] = self.run(self.script(case, "tcc"))
        self.keep({"case": "memory", "title": "peak memory", "target": 16,
                   "by": {k: {"na": r["error"]} if "error" in r else {"peak": r["peak"], "wall": r["wall"]} for k, r in by.items()}})

    def ports(self):
        for pair in (("ports_none", "ports"), ("copy", "ports_copy")):
            for how in ("tcc", "built"):
                commands = {c: self.command(c, how) for c in pair}
                runs = self.measure({c: (lambda c=c: self.run(commands[c])) for c in pair}, 2 * self.o.repeats)
                self.keep({"case": f"{pair[1]}-{how}", "title": f"error ports, {pair[0]} and {pair[1]} by {how}",
                           "by": {c: summary(r) for c, r in runs.items()}, "pair": list(pair)})

    def growth(self):
        """The same case over 1x, 3x, 10x, 30x: the exponent of the time without what an empty run takes."""
        start = summary(self.measure({"x": lambda: self.run(self.script("hello", "tcc"))}, 20)["x"])["wall"]
        for case in cases.GROWTH:
            runs, rows = {}, {}
            for step in cases.GROWTH_STEPS:
                n = self.o.rows // step
                folder = self.folder(n)
                self.make_files(folder, {k: v for k, v in cases.files(n).items() if k in ("orders.csv", "orders.jsonl")})
                name = f"{cases.GROWTH_STEPS[0] // step}x"
                rows[name] = n
                runs[name] = lambda folder=folder: self.run(self.script(case, "tcc"), folder=folder)
            by = {k: summary(r) for k, r in self.measure(runs, self.o.repeats).items()}
            exponent = None
            if all("na" not in s for s in by.values()):
                exponent = slope([rows[k] for k in by], [max(s["wall"] - start, 1e-6) for s in by.values()])
            self.keep({"case": f"growth-{case}", "title": f"growth of {case}", "target": 1.05, "exponent": exponent, "by": by})

    def start(self):
        """From the start of the process to its end: a script of one row, by each way to run it, and what others need for it."""
        c = {"tcc": lambda: self.run(self.script("hello", "tcc")), "cache": lambda: self.run(self.script("hello", "cc")),
             "true": lambda: self.run(["/bin/true"])}
        if self.o.peers:
            python = "import duckdb; print(duckdb.sql(\"SELECT 'hello' AS greeting\").fetchall())"
            c["duckdb"] = lambda: self.run([sys.executable, "-c", python])
            for name, command in cases.commands("hello").items():
                if shutil.which(name):
                    c[name] = lambda command=command: self.run(["sh", "-c", "exec " + command])
        runs = self.measure(c, 50)
        self.keep({"case": "start", "title": "start to the end of a hello", "target": 4, "by": {k: summary(r) for k, r in runs.items()}})
        out = os.path.join(self.dir, "hello")
        r = self.run([self.flowc, "build", cases.path("hello", "flow"), "-o", out])
        by = {"na": r["error"]} if "error" in r else {"kib": os.path.getsize(out) / 1024, **summary(
            self.measure({"x": lambda: self.run([out])}, 20)["x"])}
        self.keep({"case": "standalone", "title": "standalone hello", "target": 400, "by": {"hello": by}})

    def tpch(self):
        """The 22 queries of bench/tpch, at a scale of 0.1."""
        report = os.path.join(self.dir, "tpch.json")
        p = subprocess.run([sys.executable, os.path.join(HERE, "tpch", "run"), self.flowc, "--data", os.path.join(self.dir, "tpch-0.1"), "--scale",
                            "0.1", "--runs", str(self.o.repeats), "--json", report], capture_output=True, text=True)
        if not os.path.exists(report):
            return self.keep({"case": "tpch", "title": "TPC-H, scale 0.1", "by": {"flowc": {"na": (p.stderr or p.stdout)[-200:]}}})
        with open(report) as f:
            self.keep({"case": "tpch", "title": "TPC-H, scale 0.1", **json.load(f)})
        os.remove(report)

    # ---- where and what ----

    def machine(self):
        def first(argv):
            try:
                return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()[0]
            except (OSError, IndexError, subprocess.CalledProcessError):
                return "missing"
        cpu = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read())
        versions = {"cc": first(["cc", "--version"]), "flowc": first([self.flowc, "--version"]), "mlr": first(["mlr", "--version"]),
                    "jq": first(["jq", "--version"]), "mawk": first(["sh", "-c", "mawk -W version 2>&1"])}
        for module in ("duckdb", "polars", "chdb"):
            versions[module] = first([sys.executable, "-c", f"import {module}; print({module}.__version__)"])
        return {"cpu": self.o.machine or f"{os.cpu_count()} x {cpu.group(1) if cpu else platform.machine()}",
                "kernel": platform.release(), "load": os.getloadavg()[0], "versions": versions, "threads": self.threads,
                "commit": first(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"]),
                "date": datetime.datetime.now().isoformat(timespec="seconds"), "rows": self.o.rows, "repeats": self.o.repeats}
