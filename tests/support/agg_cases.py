#!/usr/bin/env python3
"""Writes the cases tests/e2e/agg_*: grouped operators. The expected bytes are worked out here, without flowc.
Run from the root of the repository; the data come from fixed seeds."""
import math, os, random, shutil
from datetime import datetime, timedelta, timezone
from decimal import Decimal, getcontext, ROUND_HALF_EVEN
from fractions import Fraction

getcontext().prec = 200
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'e2e')


def case(name, script, inputs, expect, status=None, stderr=None, args=None):
    d = os.path.join(ROOT, name)
    shutil.rmtree(d, ignore_errors=True)
    os.makedirs(os.path.join(d, 'in'))
    put(os.path.join(d, 'case.flow'), script.lstrip('\n'))
    for f, text in inputs.items():
        put(os.path.join(d, 'in', f), text)
    if expect:
        os.makedirs(os.path.join(d, 'expect'))
    for f, text in expect.items():
        put(os.path.join(d, 'expect', f), text)
    for f, text in (('status', status), ('stderr', stderr), ('args', args)):
        if text is not None:
            put(os.path.join(d, f), f'{text}\n')


def put(path, text):
    with open(path, 'w', newline='') as f:
        f.write(text)


def ftext(x):
    if isinstance(x, Fraction):
        x = float(x)
    if math.isnan(x):
        return 'nan'
    if math.isinf(x):
        return 'inf' if x > 0 else '-inf'
    s = repr(x)
    if 'e' not in s:
        return s
    a = abs(x)
    if 1e-3 <= a < 1e15:
        s = format(Decimal(s), 'f')
        return s if '.' in s else s + '.0'
    return s


class Text(str):
    """A text of a string? column: empty is written with quotes."""


def cell(v):
    if v is None:
        return ''
    if isinstance(v, bool):
        return 'true' if v else 'false'
    if isinstance(v, (float, Fraction)):
        return ftext(v)
    if isinstance(v, Decimal):
        return format(v, 'f')
    s = str(v)
    if isinstance(v, Text) and s == '':
        return '""'
    if any(c in s for c in ',"\n\r'):
        return '"' + s.replace('"', '""') + '"'
    return s


def csv(names, rows):
    return '\n'.join([','.join(names)] + [','.join(cell(v) for v in r) for r in rows]) + '\n'


def groups(rows, key):
    out = {}
    for r in rows:
        out.setdefault(key(r), []).append(r)
    return out


def some(values):
    return [v for v in values if v is not None]


def exact(values):
    return sum((Fraction(v) for v in values), Fraction(0))


def fsum(values):
    """The exact total, rounded once; the infinite and nan go by IEEE 754."""
    if any(math.isnan(v) for v in values) or (math.inf in values and -math.inf in values):
        return math.nan
    for inf in (math.inf, -math.inf):
        if inf in values:
            return inf
    try:
        return float(exact(values))
    except OverflowError:
        return math.inf if exact(values) > 0 else -math.inf


def order(v):
    return (1, 0.0) if math.isnan(v) else (0, v)


def quantile(values, q):
    v = sorted(values, key=order)
    place = q * (len(v) - 1)
    k = int(place)
    rest = place - k
    return v[k] if rest == 0 or v[k] == v[k + 1] else v[k] * (1 - rest) + v[k + 1] * rest


def scaled(x, scale):
    return Decimal(x.numerator) / Decimal(x.denominator) if scale is None else \
        (Decimal(x.numerator) / Decimal(x.denominator)).quantize(Decimal(1).scaleb(-scale), ROUND_HALF_EVEN)


def mode(values):
    count = {}
    for v in values:
        count[v] = count.get(v, 0) + 1
    return max(count, key=lambda v: count[v]) if count else None


def stamp(seconds):
    t = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)
    return t.strftime('%Y-%m-%dT%H:%M:%SZ')


def ints(rnd, n, low, high, nulls=0.0):
    return [None if rnd.random() < nulls else rnd.randint(low, high) for _ in range(n)]


# ---- cases ----

def agg_nulls():
    rnd = random.Random(1)
    rows = []
    for i in range(3000):
        g = rnd.choice(['', None, 'a', 'b', 'c,d', 'é"'])
        x = None if g == 'b' or rnd.random() < .3 else rnd.randint(-50, 50)
        t = None if g == 'b' or rnd.random() < .3 else rnd.choice(['', 'x', 'yy', 'zzz', 'a, b'])
        o = None if g == 'b' or rnd.random() < .3 else rnd.random() < .5
        rows.append((g, x, t, o))
    text = 'g,x,t,o\n' + ''.join(','.join(('""' if v == '' else cell(v)) for v in r) + '\n' for r in rows)
    def one(rs):
        x, t, o = (some(r[i] for r in rs) for i in (1, 2, 3))
        tx = [Text(v) for v in t]
        end = lambda i, at: None if rs[at][i] is None else rs[at][i] if i == 1 else Text(rs[at][i])   # null where the row is
        return [len(rs), len(x), sum(x) if x else None, Fraction(sum(x)) / len(x) if x else None, min(x, default=None),
                max(x, default=None), end(1, 0), end(1, -1), len(set(x)), quantile([float(v) for v in x], .5) if x else None,
                any(o) if o else None, all(o) if o else None, min(tx, default=None), max(tx, default=None), end(2, 0),
                end(2, -1), len(set(t)), Text('|'.join(t)) if t else None, mode(x), Text(mode(t)) if t else None]
    names = 'n nx sx ax lo hi fx lx dx mx ao al lt ht ft lt2 dt jt mo mt'.split()
    script = '''
# Nulls: keys that are null, empty and filled; values that are sometimes, never or always null.
d = read csv("in/d.csv") as { g: string?, x: i32?, t: string?, o: bool? }
d | aggregate n = count(), nx = count(x), sx = sum(x), ax = avg(x), lo = min(x), hi = max(x), fx = first(x), lx = last(x),
              dx = count_distinct(x), mx = median(x), ao = any(o), al = all(o), lt = min(t), ht = max(t), ft = first(t),
              lt2 = last(t), dt = count_distinct(t), jt = text_join(t, "|"), mo = mode(x), mt = mode(t)
    by g
  | write csv("out/by.csv")
d | aggregate n = count(), nx = count(x), sx = sum(x), ax = avg(x), lo = min(x), hi = max(x), fx = first(x), lx = last(x),
              dx = count_distinct(x), mx = median(x), ao = any(o), al = all(o), lt = min(t), ht = max(t), ft = first(t),
              lt2 = last(t), dt = count_distinct(t), jt = text_join(t, "|"), mo = mode(x), mt = mode(t)
  | write csv("out/all.csv")
'''
    by = [[None if k is None else Text(k)] + one(rs) for k, rs in groups(rows, lambda r: r[0]).items()]
    case('agg_nulls', script, {'d.csv': text}, {'by.csv': csv(['g'] + names, by), 'all.csv': csv(names, [one(rows)])})


def agg_nan():
    rnd = random.Random(2)
    pool = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1.5, -2.25, 3.0, 1e300, -1e300]
    rows = [(rnd.choice('abcd'), rnd.choice(pool)) for _ in range(200)]
    rows += [('only', math.nan), ('only', math.nan), ('inf', math.inf), ('inf', 1.0), ('fin', 0.5), ('fin', -0.5)]
    text = 'g,x\n' + ''.join(f'{g},{ftext(x)}\n' for g, x in rows)
    def first_of(xs, best):
        for x in xs:
            if order(x) == order(best):
                return x
    def one(xs):
        lo, hi = min(xs, key=order), max(xs, key=order)
        return [len(xs), fsum(xs), first_of(xs, lo), first_of(xs, hi), len({('nan' if math.isnan(x) else x + 0.0) for x in xs})]
    script = '''
# Floats: nan is one value, above inf; 0.0 and -0.0 are one key; sums are exact and rounded once.
d = read csv("in/d.csv") as { g: string, x: f64 }
d | aggregate n = count(), s = sum(x), lo = min(x), hi = max(x), k = count_distinct(x) by g | write csv("out/by.csv")
d | aggregate n = count() by x | derive x = x + 0.0 | write csv("out/keys.csv")
d | select x | distinct | derive x = x + 0.0 | write csv("out/distinct.csv")
'''
    by = [[g] + one([x for _, x in rs]) for g, rs in groups(rows, lambda r: r[0]).items()]
    keys = [[x if isinstance(x, float) else math.nan, len(rs)] for x, rs in
            groups(rows, lambda r: 'nan' if math.isnan(r[1]) else r[1] + 0.0).items()]
    case('agg_nan', script, {'d.csv': text}, {'by.csv': csv(['g', 'n', 's', 'lo', 'hi', 'k'], by), 'keys.csv': csv(['x', 'n'], keys),
         'distinct.csv': csv(['x'], [[k] for k, _ in keys])})


def agg_float_sums():
    rnd = random.Random(3)
    rows = [('cancel', 1e16), ('cancel', 1.0), ('cancel', -1e16), ('over', 1.5e308), ('over', 1.5e308), ('over', -1.5e308)]
    rows += [('tenth', 0.1)] * 10
    rows += [('half', 1.0), ('half', 2.0 ** -53), ('half', 2.0 ** -106)]
    for i in range(3000):
        rows.append(('wide', rnd.choice([-1, 1]) * rnd.random() * 2.0 ** rnd.randint(-300, 300)))
        rows.append(('money', rnd.randint(-10 ** 9, 10 ** 9) / 100))
        rows.append(('tiny', rnd.choice([-1, 1]) * 5e-324 * rnd.randint(0, 2 ** 40)))
    big = [v for g, v in rows if g == 'wide']
    rows += [('wide', -v) for v in big] + [('wide', 0.25)]
    rnd.shuffle(rows)
    text = 'g,x\n' + ''.join(f'{g},{x!r}\n' for g, x in rows)
    script = '''
# Sums of floats do not depend on the order of the rows: the exact total, rounded once.
d = read csv("in/d.csv") as { g: string, x: f64 }
d | aggregate s = sum(x) by g | derive s = string(s) | write csv("out/by.csv")
d | filter g != "over" | aggregate s = sum(x), m = avg(x) | write csv("out/all.csv")
'''
    by = [[g, ftext(fsum([x for _, x in rs]))] for g, rs in groups(rows, lambda r: r[0]).items()]
    every = [x for g, x in rows if g != 'over']
    case('agg_float_sums', script, {'d.csv': text},
         {'by.csv': csv(['g', 's'], by), 'all.csv': csv(['s', 'm'], [[fsum(every), fsum(every) / len(every)]])})


def agg_decimal38():
    rnd = random.Random(4)
    top = 10 ** 36 - 1
    rows = [(g, rnd.randint(-top, top), rnd.randint(-10 ** 9, 10 ** 9)) for g in 'abc' for _ in range(60)]
    rows += [('d', 99 * 10 ** 34, 5), ('d', 2 * 10 ** 36, 6), ('d', -2 * 10 ** 36, 8), ('e', 1, 1), ('e', 2, 2)]
    rnd.shuffle(rows)
    dec = lambda v, s: Decimal(v).scaleb(-s)
    text = 'g,w,n\n' + ''.join(f'{g},{cell(dec(w, 2))},{cell(dec(n, 4))}\n' for g, w, n in rows)
    script = '''
# Decimals up to 38 digits: totals are exact, means have six more digits, rounded half to even.
d = read csv("in/d.csv") as { g: string, w: decimal(38,2), n: decimal(12,4) }
d | aggregate sw = sum(w), sn = sum(n), an = avg(n), lo = min(w), hi = max(w), f = first(w), l = last(n), k = count_distinct(w)
    by g
  | write csv("out/by.csv")
d | aggregate n = count() by w | aggregate kinds = count(), rows = sum(n) | write csv("out/keys.csv")
'''
    by = []
    for g, rs in groups(rows, lambda r: r[0]).items():
        w, n = [r[1] for r in rs], [r[2] for r in rs]
        by.append([g, dec(sum(w), 2), dec(sum(n), 4), scaled(Fraction(sum(n), 10 ** 4 * len(n)), 10), dec(min(w), 2), dec(max(w), 2),
                   dec(w[0], 2), dec(n[-1], 4), len(set(w))])
    keys = groups(rows, lambda r: r[1])
    case('agg_decimal38', script, {'d.csv': text}, {'by.csv': csv('g sw sn an lo hi f l k'.split(), by),
         'keys.csv': csv(['kinds', 'rows'], [[len(keys), len(rows)]])})


def agg_overflow():
    top = 2 ** 63 - 1
    rows = [('a', top, 1), ('b', 5, 1), ('a', 1, 1), ('c', top, 2), ('c', top, 1), ('c', -top, 1), ('d', 7, 0), ('b', 6, 0), ('e', -top, 1), ('e', -2, 1)]
    text = 'g,x,y\n' + ''.join(f'{g},{x},{y}\n' for g, x, y in rows)
    script = '''
# A total that does not fit is an error of its group; a row whose argument fails is not taken at all.
d = read csv("in/d.csv") as { g: string, x: i64, y: i64 }
d | aggregate n = count(), s = sum(x) by g on error -> over | write csv("out/total.csv")
over | select field, code | write csv("out/over.csv")
d | aggregate n = count(), s = sum(x // y), lo = min(x) by g on error -> zero | write csv("out/rows.csv")
zero | select line, raw | write csv("out/zero.csv")
d | aggregate n = count(), s = sum(x) by g on error null | write csv("out/null.csv")
d | aggregate n = count(), s = sum(100 // y) by g on error skip | write csv("out/skip.csv")
d | aggregate n = count(), s = sum(100 // y) where y != 0 by g | write csv("out/where.csv")
'''
    fits = lambda v: -2 ** 63 <= v <= top
    tot = [[g, len(rs), sum(r[1] for r in rs)] for g, rs in groups(rows, lambda r: r[0]).items()]
    good = [r for r in rows if r[2]]
    byg = [[g, len(rs), sum(r[1] // r[2] for r in rs), min(r[1] for r in rs)] for g, rs in groups(good, lambda r: r[0]).items()]
    byg_ok = [r for r in byg if fits(r[2])]
    case('agg_overflow', script, {'d.csv': text}, {
        'total.csv': csv(['g', 'n', 's'], [r for r in tot if fits(r[2])]),
        'over.csv': csv(['field', 'code'], [['s', 'sum_overflow'] for r in tot if not fits(r[2])]),
        'rows.csv': csv(['g', 'n', 's', 'lo'], byg_ok),
        'zero.csv': csv(['line', 'raw'], [[i + 2, Text(f'{r[0]},{r[1]},{r[2]}')] for i, r in enumerate(rows) if not r[2]] +
                        [[None, None] for r in byg if not fits(r[2])]),
        'null.csv': csv(['g', 'n', 's'], [[g, n, s if fits(s) else None] for g, n, s in tot]),
        'skip.csv': csv(['g', 'n', 's'], [[g, len(rs), sum(100 // r[2] for r in rs)] for g, rs in groups(good, lambda r: r[0]).items()]),
        'where.csv': csv(['g', 'n', 's'], [[g, len(rs), sum(100 // r[2] for r in rs if r[2]) if any(r[2] for r in rs) else None]
                                           for g, rs in groups(rows, lambda r: r[0]).items()])})


def agg_overflow_fails():
    script = '''
# A total that does not fit ends the run, unless the policy says otherwise; nothing is written.
d = read csv("in/d.csv") as { g: string, x: i64 }
d | aggregate s = sum(x) by g | write csv("out/total.csv")
'''
    case('agg_overflow_fails', script, {'d.csv': f'g,x\na,{2 ** 63 - 1}\na,1\n'}, {}, status=2, stderr='sum')


def agg_empty():
    aggs = '''n = count(), nx = count(x), s = sum(x), a = avg(x), lo = min(x), hi = max(x), f = first(t), l = last(t),
              m = median(x), q = quantile(x, 0.9), sd = stddev(x), v = variance(x), mo = mode(t), an = any(o), al = all(o),
              am = arg_min(t, x), ax = arg_max(t, x), ls = list(x), tj = text_join(t, ","), cd = count_distinct(t),
              ad = approx_distinct(t), aq = approx_quantile(x, 0.5)'''
    names = 'n nx s a lo hi f l m q sd v mo an al am ax ls tj cd ad aq'.split()
    script = f'''
# No rows: one row of zeros and nulls without `by`, none with it; an empty list is no null.
d = read csv("in/d.csv") as {{ g: string, x: f64, t: string, o: bool }}
d | aggregate {aggs}
  | write jsonl("out/all.jsonl")
d | aggregate {aggs}
    by g
  | drop ls | write csv("out/by.csv")
d | distinct | write csv("out/distinct.csv")
d | aggregate n = count() by g | aggregate groups = count(), most = max(n) | write csv("out/twice.csv")
'''
    zero = {'n': '0', 'nx': '0', 'cd': '0', 'ad': '0', 'ls': '[]'}
    case('agg_empty', script, {'d.csv': 'g,x,t,o\n'}, {
        'all.jsonl': '{' + ','.join(f'"{k}":{zero.get(k, "null")}' for k in names) + '}\n',
        'by.csv': csv(['g'] + [k for k in names if k != 'ls'], []), 'distinct.csv': 'g,x,t,o\n', 'twice.csv': 'groups,most\n0,\n'})


def agg_many_groups():
    n, mod = 200000, 100003
    script = f'''
# A hundred thousand groups, numbered in order of first appearance, and aggregates of them.
r = range(0, {n}) | derive k = n * 7919 % {mod}, t = f"key-{{n * 7919 % {mod}}}", h = n // 7
r | aggregate c = count(), s = sum(n), m = median(n), d = count_distinct(h), f = first(n), l = last(n), mo = mode(n % 2) by k
  | filter k % 9973 == 0 or m > 149990
  | write csv("out/some.csv")
r | aggregate c = count(), s = sum(n) by t | filter t =~ "00$" and s % 50 == 1 | write csv("out/texts.csv")
r | aggregate c = count(), s = sum(n) by k, t | aggregate groups = count(), rows = sum(c), total = sum(s) | write csv("out/two.csv")
'''
    g = groups(range(n), lambda i: i * 7919 % mod)
    some_rows = []
    for k, v in g.items():
        m = quantile([float(x) for x in v], .5)
        if k % 9973 == 0 or m > 149990:
            some_rows.append([k, len(v), sum(v), m, len({x // 7 for x in v}), v[0], v[-1], mode([x % 2 for x in v])])
    texts = [[f'key-{k}', len(v), sum(v)] for k, v in g.items() if str(k).endswith('00') and sum(v) % 50 == 1]
    case('agg_many_groups', script, {'none': ''}, {'some.csv': csv('k c s m d f l mo'.split(), some_rows), 'texts.csv': csv('t c s'.split(), texts),
         'two.csv': csv(['groups', 'rows', 'total'], [[len(g), n, n * (n - 1) // 2]])})


def agg_keys():
    rnd = random.Random(5)
    columns = {
        'b': ('bool', ['true', 'false']), 'i': ('i8', ['-128', '0', '127']), 'u': ('u64', ['0', '18446744073709551615', '7']),
        'l': ('i64', ['-9223372036854775808', '9223372036854775807', '-1']), 'f': ('f32', ['0.5', '-1.25', 'inf']),
        'd': ('decimal(9,3)', ['1.000', '-0.001', '999999.999']), 'w': ('decimal(30,3)', ['1.000', '-0.001', '123456789012345678901234.567']),
        's': ('string', ['', 'x', 'longer than sixteen bytes', 'longer than sixteen bytez']), 'n': ('string?', ['""', '', 'ä']),
        'dt': ('date', ['2026-07-01', '0001-01-01', '9999-12-31']), 'tm': ('time', ['00:00:00', '23:59:59.5']),
        'ts': ('timestamp', ['2026-07-01T00:00:00Z', '1969-12-31T23:59:59.999999Z']), 'du': ('duration', ['1h30m', '45s']),
        'uu': ('uuid', ['00000000-0000-0000-0000-000000000001', 'ffffffff-0000-0000-0000-000000000000', 'ffffffff-0000-0000-0000-000000000001']),
        'e': ('enum("low", "mid", "high")', ['low', 'mid', 'high'])}
    rows = [[rnd.choice(v[1]) for v in columns.values()] for _ in range(400)]
    text = ','.join(columns) + '\n' + ''.join(','.join(r) + '\n' for r in rows)
    script = '# Keys of every type, alone and together.\nd = read csv("in/d.csv") as { ' + ', '.join(f'{k}: {v[0]}' for k, v in columns.items()) + ' }\n'
    expect = {}
    for j, k in enumerate(columns):
        script += f'd | aggregate rows = count() by {k} | write csv("out/{k}.csv")\n'
        expect[f'{k}.csv'] = f'{k},rows\n' + ''.join(f'{v},{len(rs)}\n' for v, rs in groups(rows, lambda r: r[j]).items())
    pairs = [('b', 'e'), ('i', 'n', 'w'), ('uu', 'f'), ('ts', 'tm', 's'), ('u', 'l')]
    at = {k: j for j, k in enumerate(columns)}
    for p in pairs:
        name = '_'.join(p)
        script += f'd | aggregate rows = count() by {", ".join(p)} | write csv("out/{name}.csv")\n'
        expect[f'{name}.csv'] = ','.join(p) + ',rows\n' + ''.join(','.join(k) + f',{len(rs)}\n' for k, rs in groups(rows, lambda r: tuple(r[at[c]] for c in p)).items())
    script += 'd | distinct | aggregate n = count() | write csv("out/rows.csv")\n'
    expect['rows.csv'] = f'n\n{len({tuple(r) for r in rows})}\n'
    script += 'd | distinct by e, b | select e, b | write csv("out/first.csv")\n'
    expect['first.csv'] = 'e,b\n' + ''.join(','.join(k) + '\n' for k in groups(rows, lambda r: (r[at['e']], r[at['b']])))
    case('agg_keys', script, {'d.csv': text}, expect)


def agg_key_expressions():
    rnd = random.Random(6)
    rows = [(i, rnd.randint(0, 30), rnd.choice(['apple', 'Apple', 'APPLE', 'pear'])) for i in range(500)]
    text = 'i,x,t\n' + ''.join(f'{i},{x},{t}\n' for i, x, t in rows)
    script = '''
# Keys that are computed; a key that fails makes an error row, and no group.
d = read csv("in/d.csv") as { i: i64, x: i64, t: string }
d | aggregate n = count(), s = sum(i) by t = lower(t), big = x > 15 | write csv("out/two.csv")
d | aggregate n = count() by q = 100 // x on error -> zero | write csv("out/q.csv")
zero | select line | write csv("out/zero.csv")
d | aggregate n = count() by q = try(100 // x) | write csv("out/tried.csv")
d | aggregate n = count() by k = f"{t}-{x % 3}" | write csv("out/text.csv")
'''
    g = lambda key, rs=rows: groups(rs, key).items()
    case('agg_key_expressions', script, {'d.csv': text}, {
        'two.csv': csv('t big n s'.split(), [[*k, len(r), sum(x[0] for x in r)] for k, r in g(lambda r: (r[2].lower(), r[1] > 15))]),
        'q.csv': csv('q n'.split(), [[k, len(r)] for k, r in g(lambda r: 100 // r[1], [r for r in rows if r[1]])]),
        'zero.csv': csv(['line'], [[r[0] + 2] for r in rows if not r[1]]),
        'tried.csv': csv('q n'.split(), [[k, len(r)] for k, r in g(lambda r: 100 // r[1] if r[1] else None)]),
        'text.csv': csv('k n'.split(), [[k, len(r)] for k, r in g(lambda r: f'{r[2]}-{r[1] % 3}')])})


def agg_where():
    rnd = random.Random(7)
    rows = [(rnd.choice('abc'), *(None if rnd.random() < .2 else rnd.randint(0, 9) for _ in range(2))) for _ in range(600)]
    text = 'g,x,y\n' + ''.join(','.join(cell(v) for v in r) + '\n' for r in rows)
    script = '''
# `where` of one aggregate: null is false; arguments are not computed where it is false.
d = read csv("in/d.csv") as { g: string, x: i64?, y: i64? }
d | aggregate n = count() where x > 4, s = sum(x) where y is not null, q = sum(x // y) where y > 0, k = count_distinct(x) where y > 4,
              m = median(x) where y > 100, f = first(x) where y == 3, l = list(x) where y == 9, a = all(x > 2) where y == 1,
              lo = min(x) where y > x, am = arg_max(y, x) where y is not null and x > 7, mo = mode(x) where y > 4
    by g
  | write jsonl("out/by.jsonl")
d | aggregate n = count() where x > 4, s = sum(x) where y > 100, l = list(x) where y > 100 | write jsonl("out/all.jsonl")
'''
    def js(v):
        return 'null' if v is None else 'true' if v is True else 'false' if v is False else ftext(v) if isinstance(v, float) else \
            '[' + ','.join(map(str, v)) + ']' if isinstance(v, list) else str(v)
    def one(rs):
        pick = lambda p: [r[1] for r in rs if p(r) and r[1] is not None]
        gt = lambda v, n: v is not None and v > n
        q = [r[1] // r[2] for r in rs if gt(r[2], 0) and r[1] is not None]
        s, f, lo = pick(lambda r: r[2] is not None), pick(lambda r: r[2] == 3), pick(lambda r: r[2] is not None and r[1] is not None and r[2] > r[1])
        a = pick(lambda r: r[2] == 1)
        am = [r for r in rs if r[2] is not None and gt(r[1], 7)]
        k = pick(lambda r: gt(r[2], 4))
        return dict(n=sum(gt(r[1], 4) for r in rs), s=sum(s) if s else None, q=sum(q) if q else None, k=len(set(k)), m=None,
                    f=f[0] if f else None, l=pick(lambda r: r[2] == 9), a=all(v > 2 for v in a) if a else None, lo=min(lo, default=None),
                    am=max(am, key=lambda r: r[1])[2] if am else None, mo=mode(k))
    line = lambda d: '{' + ','.join(f'"{k}":{js(v)}' for k, v in d.items()) + '}\n'
    out = ''.join(line({'g': f'"{g}"', **one(rs)}) for g, rs in groups(rows, lambda r: r[0]).items())
    n = sum(1 for r in rows if r[1] is not None and r[1] > 4)
    case('agg_where', script, {'d.csv': text}, {'by.jsonl': out, 'all.jsonl': line({'n': n, 's': None, 'l': []})})


def agg_of_aggregates():
    rnd = random.Random(8)
    rows = [(rnd.randint(0, 99), rnd.randint(0, 9), rnd.randint(-100, 100)) for _ in range(5000)]
    text = 'a,b,x\n' + ''.join(f'{a},{b},{x}\n' for a, b, x in rows)
    script = '''
# Aggregates of aggregates, a stream that goes into two of them, and rows of both in one union.
d = read csv("in/d.csv") as { a: i32, b: i32, x: i64 }
pairs = d | aggregate s = sum(x), n = count() by a, b
pairs | aggregate groups = count(), best = max(s), which = arg_max(b, s) by a | aggregate n = count(), total = sum(best) | write csv("out/thrice.csv")
by_a = pairs | aggregate s = sum(s), n = sum(n) by k = a | filter k < 5
by_b = pairs | aggregate s = sum(s), n = sum(n) by k = b
union by_a, by_b | aggregate s = sum(s), n = sum(n), rows = count() by k | sort k | write csv("out/union.csv")
d | distinct by a | distinct by b | select b | sort b | write csv("out/distinct.csv")
'''
    pairs = [(a, b, sum(r[2] for r in rs), len(rs)) for (a, b), rs in groups(rows, lambda r: (r[0], r[1])).items()]
    best = [max(r[2] for r in rs) for rs in groups(pairs, lambda p: p[0]).values()]
    un = [(a, sum(r[2] for r in rs), sum(r[3] for r in rs)) for a, rs in groups(pairs, lambda p: p[0]).items() if a < 5]
    un += [(b, sum(r[2] for r in rs), sum(r[3] for r in rs)) for b, rs in groups(pairs, lambda p: p[1]).items()]
    seen, dist = {}, []
    for r in rows:
        if r[0] not in seen:
            seen[r[0]] = 1
            if r[1] not in dist:
                dist.append(r[1])
    case('agg_of_aggregates', script, {'d.csv': text}, {
        'thrice.csv': csv(['n', 'total'], [[len(best), sum(best)]]),
        'union.csv': csv(['k', 's', 'n', 'rows'], sorted([k, sum(u[1] for u in us), sum(u[2] for u in us), len(us)] for k, us in groups(un, lambda u: u[0]).items())),
        'distinct.csv': csv(['b'], [[b] for b in sorted(dist)])})


def agg_quantiles():
    rnd = random.Random(9)
    rows = [(g, None if rnd.random() < .05 else rnd.randint(-1000, 1000) / 8) for g in ('a', 'b', 'c') for _ in range(rnd.randint(90, 900))]
    rows += [('one', 4.5), ('two', 1.0), ('two', 2.0), ('same', 7.0)] + [('same', 7.0)] * 99 + [('none', None)]
    rows += [('up', float(i)) for i in range(257)] + [('down', float(-i)) for i in range(257)] + [('inf', math.inf), ('inf', math.inf), ('inf', 1.0)]
    text = 'g,x\n' + ''.join(f'{g},{cell(x)}\n' for g, x in rows)
    qs = [0.0, 0.25, 0.5, 0.9, 1.0]
    script = '''
# Quantiles are exact and interpolate between neighbours; a share may be a parameter.
param share: f64 = 0.9
d = read csv("in/d.csv") as { g: string, x: f64? }
d | aggregate q0 = quantile(x, 0.0), q25 = quantile(x, 0.25), m = median(x), q90 = quantile(x, share), q100 = quantile(x, 1.0),
              a = approx_quantile(x, 0.5) where g == "one"
    by g
  | write csv("out/by.csv")
'''
    by = []
    for g, rs in groups(rows, lambda r: r[0]).items():
        v = some(r[1] for r in rs)
        by.append([g] + [quantile(v, q) if v else None for q in qs] + [4.5 if g == 'one' else None])
    case('agg_quantiles', script, {'d.csv': text}, {'by.csv': csv('g q0 q25 m q90 q100 a'.split(), by)})


def agg_lists():
    rows = [(1, 'x', 'a,b', 3), (2, 'y', '', 1), (1, 'y', 'c', 2), (3, 'z', 'd,e,f', None), (2, 'x', 'g', 5), (1, None, 'h', 7)]
    text = 'g,t,s,n\n' + ''.join(','.join(cell(Text(v)) if isinstance(v, str) else cell(v) for v in (g, t)) + f',"{s}",{cell(n)}\n' for g, t, s, n in rows)
    script = '''
# Lists and texts keep the order of the input and skip nulls; the first and last of lists are kept whole.
param sep: string = " / "
d = read csv("in/d.csv") as { g: i64, t: string?, s: string, n: i64? }
d | derive parts = split(s, ",")
  | aggregate ts = list(t), ns = list(n), all_parts = list(parts), j = text_join(t, sep), f = first(parts), l = last(parts),
              best = arg_max(parts, n), lo = arg_min(t, n)
    by g
  | write jsonl("out/lists.jsonl")
'''
    def q(v):
        return 'null' if v is None else f'"{v}"' if isinstance(v, str) else '[' + ','.join(q(x) for x in v) + ']' if isinstance(v, list) else str(v)
    out = ''
    for g, rs in groups(rows, lambda r: r[0]).items():
        parts = [r[2].split(',') for r in rs]
        t, n = some(r[1] for r in rs), some(r[3] for r in rs)
        with_n = [r for r in rs if r[3] is not None]
        best = max(with_n, key=lambda r: r[3])[2].split(',') if with_n else None
        lo = min(with_n, key=lambda r: r[3])[1] if with_n else None
        d = dict(g=g, ts=t, ns=n, all_parts=parts, j=' / '.join(t) if t else None, f=parts[0], l=parts[-1], best=best, lo=lo)
        out += '{' + ','.join(f'"{k}":{q(v)}' for k, v in d.items()) + '}\n'
    case('agg_lists', script, {'d.csv': text}, {'lists.jsonl': out})


def agg_modes():
    rnd = random.Random(10)
    rows = [(rnd.choice('ab'), rnd.randint(0, 5), rnd.choice(['low', 'mid', 'high']), rnd.randint(0, 40)) for _ in range(900)]
    rows += [('tie', 3, 'mid', 1), ('tie', 2, 'low', 2), ('tie', 2, 'low', 2), ('tie', 3, 'mid', 1)]
    text = 'g,x,e,c\n' + ''.join(f'{g},{x},{e},{c / 100:.2f}\n' for g, x, e, c in rows)
    script = '''
# The most frequent value, of several the one that was met first; counts of different values.
d = read csv("in/d.csv") as { g: string, x: i64, e: enum("low", "mid", "high"), c: decimal(6,2) }
d | aggregate mx = mode(x), me = mode(e), mc = mode(c), kx = count_distinct(x), ke = count_distinct(e), kc = count_distinct(c),
              ax = approx_distinct(x), ac = approx_distinct(c)
    by g
  | write csv("out/by.csv")
d | aggregate mx = mode(x), me = mode(e), mc = mode(c), kx = count_distinct(x), ke = count_distinct(e), kc = count_distinct(c) | write csv("out/all.csv")
range(0, 100000) | aggregate k = approx_distinct(n % 20000), few = approx_distinct(n % 200)
  | derive close = k > 19000 and k < 21000 | drop k | write csv("out/approx.csv")
'''
    def one(rs):
        c = lambda v: Decimal(v).scaleb(-2)
        x, e, d = ([r[i] for r in rs] for i in (1, 2, 3))
        return [mode(x), mode(e), c(mode(d)), len(set(x)), len(set(e)), len(set(d))]
    by = []
    for g, rs in groups(rows, lambda r: r[0]).items():
        o = one(rs)
        by.append([g] + o + [o[3], o[5]])
    names = 'mx me mc kx ke kc'.split()
    case('agg_modes', script, {'d.csv': text}, {'by.csv': csv(['g'] + names + ['ax', 'ac'], by), 'all.csv': csv(names, [one(rows)]),
         'approx.csv': 'few,close\n200,true\n'})


def agg_spread():
    # integers whose mean is whole, so that any good method gives the same float
    rows = []
    for g, v in (('a', [2, 4, 4, 4, 5, 5, 7, 9]), ('b', [10, 20]), ('c', [3]), ('d', [6, 6, 6, 6]), ('e', [1, 5, 9])):
        rows += [(g, x) for x in v]
    rows += [('f', None), ('b', None)]
    text = 'g,x\n' + ''.join(f'{g},{cell(x)}\n' for g, x in rows)
    script = '''
# Deviation and variance of a sample: null below two values.
d = read csv("in/d.csv") as { g: string, x: i64? }
d | aggregate v = variance(x), s = stddev(x), n = count(x) by g | derive v = round(v, 9), s = round(s, 9) | write csv("out/by.csv")
'''
    by = []
    for g, rs in groups(rows, lambda r: r[0]).items():
        v = some(r[1] for r in rs)
        var = None
        if len(v) > 1:
            m = Fraction(sum(v), len(v))
            var = sum((x - m) ** 2 for x in v) / (len(v) - 1)
        by.append([g, None if var is None else round(float(var), 9), None if var is None else round(math.sqrt(var), 9), len(v)])
    case('agg_spread', script, {'d.csv': text}, {'by.csv': csv(['g', 'v', 's', 'n'], by)})


def agg_durations():
    rows = [('a', 90), ('a', 30), ('b', 1), ('b', 2), ('b', 2)]
    text = 'g,d\n' + ''.join(f'{g},{d}s\n' for g, d in rows)
    script = '''
# Durations add up and have a mean.
d = read csv("in/d.csv") as { g: string, d: duration }
d | aggregate s = sum(d), m = avg(d), hi = max(d) by g | write csv("out/by.csv")
'''
    case('agg_durations', script, {'d.csv': text}, {'by.csv': 'g,s,m,hi\na,2m,1m,1m30s\nb,5s,1.666667s,2s\n'})


def pivot():
    rnd = random.Random(11)
    rows = [(rnd.choice(['n', 's', 'w']), rnd.randint(2024, 2026), rnd.choice(['Q1', 'Q2', 'Q3', None]), rnd.randint(1, 10 ** 6)) for _ in range(300)]
    rows = [r for r in rows if not (r[0] == 'n' and r[2] == 'Q3')]
    text = 'r,y,q,x\n' + ''.join(f'{r},{y},{cell(q)},{x / 100:.2f}\n' for r, y, q, x in rows)
    script = '''
# Pivot: one column for each value of the enum, null where there was none; rows whose key is null make a group all the same.
d = read csv("in/d.csv") as { r: string, y: i32, q: enum("Q1", "Q2", "Q3", "Q4")?, x: decimal(10,2) }
d | pivot q values sum(x) by r | write csv("out/sum.csv")
d | pivot q values count() by r, y | write csv("out/count.csv")
d | pivot q values max(x) | write csv("out/all.csv")
'''
    qs = ['Q1', 'Q2', 'Q3', 'Q4']
    dec = lambda v: None if v is None else Decimal(v).scaleb(-2)
    val = lambda rs, q: [r[3] for r in rs if r[2] == q]
    case('agg_pivot', script, {'d.csv': text}, {
        'sum.csv': csv(['r'] + qs, [[k] + [dec(sum(val(rs, q)) if val(rs, q) else None) for q in qs] for k, rs in groups(rows, lambda r: r[0]).items()]),
        'count.csv': csv(['r', 'y'] + qs, [[*k] + [len(val(rs, q)) for q in qs] for k, rs in groups(rows, lambda r: r[:2]).items()]),
        'all.csv': csv(qs, [[dec(max(val(rows, q), default=None)) for q in qs]])})


def windows():
    rnd = random.Random(12)
    t0 = 1751328000
    rows, t = [], t0
    for i in range(400):
        t += rnd.choice([0, 1, 3, 20, 40])
        late = rnd.choice([0, 0, 0, 5, 8, 200])
        rows.append((i, None if rnd.random() < .03 else t - late))
    text = 'i,ts\n' + ''.join(f'{i},{"" if t is None else stamp(t)}\n' for i, t in rows)
    script = '''
# Windows on event time: a row is late when its time is before the largest time so far less the lateness.
d = read csv("in/d.csv") as { i: i64, ts: timestamp? }
d | window tumbling 1m on ts lateness 10s else -> late | write csv("out/tumbling.csv")
late | write csv("out/late.csv")
d | window tumbling 1m on ts | aggregate n = count(), f = min(i) by window_start, window_end | write csv("out/plain.csv")
d | window hopping 1m by 20s on ts lateness 10s else -> late2
  | aggregate n = count(), s = sum(i) by window_start | write csv("out/hopping.csv")
late2 | aggregate n = count() | write csv("out/late2.csv")
d | window session 45s on ts lateness 10s else -> late3
  | write csv("out/session.csv")
late3 | select i | write csv("out/late3.csv")
'''
    seen, on_time, late = None, [], []
    for i, t in rows:
        if t is None:
            on_time.append((i, t))
        elif seen is not None and t < seen - 10:
            late.append((i, t))
        else:
            on_time.append((i, t))
            seen = t if seen is None else max(seen, t)
    st = lambda t: None if t is None else stamp(t)
    win = lambda t: (None, None) if t is None else (t - t % 60, t - t % 60 + 60)
    tumbling = [[i, st(t), *map(st, win(t))] for i, t in on_time]
    plain = [[*map(st, k), len(rs), min(r[0] for r in rs)] for k, rs in groups(rows, lambda r: win(r[1])).items()]
    hops = []
    for i, t in on_time:
        if t is None:
            hops.append((None, i))
            continue
        start = t - t % 20 - 40
        while start <= t:
            hops.append((start, i))
            start += 20
    hopping = [[st(k), len(rs), sum(r[1] for r in rs)] for k, rs in groups(hops, lambda h: h[0]).items()]
    times = sorted(t for _, t in on_time if t is not None)
    session, start = {}, 0
    for j in range(len(times)):
        if j and times[j] - times[j - 1] > 45:
            start = j
        session[times[j]] = start
    ends = {}
    for t in times:
        ends[session[t]] = t + 45
    sess = [[i, st(t), None if t is None else st(times[session[t]]), None if t is None else st(ends[session[t]])] for i, t in on_time]
    case('agg_windows', script, {'d.csv': text}, {
        'tumbling.csv': csv(['i', 'ts', 'window_start', 'window_end'], tumbling), 'late.csv': csv(['i', 'ts'], [[i, st(t)] for i, t in late]),
        'plain.csv': csv(['window_start', 'window_end', 'n', 'f'], plain), 'hopping.csv': csv(['window_start', 'n', 's'], hopping),
        'late2.csv': f'n\n{len(late)}\n', 'session.csv': csv(['i', 'ts', 'window_start', 'window_end'], sess), 'late3.csv': csv(['i'], [[i] for i, _ in late])})


def sessions():
    rnd = random.Random(13)
    t, rows = 1751328000, []
    for i in range(2000):
        t += rnd.randint(0, 120)
        rows.append((rnd.choice([None, 'ann', 'bob', 'cy', 'dee']), rnd.randint(0, 3), t))
    text = 'u,d,ts\n' + ''.join(f'{cell(u)},{d},{stamp(t)}\n' for u, d, t in rows)
    script = '''
# Sessions of each key, numbered in order of appearance.
d = read csv("in/d.csv") as { u: string?, d: i32, ts: timestamp }
d | sessionize by u, d on ts gap 20m as sid | aggregate n = count(), a = min(ts), b = max(ts) by sid, u, d | write csv("out/sessions.csv")
d | sessionize by d on ts gap 10s as s | aggregate n = count() by s | aggregate sessions = count(), rows = sum(n) | write csv("out/short.csv")
d | sessionize on ts gap 100s as s | aggregate n = count() by s | aggregate sessions = count(), rows = sum(n) | write csv("out/one.csv")
'''
    def number(key, gap):
        last, out, n = {}, [], 0
        for r in rows:
            k = key(r)
            if k not in last or r[2] - last[k][0] > gap:
                n += 1
                last[k] = (r[2], n)
            else:
                last[k] = (r[2], last[k][1])
            out.append(last[k][1])
        return out
    sid = number(lambda r: r[:2], 1200)
    res = [[s, None if rs[0][1] is None else Text(rs[0][1]), rs[0][2], len(rs), stamp(min(r[3] for r in rs)), stamp(max(r[3] for r in rs))]
           for s, rs in groups([(s, *r) for s, r in zip(sid, rows)], lambda r: r[0]).items()]
    case('agg_sessions', script, {'d.csv': text}, {'sessions.csv': csv(['sid', 'u', 'd', 'n', 'a', 'b'], res),
         'short.csv': csv(['sessions', 'rows'], [[max(number(lambda r: r[1], 10)), len(rows)]]),
         'one.csv': csv(['sessions', 'rows'], [[max(number(lambda r: 0, 100)), len(rows)]])})


for make in (agg_nulls, agg_nan, agg_float_sums, agg_decimal38, agg_overflow, agg_overflow_fails, agg_empty, agg_many_groups, agg_keys,
             agg_key_expressions, agg_where, agg_of_aggregates, agg_quantiles, agg_lists, agg_modes, agg_spread, agg_durations, pivot, windows,
             sessions):
    make()
