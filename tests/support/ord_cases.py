#!/usr/bin/env python3
"""Writes the cases tests/e2e/ord_*: sort, top and rank, with answers computed here, by other means than flowc's.

    ord_cases.py FOLDER        e.g.  ord_cases.py tests/e2e

The same run writes the same bytes. Sorting is Python's (stable); nulls, nan and descending keys are spelled out in key().
"""
import csv, io, json, math, os, random, shutil, sys
from datetime import date, datetime, timedelta
from decimal import Decimal, getcontext
from fractions import Fraction

ROOT = sys.argv[1]
getcontext().prec = 60
rnd = random.Random(20260701)


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as f:
        f.write(text)


def show(v):
    if v is None:
        return ""
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, float):
        if math.isnan(v):
            return "nan"
        if math.isinf(v):
            return "inf" if v > 0 else "-inf"
        return repr(v)
    return format(v, "f") if isinstance(v, Decimal) else str(v)


def table(names, rows):
    out = io.StringIO()
    w = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    w.writerow(names)
    for r in rows:
        w.writerow([show(v) for v in r])
    return out.getvalue()


def case(name, script, ins, expect, args=None):
    top = os.path.join(ROOT, "ord_" + name)
    shutil.rmtree(top, ignore_errors=True)
    write(top + "/case.flow", script)
    for f, text in ins.items():
        write(top + "/in/" + f, text)
    for f, text in expect.items():
        write(top + "/expect/" + f, text)
    if args:
        write(top + "/args", args + "\n")


class Reversed:
    """Orders backwards."""
    def __init__(self, v):
        self.v = v

    def __lt__(self, o):
        return o.v < self.v

    def __eq__(self, o):
        return o.v == self.v


def plain(v):
    if isinstance(v, str):
        return v.encode("utf-8")
    if isinstance(v, float):
        return (1, 0.0) if math.isnan(v) else (0, v + 0.0)
    return v


def key(v, desc=False, nulls_first=False):
    """Null placement first, then the value; nulls do not turn round with desc."""
    if v is None:
        return (0 if nulls_first else 2, 0)
    p = plain(v)
    return (1, Reversed(p) if desc else p)


def ordered(rows, *keys):
    """keys: (index or function, desc, nulls_first)"""
    def of(r):
        return tuple(key(k[0](r) if callable(k[0]) else r[k[0]], *k[1:]) for k in keys)
    return sorted(rows, key=of)


# ---- types ----

def dec(v, scale):
    return Decimal(v).scaleb(-scale)


TYPES = [
    ("b", "bool", lambda: rnd.random() < 0.5),
    ("i8", "i8", lambda: rnd.choice([-128, -1, 0, 1, 127])),
    ("i16", "i16", lambda: rnd.choice([-32768, 32767, rnd.randint(-300, 300)])),
    ("i32", "i32", lambda: rnd.choice([-2**31, 2**31 - 1, rnd.randint(-9, 9)])),
    ("i64", "i64", lambda: rnd.choice([-2**63, 2**63 - 1, -1, 0, 1, rnd.randint(-10**18, 10**18)])),
    ("u8", "u8", lambda: rnd.choice([0, 255, rnd.randint(0, 255)])),
    ("u16", "u16", lambda: rnd.choice([0, 65535, rnd.randint(0, 9)])),
    ("u32", "u32", lambda: rnd.choice([0, 2**32 - 1, 2**31, rnd.randint(0, 9)])),
    ("u64", "u64", lambda: rnd.choice([0, 2**64 - 1, 2**63, 2**63 - 1, rnd.randint(0, 9)])),
    ("f64", "f64", lambda: rnd.choice([-1.5, 0.0, 2.5, 1e300, -1e300, float("inf"), float("-inf"), 0.125])),
    ("f32", "f32", lambda: rnd.choice([-1.5, 0.5, 2.5, 0.75, -0.25, float("inf")])),
    ("dn", "decimal(12,2)", lambda: dec(rnd.choice([-999999999999, 999999999999, rnd.randint(-500, 500)]), 2)),
    ("dw", "decimal(38,4)", lambda: dec(rnd.choice([-10**37, 10**37, 2**64, 2**63, -2**63, -2**63 - 1, 5, -5, rnd.randint(-10**30, 10**30)]), 4)),
    ("s", "string", lambda: rnd.choice(["a", "A", "ab", "abcdefgh", "abcdefghi", "abcdefghj", "é", "z", "😀", "ｆ", "b"])),
    ("d", "date", lambda: date(1, 1, 1) + timedelta(days=rnd.choice([0, 3652058, 719162, 719163, rnd.randint(719000, 740000)]))),
    ("t", "time", lambda: rnd.choice(["00:00:00", "23:59:59", "12:00:01", "06:07:08"])),
    ("ts", "timestamp", lambda: rnd.choice(["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "2026-07-01T12:30:00Z"])),
    ("u", "uuid", lambda: "%08x-0000-4000-8000-%012x" % (rnd.choice([0, 1, 0xffffffff]), rnd.choice([0, 1, 2**48 - 1]))),
    ("e", 'enum("small", "medium", "large")', lambda: rnd.choice(["small", "medium", "large"])),
]
ENUM = {"small": 0, "medium": 1, "large": 2}


def typed(name, nullable):
    rows = []
    for i in range(60):
        r = [i]
        for _, _, make in TYPES:
            r.append(None if nullable and rnd.random() < 0.2 else make())
        rows.append(r)
    q = "?" if nullable else ""
    fields = ", ".join(["id: i64"] + ["%s: %s%s" % (n, t, q) for n, t, _ in TYPES])
    script = ("# Every type as a sort key, up and down%s.\nrows = read csv(\"in/rows.csv\") as { %s }\n\n"
              % (", nulls first and last" if nullable else "", fields))
    expect = {}
    for at, (n, _, _) in enumerate(TYPES):
        pick = (lambda r, at=at: None if r[at + 1] is None else ENUM[r[at + 1]]) if n == "e" else at + 1
        for desc in (False, True):
            for first in ((False, True) if nullable else (False,)):
                f = n + ("_desc" if desc else "") + ("_first" if first else "")
                words = n + (" desc" if desc else "") + (" nulls first" if first else "")
                script += "rows | sort %-22s | select id, %s | write csv(\"out/%s.csv\")\n" % (words, n, f)
                expect[f + ".csv"] = table(["id", n], [(r[0], r[at + 1]) for r in ordered(rows, (pick, desc, first))])
    case(name, script, {"rows.csv": table(["id"] + [n for n, _, _ in TYPES], rows)}, expect)


# ---- several keys ----

def several():
    rows = [(i, rnd.choice(["small", "large", "medium"]), rnd.randint(-3, 3), date(2026, 1, 1) + timedelta(days=rnd.randint(0, 3)),
             rnd.choice([None, True, False]), rnd.choice(["x", "xy", "", "xyzxyzxyz1", "xyzxyzxyz2"])) for i in range(200)]
    e = lambda r: ENUM[r[1]]
    script = """# Several keys: packed into one word, or compared.
rows = read csv("in/rows.csv") as { id: i64, size: enum("small", "medium", "large"), n: i32, day: date, flag: bool?, name: string }

rows | sort size, n desc, flag nulls first        | select id | write csv("out/packed.csv")
rows | sort size desc, n, flag desc               | select id | write csv("out/packed_desc.csv")
rows | sort n, day desc, size                     | select id | write csv("out/wide.csv")
rows | sort flag desc nulls first, name, n desc   | select id | write csv("out/texts.csv")
rows | sort name desc, size, n                    | select id | write csv("out/text_first.csv")
rows | sort id // 50, n * -1, name                | select id | write csv("out/computed.csv")
"""
    ids = lambda rs: table(["id"], [(r[0],) for r in rs])
    case("several_keys", script, {"rows.csv": table(["id", "size", "n", "day", "flag", "name"], rows)}, {
        "packed.csv": ids(ordered(rows, (e,), (2, True), (4, False, True))),
        "packed_desc.csv": ids(ordered(rows, (e, True), (2,), (4, True))),
        "wide.csv": ids(ordered(rows, (2,), (3, True), (e,))),
        "texts.csv": ids(ordered(rows, (4, True, True), (5,), (2, True))),
        "text_first.csv": ids(ordered(rows, (5, True), (e,), (2,))),
        "computed.csv": ids(ordered(rows, (lambda r: r[0] // 50,), (lambda r: -r[2],), (5,)))})


def floats():
    vals = ["nan", "inf", "-inf", "0.0", "-0.0", "1.5", "", "-1.5", "nan", "-0.0", "0.0", "1e-310", "-1e-310", "", "NaN"]
    rows = [(i, None if v == "" else float(v)) for i, v in enumerate(vals)]
    script = """# nan is above inf, and the zeros are equal: ties stay in input order.
rows = read csv("in/rows.csv") as { id: i64, x: f64? }

rows | sort x                  | select id | write csv("out/up.csv")
rows | sort x desc             | select id | write csv("out/down.csv")
rows | sort x nulls first, id desc | select id | write csv("out/first.csv")
rows | top 4 by x desc         | select id | write csv("out/top.csv")
"""
    ids = lambda rs: table(["id"], [(r[0],) for r in rs])
    case("floats", script, {"rows.csv": "id,x\n" + "".join("%d,%s\n" % (i, v) for i, v in enumerate(vals))}, {
        "up.csv": ids(ordered(rows, (1,))), "down.csv": ids(ordered(rows, (1, True))),
        "first.csv": ids(ordered(rows, (1, False, True), (0, True))), "top.csv": ids(ordered(rows, (1, True))[:4])})


def texts():
    words = ["", "a", "aa", "aaaaaaaa", "aaaaaaaab", "aaaaaaaaba", "aaaaaaab", "é", "e", "z", "Z", "zz", "日本語", "日本", "😀", "ￓ", "10", "9", "a b", "a,b", 'q"q', "line\nline"]
    rows = [(i, rnd.choice(words), rnd.randint(0, 4)) for i in range(150)]
    script = """# Texts by code point, with equal beginnings; what the rows carry comes along.
rows = read csv("in/rows.csv") as { id: i64, s: string, n: i32 }

rows | sort s            | write csv("out/up.csv")
rows | sort s desc, n    | write csv("out/down.csv")
rows | sort upper(s) + string(n) | write csv("out/made.csv")
"""
    names = ["id", "s", "n"]
    case("texts", script, {"rows.csv": table(names, rows)}, {
        "up.csv": table(names, ordered(rows, (1,))), "down.csv": table(names, ordered(rows, (1, True), (2,))),
        "made.csv": table(names, ordered(rows, (lambda r: "".join(c if c in "ￓ" else c.upper() for c in r[1]) + str(r[2]),)))})


def stable():
    rows = [(i, rnd.randint(0, 2), "k%d" % rnd.randint(0, 1)) for i in range(3000)]
    script = """# Rows of equal keys stay in input order, also when a sort follows a sort.
rows = read csv("in/rows.csv") as { id: i64, n: i32, s: string }

rows | sort n            | write csv("out/number.csv")
rows | sort s desc       | write csv("out/text.csv")
rows | sort s | sort n desc | write csv("out/twice.csv")
"""
    names = ["id", "n", "s"]
    case("stable", script, {"rows.csv": table(names, rows)}, {
        "number.csv": table(names, ordered(rows, (1,))), "text.csv": table(names, ordered(rows, (2, True))),
        "twice.csv": table(names, ordered(ordered(rows, (2,)), (1, True)))})


# ---- sources, sinks, errors ----

def nested():
    rows = [{"id": i, "tags": [rnd.choice(["a", "bb", ""]) for _ in range(rnd.randint(0, 3))],
             "at": {"x": rnd.randint(0, 3), "name": rnd.choice([None, "n%d" % i])}, "k": rnd.choice([None, 1, 2])} for i in range(40)]
    dump = lambda rs: "".join(json.dumps(r, separators=(",", ":"), ensure_ascii=False) + "\n" for r in rs)
    script = """# Lists and structs rest with their row.
rows = read jsonl("in/rows.jsonl") as { id: i64, tags: [string], at: { x: i32, name: string? }, k: i32? }

rows | sort at.x desc, k nulls first | write jsonl("out/sorted.jsonl")
rows | top 7 by k                    | write jsonl("out/top.jsonl")
"""
    by = lambda r: (key(r["at"]["x"], True), key(r["k"], False, True))
    case("nested", script, {"rows.jsonl": dump(rows)}, {
        "sorted.jsonl": dump(sorted(rows, key=by)), "top.jsonl": dump(sorted(rows, key=lambda r: key(r["k"]))[:7])})


def failing():
    rows = [(i, rnd.choice([0, 1, 2, 3, 4, 5])) for i in range(50)]
    script = """# A key that fails sends its row to the port, in input order.
rows = read csv("in/rows.csv") as { id: i64, n: i64 }

rows | sort 60 // n, id desc on error -> bad | write csv("out/good.csv")
rows | top 5 by 60 % n on error skip       | write csv("out/top.csv")
bad  | select line                         | write csv("out/bad.csv")
"""
    good = [r for r in rows if r[1]]
    case("failing_keys", script, {"rows.csv": table(["id", "n"], rows)}, {
        "good.csv": table(["id", "n"], ordered(good, (lambda r: 60 // r[1],), (0, True))),
        "top.csv": table(["id", "n"], ordered(good, (lambda r: 60 % r[1],))[:5]),
        "bad.csv": table(["line"], [(r[0] + 2,) for r in rows if not r[1]])})


def empty():
    script = """# No rows, and one.
rows = read csv("in/rows.csv") as { id: i64, s: string, x: f64? }

rows | filter id > 5  | sort s, x desc        | write csv("out/none.csv")
rows | filter id > 5  | top 3 by s            | write csv("out/none_top.csv")
rows | filter id > 5  | rank n = row_number(), p = lag(s), t = sum(x) over (by s sort x) | write csv("out/none_rank.csv")
rows | filter id == 2 | sort s, x desc        | write csv("out/one.csv")
rows | filter id == 2 | top 3 by x per s      | write csv("out/one_top.csv")
rows | filter id == 2 | rank n = row_number(), p = lag(s), t = sum(x) over (by s sort x) | write csv("out/one_rank.csv")
"""
    case("empty_and_one", script, {"rows.csv": "id,s,x\n1,a,1.5\n2,b,2.5\n3,c,\n"}, {
        "none.csv": "id,s,x\n", "none_top.csv": "id,s,x\n", "none_rank.csv": "id,s,x,n,p,t\n",
        "one.csv": "id,s,x\n2,b,2.5\n", "one_top.csv": "id,s,x\n2,b,2.5\n", "one_rank.csv": "id,s,x,n,p,t\n2,b,2.5,1,,2.5\n"})


def big():
    n = 100000
    rows = [(i, i * 48271 % 2147483647 % 5003, "k%d" % (i * 7919 % 977)) for i in range(n)]
    script = """# A hundred thousand rows.
rows = range(100000) | derive k = n * 48271 % 2147483647 % 5003, s = f"k{n * 7919 % 977}"

rows | sort k             | sample 1.0 | take 5000 | write csv("out/number.csv")
rows | sort s desc, k     | skip 99000 | write csv("out/text.csv")
rows | top 1500 by s, k desc | write csv("out/top.csv")
rows | top 2 by k desc per s | sort s, k | write csv("out/top_per.csv")
rows | rank place = rank(), before = lag(n, 2) over (by s sort k) | filter place == 100 | sort s, n | write csv("out/rank.csv")
"""
    names = ["n", "k", "s"]
    groups = {}
    for r in rows:
        groups.setdefault(r[2], []).append(r)
    per, ranked = [], []
    for g in groups.values():
        per += ordered(g, (1, True))[:2]
        o = ordered(g, (1,))
        place = 0
        for i, r in enumerate(o):
            if not i or o[i - 1][1] != r[1]:
                place = i + 1
            if place == 100:
                ranked.append(r + (place, o[i - 2][0] if i >= 2 else None))
    case("big", script, {}, {
        "number.csv": table(names, ordered(rows, (1,))[:5000]), "text.csv": table(names, ordered(rows, (2, True), (1,))[99000:]),
        "top.csv": table(names, ordered(rows, (2,), (1, True))[:1500]), "top_per.csv": table(names, ordered(per, (2,), (1,))),
        "rank.csv": table(names + ["place", "before"], ordered(ranked, (2,), (0,)))})


def held():
    """What waits as text: copied from the file, printed, long, quoted, compressed, renamed."""
    names = ["id", "k", "s", "x"]
    rows = []
    for i in range(1500):
        s = rnd.choice(["plain text of a row", "a,b", 'q"q', "", "two\nlines", "w" * 40]) if i % 97 == 0 else "plain text of row %d" % i
        rows.append((i, rnd.choice([None, rnd.randint(-99, 99)]), s, rnd.randint(0, 9)))
    plain = [(i, rnd.randint(0, 500), "t%d" % i, i % 7) for i in range(4500)]
    long = [(i, rnd.randint(0, 9), ("%d," % i if i % 2 else "%d " % i) * rnd.choice([1, 15000, 40000]), 0) for i in range(8)]
    text = table(names, plain)
    script = """# A sort before a sink: its rows wait as text, where that is in the file or printed.
type Row = { id: i64, k: i32?, s: string, x: i32 }
rows  = read csv("in/rows.csv") as Row
plain = read csv("in/plain.csv") as { id: i64, k: i32, s: string, x: i32 }
long  = read csv("in/long.csv") as Row
crlf  = read csv("in/crlf.csv") as Row

rows  | sort k desc                     | write csv("out/quoted.csv")
rows  | sort k nulls first, x           | write csv("out/null.csv", null = "-", delimiter = ";")
rows  | sort x desc                     | select x, s, k | rename k as key | write jsonl("out/rows.jsonl")
plain | sort k                          | write csv("out/plain.csv")
plain | filter x != 3 | sort k desc     | select k, s, x | write csv("out/some.csv")
plain | derive y = x * 2 | sort y, k    | write csv("out/made.csv")
plain | sort k | rename s as name       | write csv("out/renamed.csv", header = false)
long  | sort k                          | write csv("out/long.csv")
crlf  | sort k desc                     | write csv("out/crlf.csv")
"""
    semi = io.StringIO()
    w = csv.writer(semi, lineterminator="\n", delimiter=";")
    w.writerow(names)
    for r in ordered(rows, (1, False, True), (3,)):
        w.writerow(["-" if v is None else show(v) for v in r])
    dump = "".join(json.dumps({"x": r[3], "s": r[2], "key": r[1]}, separators=(",", ":"), ensure_ascii=False) + "\n" for r in ordered(rows, (3, True)))
    case("held_text", script, {"rows.csv": table(names, rows), "plain.csv": text, "long.csv": table(names, long),
                               "crlf.csv": text.replace("\n", "\r\n").rstrip("\r\n")}, {
        "quoted.csv": table(names, ordered(rows, (1, True))), "null.csv": semi.getvalue(), "rows.jsonl": dump,
        "plain.csv": table(names, ordered(plain, (1,))),
        "some.csv": table(["k", "s", "x"], [r[1:] for r in ordered([r for r in plain if r[3] != 3], (1, True))]),
        "made.csv": table(names + ["y"], [r + (2 * r[3],) for r in ordered(plain, (3,), (1,))]),
        "renamed.csv": table([], ordered(plain, (1,)))[1:], "long.csv": table(names, ordered(long, (1,))),
        "crlf.csv": table(names, ordered(plain, (1, True)))})


# ---- top ----

def top():
    rows = [(i, rnd.choice(["red", "green", "blue", None]), rnd.randint(0, 9), rnd.choice([None, "p", "q", "r"])) for i in range(4000)]
    script = """# The first N of an order; ties go by input order; with `per` so many of each group.
param n: i64 = 25
rows = read csv("in/rows.csv") as { id: i64, team: string?, points: i32, name: string? }

rows | top 10 by points desc             | write csv("out/ties.csv")
rows | top n by name desc, points        | write csv("out/param.csv")
rows | top 0 by points                   | write csv("out/none.csv")
rows | top 5000 by points, id desc       | write csv("out/all.csv")
rows | top 1500 by points                | write csv("out/many.csv")
rows | top 3 by points desc, name nulls first per team | write csv("out/per.csv")
rows | top 2 by id desc per team, name   | write csv("out/per_two.csv")
rows | top 0 by points per team          | write csv("out/per_none.csv")
"""
    names = ["id", "team", "points", "name"]

    def per(by, limit, *keys):
        groups = {}
        for r in rows:
            groups.setdefault(by(r), []).append(r)
        return [r for g in groups.values() for r in ordered(g, *keys)[:limit]]
    case("top", script, {"rows.csv": table(names, rows)}, {
        "ties.csv": table(names, ordered(rows, (2, True))[:10]), "param.csv": table(names, ordered(rows, (3, True), (2,))[:33]),
        "none.csv": table(names, []), "all.csv": table(names, ordered(rows, (2,), (0, True))),
        "many.csv": table(names, ordered(rows, (2,))[:1500]),
        "per.csv": table(names, per(lambda r: r[1], 3, (2, True), (3, False, True))),
        "per_two.csv": table(names, per(lambda r: (r[1], r[3]), 2, (0, True))), "per_none.csv": table(names, [])}, "--n 33")


def take():
    rows = [(i, rnd.randint(0, 50), "t%d" % rnd.randint(0, 9)) for i in range(2500)]
    script = """# `sort | take n` holds only n rows, with the same result; not where another reads the sorted rows.
rows = read csv("in/rows.csv") as { id: i64, n: i32, s: string }

rows | sort n desc        | take 20   | write csv("out/twenty.csv")
rows | sort s, n          | take 0    | write csv("out/none.csv")
rows | sort s, n          | take 9999 | write csv("out/all.csv")
sorted = rows | sort n
sorted | take 3 | write csv("out/three.csv")
sorted | write csv("out/sorted.csv")
rows | sort n | take 100 | sort s | take 10 | write csv("out/twice.csv")
rows | take 100 | sort n | skip 5 | take 10 | write csv("out/middle.csv")
"""
    names = ["id", "n", "s"]
    case("sort_take", script, {"rows.csv": table(names, rows)}, {
        "twenty.csv": table(names, ordered(rows, (1, True))[:20]), "none.csv": table(names, []),
        "all.csv": table(names, ordered(rows, (2,), (1,))), "three.csv": table(names, ordered(rows, (1,))[:3]),
        "sorted.csv": table(names, ordered(rows, (1,))), "twice.csv": table(names, ordered(ordered(rows, (1,))[:100], (2,))[:10]),
        "middle.csv": table(names, ordered(rows[:100], (1,))[5:15])})


# ---- rank ----

def exact_sum(vals):
    """Of floats, exact and rounded once."""
    if any(math.isnan(v) for v in vals) or (math.inf in vals and -math.inf in vals):
        return math.nan
    for v in vals:
        if math.isinf(v):
            return v
    return float(sum((Fraction(v) for v in vals), Fraction(0)))


def moves():
    rows = []
    for i in range(300):
        rows.append({"id": i, "acct": rnd.choice(["A", "B", "C", None]), "t": rnd.randint(0, 40), "i": rnd.choice([None, rnd.randint(-50, 50)]),
                     "x": rnd.choice([None, rnd.choice([0.1, 0.2, -0.3, 1e16, -1e16, 2.5])]), "d": dec(rnd.randint(-999, 999), 2),
                     "s": rnd.choice([None, "u", "vv", "w" * 12]), "b": rnd.randint(-2**62, 2**62)})
    return rows


FIELDS = "id: i64, acct: string?, t: i32, i: i64?, x: f64?, d: decimal(8,2), s: string?, b: i64"
COLS = ["id", "acct", "t", "i", "x", "d", "s", "b"]


def over(rows, keys, work):
    """work(group in order, position) -> values; the result in input order."""
    groups, out = {}, {}
    for r in rows:
        groups.setdefault(r["acct"], []).append(r)
    for g in groups.values():
        o = sorted(g, key=keys) if keys else g
        for i, r in enumerate(o):
            out[r["id"]] = work(o, i)
    return [[r[c] for c in COLS] + out[r["id"]] for r in rows]


def vals(rs, c):
    return [r[c] for r in rs if r[c] is not None]


def half_even(q, scale):
    n = q * 10**scale
    f = math.floor(n)
    rest = n - f
    f += rest > Fraction(1, 2) or (rest == Fraction(1, 2) and f % 2)
    return Decimal(f).scaleb(-scale)


def stats(frame):
    i, x, d, s = vals(frame, "i"), vals(frame, "x"), vals(frame, "d"), vals(frame, "s")
    sx = exact_sum(x) if x else None
    return [len(frame), len(i), sum(i) if i else None, float(Fraction(sum(i), 1)) / len(i) if i else None, min(i) if i else None,
            max(i) if i else None, sx, sx / len(x) if x else None, sum(d), half_even(Fraction(sum(d)) / len(d), 8), min(d), max(d),
            min(s, key=plain) if s else None, max(s, key=plain) if s else None]


STAT_NAMES = ["rows", "ni", "si", "ai", "li", "hi", "sx", "ax", "sd", "ad", "ld", "hd", "ls", "hs"]
STAT_WORDS = ("rows = count(), ni = count(i), si = sum(i), ai = avg(i), li = min(i), hi = max(i), sx = sum(x), ax = avg(x), "
              "sd = sum(d), ad = avg(d), ld = min(d), hd = max(d), ls = min(s), hs = max(s)")


def rank():
    rows = moves()
    ins = {"rows.csv": table(COLS, [[r[c] for c in COLS] for r in rows])}
    head = 'rows = read csv("in/rows.csv") as { %s }\n\n' % FIELDS
    by_t = lambda r: key(r["t"])

    def places(o, i):
        r = o[i]
        rank_ = 1 + sum(1 for q in o if q["t"] < r["t"])
        dense = 1 + len({q["t"] for q in o if q["t"] < r["t"]})
        n, k = len(o), 4
        tile = 1 + next(j for j in range(k) if i < sum(n // k + (m < n % k) for m in range(j + 1)))
        at = lambda j, c: o[j][c] if 0 <= j < n else None
        return [i + 1, rank_, dense, tile, at(i - 1, "s"), at(i - 3, "i"), at(i + 1, "d"), at(i + 2, "x"), at(i, "s"),
                None if at(i - 1, "t") is None else at(i - 1, "t") * 2]
    case("rank_places", "# Places, neighbours and buckets of an order within groups.\n" + head + """rows
  | rank n = row_number(), place = rank(), dense = dense_rank(), quarter = ntile(4), before = lag(s), before3 = lag(i, 3),
         after = lead(d), after2 = lead(x, 2), here = lag(s, 0), twice = lag(t * 2)
    over (by acct sort t)
  | write csv("out/places.csv")
""", ins, {"places.csv": table(COLS + ["n", "place", "dense", "quarter", "before", "before3", "after", "after2", "here", "twice"],
                               over(rows, by_t, places))})
    case("rank_running", "# Running aggregates: the rows up to the present one, also where several have the same key.\n" + head +
         "rows | rank %s over (by acct sort t) | write csv(\"out/running.csv\")\n" % STAT_WORDS, ins,
         {"running.csv": table(COLS + STAT_NAMES, over(rows, by_t, lambda o, i: stats(o[:i + 1])))})
    case("rank_whole", "# Without an order an aggregate is that of the whole group.\n" + head +
         "rows | rank %s over (by acct) | write csv(\"out/whole.csv\")\n" % STAT_WORDS +
         "rows | rank n = row_number(), total = sum(d) over (sort t desc, s) | select id, n, total | write csv(\"out/all.csv\")\n", ins,
         {"whole.csv": table(COLS + STAT_NAMES, over(rows, None, lambda o, i: stats(o))), "all.csv": whole_order(rows)})
    for f in (1, 3, 50):
        edge = lambda o, i, f=f: o[max(0, i + 1 - f):i + 1]
        first = lambda fr: fr[0]["s"]
        last = lambda fr: fr[-1]["s"]
        case("rank_frame_%d" % f, "# A frame of %d rows.\n" % f + head +
             "rows | rank %s, first_s = first(s), last_s = last(s) over (by acct sort t rows %d) | write csv(\"out/frame.csv\")\n" % (STAT_WORDS, f),
             ins, {"frame.csv": table(COLS + STAT_NAMES + ["first_s", "last_s"],
                                      over(rows, by_t, lambda o, i: stats(edge(o, i)) + [first(edge(o, i)), last(edge(o, i))]))})
    overflow(rows, head, ins)


def whole_order(rows):
    o = sorted(rows, key=lambda r: (key(r["t"], True), key(r["s"])))
    n = {r["id"]: i + 1 for i, r in enumerate(o)}
    total = {r["id"]: sum(q["d"] for q in o[:i + 1]) for i, r in enumerate(o)}
    return table(["id", "n", "total"], [(r["id"], n[r["id"]], total[r["id"]]) for r in rows])


def overflow(rows, head, ins):
    o = sorted(rows, key=lambda r: key(r["t"]))
    bad, total = [], 0
    for r in o:
        total += r["b"]
        if not -2**63 <= total < 2**63:
            bad.append(r["id"])
    good = {}
    for i, r in enumerate(o):
        good[r["id"]] = sum(q["b"] for q in o[:i + 1])
    assert bad and len(bad) < len(rows)
    case("rank_overflow", "# A running sum that does not fit is an error of its row, and the next may fit again.\n" + head +
         "rows | rank total = sum(b) over (sort t) on error skip | select id, total | write csv(\"out/good.csv\")\n", ins,
         {"good.csv": table(["id", "total"], [(r["id"], good[r["id"]]) for r in rows if r["id"] not in bad])})


typed("types", False)
typed("types_null", True)
several()
floats()
texts()
stable()
nested()
failing()
empty()
big()
top()
take()
rank()
held()
