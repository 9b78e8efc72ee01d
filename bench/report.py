"""Tables, the chart and comparisons, made from the records of runs (results/*.jsonl)."""
import html
import json

PEERS = ("duckdb", "polars", "clickhouse")


def load(path):
    """The head (machine, versions) and the results of a file of records."""
    with open(path) as f:
        head, *results = map(json.loads, f)
    return head, results


def ms(s):
    if "na" in s:
        return "N/A"
    return f"{s['wall'] * 1000:,.0f}" if s["wall"] >= 0.02 else f"{s['wall'] * 1000:.1f}"


def spread(s):
    return "" if "na" in s else f" ({s['min'] * 1000:,.0f}..{s['max'] * 1000:,.0f})" if s["max"] >= 0.02 else f" ({s['min'] * 1000:.1f}..{s['max'] * 1000:.1f})"


def ratio(a, b, key="wall"):
    return a[key] / b[key] if a and b and "na" not in a and "na" not in b and b[key] else None


def num(v, unit="x"):
    return "" if v is None else f"{v:.1f}{unit}"


def is_race(r):
    return "duckdb" in r["by"] and "tcc" in r["by"] and "title" in r and r["case"] != "start"


def line_of(r):
    return f"{r.get('row', ''):>2} {r['title']:<46}" + facts_of(r)


def facts_of(r):
    by = r["by"]
    if is_race(r):
        parts = [f"{k} {ms(v)} ms (cpu {v['cpu'] * 1000:,.0f}; {v['min'] * 1000:,.0f}..{v['max'] * 1000:,.0f}; {v['peak']:.0f} MiB)"
                 if "na" not in v else f"{k} N/A: {v['na']}" for k, v in by.items()]
        times = ", ".join(f"{num(ratio(by['duckdb'], by[k]))} {k}" for k in ("tcc", "cc", "built"))
        return "; ".join(parts) + f"; times DuckDB: {times}" + (f" (wanted {r['target']})" if r["target"] else "")
    if "exponent" in r:
        told = "; ".join(f"{k} {ms(v)} ms" for k, v in by.items())
        return f"{told}; exponent {r['exponent']:.3f} (at most {r['target']})" if r["exponent"] is not None else told
    if "geometric_mean" in r:
        return f"{r['equal']} of 22 answers equal; geometric mean {r['geometric_mean']:.1f} times DuckDB's speed"
    if "pair" in r:
        a, b = (by[c] for c in r["pair"])
        if "na" in a or "na" in b:
            return "N/A"
        return f"{ms(a)} and {ms(b)} ms; least user time {a['user'] * 1000:.0f} and {b['user'] * 1000:.0f} ms"
    return "; ".join(f"{k} " + ("N/A: " + v["na"] if "na" in v else f"{v['kib']:.0f} KiB, {ms(v)} ms" if "kib" in v
                                else f"{v['peak']:.1f} MiB, {ms(v)} ms") for k, v in by.items())


def table(head, results):
    v = head["versions"]
    out = ["| # | work | DuckDB, ms | tcc, ms | cc, ms | built, ms | times DuckDB: tcc, cc, built | wanted | by CPU time, cc | peak, MiB | others, ms |",
           "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    for r in filter(is_race, results):
        by = r["by"]
        cc, tcc, built, duck = by["cc"], by["tcc"], by["built"], by["duckdb"]
        speed = f", {r['bytes'] / 1e6 / cc['wall']:,.0f} MB/s" if not r["row"] and "na" not in cc else ""
        others = ", ".join(f"{k} {ms(s)}" for k, s in by.items() if k not in ("tcc", "cc", "built", "duckdb"))
        times = ", ".join(num(ratio(duck, x)) or "-" for x in (tcc, cc, built))
        out.append(f"| {r['row']} | {r['title']}{speed} | {ms(duck)}{spread(duck)} | {ms(tcc)}{spread(tcc)} | {ms(cc)}{spread(cc)} | {ms(built)} "
                   f"| {times} | {num(r['target'])} | {num(ratio(duck, cc, 'cpu'))} | {tcc.get('peak', 0):.0f} | {others} |")
    rest = [r for r in results if not is_race(r)]
    if rest:
        out += ["", "| other | measured |", "| --- | --- |"] + [f"| {r['title']} | {facts_of(r)} |" for r in rest]
    wrong = [f"- {r['title']}: {k}: {s['na']}".replace("\n", " ") for r in results for k, s in r["by"].items() if "na" in s]
    if wrong:
        out += ["", "N/A:", "", *wrong]
    others = ", ".join(f"{k} {v[k].split()[-1]}" for k in ("polars", "chdb", "mlr", "jq") if v.get(k, "missing") != "missing")
    note = (f"Measured on {head['date'][:10]}: {head['cpu']}, Linux {head['kernel']}; {head['rows']:,} rows of orders; medians (least..greatest) of "
            f"{head['repeats']} interleaved runs, warm page cache, threads of each: {head.get('threads', 1)}; load {head['load']:.1f}. flowc "
            f"{v['flowc'].split()[-1]} ({head['commit']}), DuckDB {v['duckdb']}, {others}, {v['cc']}.")
    return note + "\n\n" + "\n".join(out) + "\n"


# ---- the chart ----

COLOURS = {"flowc": "#1f6feb", "duckdb": "#b58900", "polars": "#8250df", "clickhouse": "#cf222e"}


def bars(results):
    """For each case: who needs how much of DuckDB's time; flowc is `cc` where that ran, else `tcc`."""
    for r in filter(is_race, results):
        by = r["by"]
        ours = next((by[k] for k in ("cc", "tcc") if "na" not in by[k]), None)
        if ours and "na" not in by["duckdb"]:
            yield r["title"], [("flowc", ours)] + [(k, by[k]) for k in PEERS if k in by and "na" not in by[k]]


def chart(head, results):
    """Bars of wall time, a group for each case, each group against its slowest."""
    rows, y, width, left = [], 46, 960, 300
    for title, group in bars(results):
        most = max(s["wall"] for _, s in group)
        rows.append(f'<text x="{left - 12}" y="{y + 7 * len(group)}" text-anchor="end" class="t">{html.escape(title)}</text>')
        for name, s in group:
            w = max(1.0, (width - left - 150) * s["wall"] / most)
            rows.append(f'<rect x="{left}" y="{y}" width="{w:.1f}" height="11" fill="{COLOURS[name]}"/>'
                        f'<text x="{left + w + 6:.1f}" y="{y + 10}" class="v">{name} {ms(s)} ms</text>')
            y += 14
        y += 12
    title = f"Wall time, {head['rows']:,} rows of orders, {head.get('threads', 1)} thread(s); shorter is better"
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y + 10}" viewBox="0 0 {width} {y + 10}">'
            '<style>text{font-family:sans-serif;fill:#24292f}.t{font-size:13px}.v{font-size:10px}.h{font-size:15px;font-weight:bold}</style>'
            f'<rect width="{width}" height="{y + 10}" fill="#ffffff"/><text x="12" y="26" class="h">{html.escape(title)}</text>'
            + "".join(rows) + "</svg>\n")


def write_docs(path, text):
    """Puts the text between the marks of the page."""
    begin, end = "<!-- begin: bench/run -->", "<!-- end: bench/run -->"
    with open(path) as f:
        page = f.read()
    a, b = page.index(begin) + len(begin), page.index(end)
    with open(path, "w") as f:
        f.write(page[:a] + "\n" + text + page[b:])


# ---- two runs ----

def compare(a, b):
    """Lines that say what changed from one file of records to another, and how many cases are slower. A change counts when the
    medians differ by a tenth and the ranges do not meet."""
    (head_a, results_a), (head_b, results_b) = load(a), load(b)
    lines, slower = [f"{head_a['commit']} ({head_a['date']}, {head_a['rows']:,} rows) and {head_b['commit']} ({head_b['date']}, {head_b['rows']:,} rows)"], 0
    if (head_a["cpu"], head_a["rows"]) != (head_b["cpu"], head_b["rows"]):
        lines.append("careful: another machine, or another number of rows")
    before = {r["case"]: r for r in results_a}
    for r in results_b:
        old = before.get(r["case"], {"by": {}})["by"]
        for who in ("tcc", "cc", "built", "cache", *r.get("pair", ())):
            x, y = old.get(who), r["by"].get(who)
            times = ratio(y, x)
            if times is None or "min" not in x or "min" not in y:
                continue
            apart = y["min"] > x["max"] or y["max"] < x["min"]
            word = "slower" if apart and times > 1.1 else "faster" if apart and times < 1 / 1.1 else "same"
            slower += word == "slower"
            lines.append(f"{word:<7}{times:5.2f}x  {r['title']:<46} {who:<6} {ms(x)}{spread(x)} to {ms(y)}{spread(y)} ms")
    lines.append(f"{slower} slower")
    return lines, slower
