/* gen.c: random scripts. A seed gives one script and its files, on any machine (splitmix64, Steele and others 2014).
 *
 * A script is a few sources and a few named streams, each a chain of random operators over a random earlier stream
 * (fan-out), with else ports, error ports and unions as further streams; in the end every stream that nobody read
 * is written. */
#include <stdlib.h>
#include <string.h>

#include "gen.h"

uint32_t gen_below(Gen *g, uint32_t n) {
  uint64_t z = g->state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return n ? (uint32_t)((z ^ (z >> 31)) % n) : 0;
}

bool gen_chance(Gen *g, uint32_t percent) { return gen_below(g, 100) < percent; }

GType gen_scalar(Gen *g) {
  static const TypeKind kinds[] = {TY_BOOL, TY_I8, TY_I16, TY_I32, TY_I32, TY_I64, TY_I64, TY_I64, TY_U8, TY_U16, TY_U32, TY_U64, TY_F32, TY_F64, TY_F64,
                                   TY_DECIMAL, TY_DECIMAL, TY_STRING, TY_STRING, TY_STRING, TY_STRING, TY_DATE, TY_TIME, TY_TIMESTAMP, TY_TIMESTAMP, TY_DURATION, TY_UUID, TY_ENUM, TY_ENUM};
  static const int forms[][2] = {{12, 2}, {5, 4}, {18, 0}, {38, 4}, {19, 2}, {38, 0}, {9, 9}};
  GType t = {.kind = kinds[gen_below(g, sizeof kinds / sizeof *kinds)], .null = gen_chance(g, 35)};
  int form = (int)gen_below(g, 7);
  if (t.kind == TY_DECIMAL) t.p = forms[form][0], t.s = forms[form][1];
  if (t.kind == TY_ENUM) t.variant = (int)gen_below(g, 2);
  return t;
}

void gen_type(Gen *g, GType t) {
  static const char *const words[] = {"", "bool", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64", "decimal", "string", "bytes", "date",
                                      "time", "timestamp", "duration", "uuid"};
  if (t.kind == TY_DECIMAL) fprintf(g->out, "decimal(%d,%d)", t.p, t.s);
  else if (t.kind == TY_ENUM) fprintf(g->out, "enum(\"%s\", \"%s\", \"%s\")", gen_enums[t.variant][0], gen_enums[t.variant][1], gen_enums[t.variant][2]);
  else if (t.kind == TY_LIST) fprintf(g->out, "[%s]", t.variant ? "string" : "i64");
  else if (t.kind == TY_STRUCT) fputs("{ n: i64, word: string? }", g->out);
  else fputs(words[t.kind], g->out);
  if (t.null) fputc('?', g->out);
}

static GStream *stream_new(Gen *g, const GStream *like) {
  if (g->stream_len == GEN_STREAMS) g->stream_len--;
  GStream *s = &g->streams[g->stream_len++];
  if (like) *s = *like;
  else *s = (GStream){0};
  s->used = s->errors = s->keyed = false;
  snprintf(s->name, sizeof s->name, "n%d", g->name_len++);
  return s;
}

static GCol *col_add(GStream *s, const char *name, GType t) {
  for (int i = 0; i < s->len; i++) {
    if (strcmp(s->cols[i].name, name)) continue;
    s->cols[i].t = t;
    return &s->cols[i];
  }
  if (s->len == GEN_COLS) return NULL;
  GCol *c = &s->cols[s->len++];
  snprintf(c->name, sizeof c->name, "%s", name);
  c->t = t;
  return c;
}

static int depth_of(Gen *g) { return 1 + (int)gen_below(g, 4); }

/* An error port as a stream of the columns that the reference knows. */
static void error_port(Gen *g, bool json, bool file) {
  GStream *e = stream_new(g, NULL);
  GType text = {.kind = TY_STRING, .null = true}, line = {.kind = TY_I64, .null = true};
  fprintf(g->out, " on error -> %s", e->name);
  e->errors = true;
  e->placeless = !file;
  if (file) {
    col_add(e, "line", line);
    col_add(e, "raw", text);
    col_add(e, "file", text);
  }
  if (!json) {
    col_add(e, "code", text);
    col_add(e, "field", text);
  }
}

static void policy(Gen *g, const GStream *s) {
  if (gen_chance(g, 25)) error_port(g, false, !s->loose && !s->placeless);
  else if (gen_chance(g, 15)) fputs(" on error skip", g->out);
  else if (g->may_fail && !s->placeless && !s->loose && gen_chance(g, 10)) fprintf(g->out, " on error skip limit %d%s", (int)gen_below(g, 4), gen_chance(g, 50) ? " in a row" : "");
}

static void else_port(Gen *g, const GStream *s) {
  if (!gen_chance(g, 40)) return;
  GStream *e = stream_new(g, s);
  fprintf(g->out, " else -> %s", e->name);
}

/* ---- operators: each prints its line and changes what the stream's columns are ---- */

static void op_filter(Gen *g, GStream *s) {
  fputs("  | filter ", g->out);
  gen_expr_of(g, s, (GType){.kind = TY_BOOL}, depth_of(g));
  else_port(g, s);
  policy(g, s);
}

static const char *new_name(Gen *g, const GStream *s, char *room) {
  if (s->len && gen_chance(g, 15)) {
    const GCol *c = &s->cols[gen_below(g, (uint32_t)s->len)];
    return c->name;
  }
  snprintf(room, 24, "d%d", g->name_len++);
  return room;
}

static void op_derive(Gen *g, GStream *s) {
  int n = 1 + (int)gen_below(g, 3);
  char room[24], done[3][24];
  fputs("  | derive", g->out);
  for (int i = 0; i < n; i++) {
    const char *name = new_name(g, s, room);
    char copy[24];
    snprintf(copy, sizeof copy, "%s", name);
    bool twice = false;
    for (int k = 0; k < i; k++) twice |= !strcmp(done[k], copy);
    if (twice) snprintf(copy, sizeof copy, "d%d", g->name_len++);
    snprintf(done[i], sizeof done[i], "%s", copy);
    GType t = gen_scalar(g);
    for (int k = 0; k < s->len && t.kind == TY_ENUM; k++)
      if (gen_chance(g, 50)) t = s->cols[k].t;
    if (t.kind == TY_LIST || t.kind == TY_STRUCT) t = (GType){.kind = TY_I64};
    if (t.kind == TY_ENUM) t = (GType){.kind = TY_STRING};
    fprintf(g->out, "%s\n      %s = ", i ? "," : "", copy);
    gen_expr_of(g, s, t, depth_of(g));
    t.null = true;
    col_add(s, copy, t);
  }
  fputs("\n     ", g->out);
  if (gen_chance(g, 15)) fputs(" on error null", g->out);
  else policy(g, s);
}

static void op_select(Gen *g, GStream *s) {
  GStream old = *s;
  int n = 1 + (int)gen_below(g, (uint32_t)(s->len > 5 ? 5 : s->len));
  s->len = 0;
  fputs("  | select ", g->out);
  for (int i = 0; i < n; i++) {
    const GCol *c = &old.cols[gen_below(g, (uint32_t)old.len)];
    bool twice = false;
    for (int k = 0; k < s->len; k++) twice |= !strcmp(s->cols[k].name, c->name);
    if (twice) continue;
    if (s->len) fputs(", ", g->out);
    if (gen_chance(g, 25)) {
      char name[24];
      GType t = gen_scalar(g);
      if (t.kind == TY_ENUM) t = (GType){.kind = TY_STRING};
      snprintf(name, sizeof name, "d%d", g->name_len++);
      fprintf(g->out, "%s = ", name);
      gen_expr_of(g, &old, t, depth_of(g));
      t.null = true;
      col_add(s, name, t);
    } else {
      fputs(c->name, g->out);
      col_add(s, c->name, c->t);
    }
  }
}

static void col_remove(GStream *s, int i) {
  memmove(&s->cols[i], &s->cols[i + 1], (size_t)(s->len - i - 1) * sizeof *s->cols);
  s->len--;
}

static void op_shape(Gen *g, GStream *s) {
  int i = (int)gen_below(g, (uint32_t)s->len);
  char name[24];
  if (gen_chance(g, 50) && s->len > 1) {
    fprintf(g->out, "  | drop %s", s->cols[i].name);
    col_remove(s, i);
    return;
  }
  snprintf(name, sizeof name, "r%d", g->name_len++);
  fprintf(g->out, "  | rename %s as %s", s->cols[i].name, name);
  snprintf(s->cols[i].name, sizeof s->cols[i].name, "%s", name);
}

static void op_cast(Gen *g, GStream *s) {
  GCol *c = &s->cols[gen_below(g, (uint32_t)s->len)];
  if (c->t.kind == TY_LIST || c->t.kind == TY_STRUCT) {
    op_filter(g, s);
    return;
  }
  static const TypeKind to[] = {TY_STRING, TY_I64, TY_I32, TY_F64, TY_DECIMAL, TY_U8};
  GType t = {.kind = to[gen_below(g, 6)], .p = 20, .s = 3, .null = c->t.null};
  if (!(c->t.kind >= TY_I8 && c->t.kind <= TY_STRING)) t.kind = TY_STRING;
  fprintf(g->out, "  | cast %s: ", c->name);
  gen_type(g, t);
  c->t = t;
  policy(g, s);
}

static int find_kind(Gen *g, const GStream *s, TypeKind k) {
  int from = (int)gen_below(g, (uint32_t)s->len);
  for (int i = 0; i < s->len; i++)
    if (s->cols[(i + from) % s->len].t.kind == k) return (i + from) % s->len;
  return -1;
}

static void op_extract(Gen *g, GStream *s) {
  static const char *const forms[][3] = {{"(?<%s>\\w)", "s", ""}, {"^(?<%s>\\w+)[ ,](?<%s>.*)$", "s", "s"}, {"(?<%s:i64>-?\\d+)", "i", ""}, {"(?<%s:u8>\\d+)-(?<%s:u64>\\d+)", "8", "6"}, {"(?<%s:date>[-0-9]{10})", "d", ""}};
  int i = find_kind(g, s, TY_STRING);
  if (i < 0) {
    op_filter(g, s);
    return;
  }
  uint32_t k = gen_below(g, 5);
  char a[24], b[24];
  GStream before = *s;
  snprintf(a, sizeof a, "x%d", g->name_len++);
  snprintf(b, sizeof b, "x%d", g->name_len++);
  fprintf(g->out, "  | extract %s with r\"", s->cols[i].name);
  fprintf(g->out, forms[k][0], a, b);
  fputs("\"", g->out);
  for (int j = 1; j < 3; j++) {
    GType t = {.kind = TY_STRING, .null = true};
    if (!*forms[k][j]) continue;
    if (*forms[k][j] == 'i') t.kind = TY_I64;
    if (*forms[k][j] == '8') t.kind = TY_U8;
    if (*forms[k][j] == '6') t.kind = TY_U64;
    if (*forms[k][j] == 'd') t.kind = TY_DATE;
    col_add(s, j == 1 ? a : b, t);
  }
  else_port(g, &before);
  policy(g, s);
}

static void op_take(Gen *g, GStream *s) {
  if (s->loose) {
    op_filter(g, s);
    return;
  }
  switch (gen_below(g, 3)) {
    case 0: fprintf(g->out, "  | take %u", 1 + gen_below(g, 12)); break;
    case 1: fprintf(g->out, "  | skip %u", gen_below(g, 5)); break;
    default: fprintf(g->out, "  | sample 0.%u seed %u", 1 + gen_below(g, 9), gen_below(g, 100)); break;
  }
}

static void op_explode(Gen *g, GStream *s) {
  int i = find_kind(g, s, TY_LIST);
  char name[24];
  snprintf(name, sizeof name, "x%d", g->name_len++);
  if (i >= 0) {
    GType t = {.kind = s->cols[i].t.variant ? TY_STRING : TY_I64};
    fprintf(g->out, "  | explode %s as %s", s->cols[i].name, name);
    col_remove(s, i);
    col_add(s, name, t);
    return;
  }
  i = find_kind(g, s, TY_STRING);
  if (i < 0) op_filter(g, s);
  else {
    fprintf(g->out, "  | explode split(%s, \",\") as %s", s->cols[i].name, name);
    col_add(s, name, (GType){.kind = TY_STRING, .null = true});
  }
}

static void op_unpivot(Gen *g, GStream *s) {
  int found[GEN_COLS], len = 0, first = (int)gen_below(g, (uint32_t)s->len);
  GType t = s->cols[first].t;
  for (int i = 0; i < s->len; i++)
    if (s->cols[i].t.kind == t.kind && s->cols[i].t.p == t.p && s->cols[i].t.s == t.s && s->cols[i].t.variant == t.variant) found[len++] = i;
  if (t.kind == TY_LIST || t.kind == TY_STRUCT || len < 2) {
    op_filter(g, s);
    return;
  }
  char name[24], value[24];
  snprintf(name, sizeof name, "k%d", g->name_len++);
  snprintf(value, sizeof value, "v%d", g->name_len++);
  fputs("  | unpivot ", g->out);
  for (int i = 0; i < len; i++) fprintf(g->out, "%s%s", i ? ", " : "", s->cols[found[i]].name);
  fprintf(g->out, " as %s, %s", name, value);
  for (int i = len; i-- > 0;) col_remove(s, found[i]);
  t.null = true;
  col_add(s, name, (GType){.kind = TY_STRING});
  col_add(s, value, t);
}

static void op_assert(Gen *g, GStream *s) {
  fputs("  | assert ", g->out);
  gen_expr_of(g, s, (GType){.kind = TY_BOOL}, 2);
  fputs(" \"it holds\"", g->out);
  policy(g, s);
}

/* ---- operators that hold rows ---- */

static void sort_keys(Gen *g, const GStream *s) {
  int n = 1 + (int)gen_below(g, 3);
  for (int i = 0; i < n; i++) {
    const GCol *c = &s->cols[gen_below(g, (uint32_t)s->len)];
    bool nested = c->t.kind == TY_LIST || c->t.kind == TY_STRUCT;
    fputs(i ? ", " : "", g->out);
    if (nested || gen_chance(g, 20)) gen_expr_of(g, s, (GType){.kind = gen_chance(g, 50) ? TY_I64 : TY_STRING}, 2);
    else fputs(c->name, g->out);
    fputs(gen_chance(g, 40) ? " desc" : gen_chance(g, 20) ? " asc" : "", g->out);
    if (gen_chance(g, 25)) fputs(" nulls first", g->out);
  }
}

static int scalar_col(Gen *g, const GStream *s) {
  for (int i = 0; i < 10; i++) {
    int k = (int)gen_below(g, (uint32_t)s->len);
    if (s->cols[k].t.kind != TY_LIST && s->cols[k].t.kind != TY_STRUCT) return k;
  }
  return -1;
}

static void op_sort(Gen *g, GStream *s) {
  if (s->loose) {
    op_filter(g, s);
    return;
  }
  fputs("  | sort ", g->out);
  sort_keys(g, s);
  s->placeless = true;
}

static void op_top(Gen *g, GStream *s) {
  if (s->loose) {
    op_filter(g, s);
    return;
  }
  fprintf(g->out, "  | top %u by ", gen_below(g, 8));
  sort_keys(g, s);
  int per = scalar_col(g, s);
  s->placeless = true;
  if (per < 0 || !gen_chance(g, 40)) return;
  fprintf(g->out, " per %s", s->cols[per].name);
  s->loose = true;
}

static void op_distinct(Gen *g, GStream *s) {
  int a = scalar_col(g, s), b = scalar_col(g, s);
  if (s->loose || a < 0) {
    op_filter(g, s);
    return;
  }
  fputs("  | distinct", g->out);
  if (find_kind(g, s, TY_LIST) < 0 && find_kind(g, s, TY_STRUCT) < 0 && gen_chance(g, 40)) return;
  fprintf(g->out, " by %s", s->cols[a].name);
  if (b >= 0 && b != a && gen_chance(g, 40)) fprintf(g->out, ", %s", s->cols[b].name);
}

static bool number_kind(TypeKind k) { return (k >= TY_I8 && k <= TY_U64) || k == TY_DECIMAL || k == TY_F64; }

/* One aggregate over column c; its result type is `unknown` to the generator but for a few: it is left as text. */
static GType agg_one(Gen *g, const GStream *s, const GCol *c) {
  static const char *const any[] = {"count", "count_distinct", "min", "max", "first", "last"};
  static const char *const numbers[] = {"sum", "avg", "median", "stddev", "variance"};
  GType t = c->t;
  t.null = true;
  if (gen_chance(g, 15)) {
    fputs("count()", g->out);
    return (GType){.kind = TY_I64};
  }
  if (number_kind(c->t.kind) && gen_chance(g, 50)) {
    uint32_t k = gen_below(g, c->t.kind == TY_F64 ? 2 : 5);
    if (k == 2 && gen_chance(g, 50)) fprintf(g->out, "quantile(%s, 0.%u)", c->name, gen_below(g, 10));
    else fprintf(g->out, "%s(%s)", numbers[k], c->name);
    if (k == 0 && c->t.kind != TY_DECIMAL && c->t.kind != TY_F64) t.kind = TY_I64;
    else if (k == 0 && c->t.kind == TY_DECIMAL) t.p = 38;
    else if (k == 1 && c->t.kind == TY_DECIMAL) t.p = 38, t.s = c->t.s + 6;
    else if (k) t.kind = TY_F64;
    return t;
  }
  if (c->t.kind == TY_BOOL && gen_chance(g, 50)) {
    fprintf(g->out, "%s(%s)", gen_chance(g, 50) ? "any" : "all", c->name);
    return t;
  }
  if (c->t.kind == TY_STRING && gen_chance(g, 25)) {
    fprintf(g->out, "text_join(%s, \"+\")", c->name);
    return t;
  }
  if (gen_chance(g, 12)) {
    const GCol *by = &s->cols[scalar_col(g, s) < 0 ? 0 : scalar_col(g, s)];
    if (by->t.kind != TY_LIST && by->t.kind != TY_STRUCT) {
      fprintf(g->out, "arg_%s(%s, %s)", gen_chance(g, 50) ? "min" : "max", c->name, by->name);
      return t;
    }
  }
  if (gen_chance(g, 6)) {
    fprintf(g->out, "mode(%s)", c->name);
    return t;
  }
  uint32_t k = gen_below(g, 6);
  fprintf(g->out, "%s(%s)", any[k], c->name);
  if (k < 2) t.kind = TY_I64;
  return t;
}

static void aggs(Gen *g, const GStream *s, GStream *out) {
  int n = 1 + (int)gen_below(g, 4), done = 0;
  for (int i = 0; i < n; i++) {
    int k = scalar_col(g, s);
    char name[24];
    if (k < 0) continue;
    snprintf(name, sizeof name, "a%d", g->name_len++);
    fprintf(g->out, "%s\n      %s = ", done++ ? "," : "", name);
    GType t = agg_one(g, s, &s->cols[k]);
    if (gen_chance(g, 20)) {
      fputs(" where ", g->out);
      gen_expr_of(g, s, (GType){.kind = TY_BOOL}, 2);
    }
    col_add(out, name, t);
  }
  if (!done) {
    fputs("\n      n_rows = count()", g->out);
    col_add(out, "n_rows", (GType){.kind = TY_I64});
  }
}

static void op_aggregate(Gen *g, GStream *s) {
  if (s->loose) {
    op_filter(g, s);
    return;
  }
  GStream out = *s;
  out.len = 0;
  out.placeless = true;
  int keys = (int)gen_below(g, 3);
  char names[2][24];
  GType types[2];
  for (int i = 0; i < keys; i++) {
    int k = scalar_col(g, s);
    if (k < 0 || (i && !strcmp(names[0], s->cols[k].name))) {
      keys = i;
      break;
    }
    snprintf(names[i], sizeof names[i], "%s", s->cols[k].name);
    types[i] = s->cols[k].t;
    col_add(&out, names[i], types[i]);
  }
  fputs("  | aggregate", g->out);
  aggs(g, s, &out);
  for (int i = 0; i < keys; i++) fprintf(g->out, "%s%s", i ? ", " : "\n      by ", names[i]);
  snprintf(out.name, sizeof out.name, "%s", s->name);
  *s = out;
}

static void op_rank(Gen *g, GStream *s) {
  static const char *const forms[] = {"row_number()", "rank()", "dense_rank()", "ntile(3)", "lag(%s)", "lead(%s)", "lag(%s, 2)", "first(%s)", "last(%s)", "min(%s)", "max(%s)",
                                      "count(%s)", "count()", "sum(%s)", "avg(%s)"};
  int by = scalar_col(g, s), k = scalar_col(g, s);
  if (s->loose || by < 0 || k < 0) {
    op_filter(g, s);
    return;
  }
  bool frame = gen_chance(g, 25), number = number_kind(s->cols[k].t.kind) && s->cols[k].t.kind != TY_F64;
  uint32_t form = frame ? 7 + gen_below(g, number ? 8 : 6) : gen_below(g, number ? 15 : 13);
  char name[24];
  snprintf(name, sizeof name, "w%d", g->name_len++);
  fprintf(g->out, "  | rank %s = ", name);
  fprintf(g->out, forms[form], s->cols[k].name);
  fputs(" over (", g->out);
  if (gen_chance(g, 60)) fprintf(g->out, "by %s ", s->cols[by].name);
  fputs("sort ", g->out);
  sort_keys(g, s);
  if (frame) fprintf(g->out, " rows %u", 1 + gen_below(g, 4));
  fputs(")", g->out);
  GType t = s->cols[k].t;
  t.null = true;
  if (form < 4 || form == 11 || form == 12) t = (GType){.kind = TY_I64};
  else if (form == 13 && t.kind == TY_DECIMAL) t.p = 38;
  else if (form == 13) t.kind = TY_I64;
  else if (form == 14 && t.kind == TY_DECIMAL) t.p = 38, t.s += 6;
  else if (form == 14) t.kind = TY_F64;
  col_add(s, name, t);
  s->loose = s->placeless = true;
}

/* A stream other than s with a column of the type of one of s: *a and *b are the columns. */
static GStream *partner(Gen *g, const GStream *s, int *a, int *b) {
  for (int tries = 0; tries < 12; tries++) {
    GStream *r = &g->streams[gen_below(g, (uint32_t)g->stream_len)];
    bool before = false;                     /* joined already: its names are there */
    for (int i = 0; i < s->len; i++) before |= !strncmp(s->cols[i].name, r->name, strlen(r->name)) && s->cols[i].name[strlen(r->name)] == '_';
    if (before) continue;
    if (r->errors || r->loose || !strcmp(r->name, s->name) || s->len + r->len > GEN_COLS) continue;
    *a = scalar_col(g, s);
    if (*a < 0) return NULL;
    for (int i = 0; i < r->len; i++) {
      GType x = r->cols[i].t, y = s->cols[*a].t;
      if (x.kind != y.kind || x.p != y.p || x.s != y.s || x.variant != y.variant) continue;
      *b = i;
      return r;
    }
  }
  return NULL;
}

static void op_join(Gen *g, GStream *s, bool lookup) {
  static const char *const kinds[] = {"", "inner ", "left ", "right ", "full ", "semi ", "anti "};
  int a, b;
  GStream *r = s->loose ? NULL : partner(g, s, &a, &b);
  if (!r) {
    op_filter(g, s);
    return;
  }
  uint32_t k = lookup ? 0 : gen_below(g, 7);
  fprintf(g->out, "  | %s %s%s on %s == %s.%s", lookup ? "lookup" : "join", kinds[k], r->name, s->cols[a].name, r->name, r->cols[b].name);
  r->used = true;
  s->placeless = true;
  GStream before = *s;
  for (int i = 0; k < 5 && i < r->len; i++) {
    char name[64];
    bool clash = false;
    if (i == b) continue;
    for (int m = 0; m < s->len; m++) clash |= !strcmp(s->cols[m].name, r->cols[i].name);
    if (clash) snprintf(name, sizeof name, "%s_%s", r->name, r->cols[i].name);
    else snprintf(name, sizeof name, "%s", r->cols[i].name);
    name[23] = 0;
    GType t = r->cols[i].t;
    t.null = true;
    col_add(s, name, t);
  }
  for (int i = 0; (k == 3 || k == 4) && i < s->len; i++) s->cols[i].t.null = true;
  if (k < 2) else_port(g, &before);
  if (lookup) policy(g, s);
}

/* `join asof`: nearest by a number or a time; a tie of two right rows is nowhere decided, so the right side is made distinct. */
static void op_asof(Gen *g, GStream *s) {
  int a, b;
  GStream *r = s->loose ? NULL : partner(g, s, &a, &b);
  TypeKind k = r ? s->cols[a].t.kind : TY_BOOL;
  if (!r || (k != TY_TIMESTAMP && k != TY_DATE && !(k >= TY_I8 && k <= TY_DECIMAL))) {
    op_filter(g, s);
    return;
  }
  static const char *const compare[] = {">=", ">", "<=", "<"};
  r->used = true;
  s->placeless = true;
  fprintf(g->out, "  | join asof %s on %s %s %s.%s", r->name, s->cols[a].name, compare[gen_below(g, 4)], r->name, r->cols[b].name);
  if ((k == TY_TIMESTAMP || k == TY_DATE) && gen_chance(g, 40)) fprintf(g->out, " within %s", gen_chance(g, 50) ? "30d" : "100h");
  GStream before = *s;
  for (int i = 0; i < r->len; i++) {
    char name[64];
    bool clash = false;
    for (int m = 0; m < s->len; m++) clash |= !strcmp(s->cols[m].name, r->cols[i].name);
    if (clash) snprintf(name, sizeof name, "%s_%s", r->name, r->cols[i].name);
    else snprintf(name, sizeof name, "%s", r->cols[i].name);
    name[23] = 0;
    GType t = r->cols[i].t;
    t.null = true;
    if (i != b || strlen(name)) col_add(s, name, t);
  }
  else_port(g, &before);
}

/* The sums of an enum's values side by side. */
static void op_pivot(Gen *g, GStream *s) {
  int k = find_kind(g, s, TY_ENUM), v = scalar_col(g, s), by = scalar_col(g, s);
  if (s->loose || k < 0 || v < 0 || by < 0 || v == k || by == k || by == v) {
    op_filter(g, s);
    return;
  }
  fprintf(g->out, "  | pivot %s values ", s->cols[k].name);
  fprintf(g->out, "%s(%s)", gen_chance(g, 50) ? "count" : gen_chance(g, 50) ? "max" : "first", s->cols[v].name);
  GStream out = *s;
  out.len = 0;
  out.placeless = true;
  if (gen_chance(g, 70)) {
    fprintf(g->out, " by %s", s->cols[by].name);
    col_add(&out, s->cols[by].name, s->cols[by].t);
  }
  fputs("\n  | take 1000", g->out);
  if (out.len) {
    fprintf(g->out, "\n  | rename %s as key%d", out.cols[0].name, g->name_len);
    snprintf(out.cols[0].name, sizeof out.cols[0].name, "key%d", g->name_len++);
  } else {
    fputs("\n  | derive one = 1\n  | select one", g->out);
    col_add(&out, "one", (GType){.kind = TY_I64});
  }
  *s = out;
}

static void op_sessionize(Gen *g, GStream *s) {
  int t = find_kind(g, s, TY_TIMESTAMP), by = scalar_col(g, s);
  if (s->loose || t < 0 || by < 0 || s->cols[t].t.null) {
    op_filter(g, s);
    return;
  }
  char name[24], gap[24];
  snprintf(name, sizeof name, "sid%d", g->name_len++);
  snprintf(gap, sizeof gap, "n%d", g->name_len++);
  fprintf(g->out, "  | sort %s\n  | sessionize by %s on %s gap %s as %s\n  | aggregate %s = count() by %s, %s\n  | drop %s", s->cols[t].name, s->cols[by].name,
          s->cols[t].name, gen_chance(g, 50) ? "30d" : "100h", name, gap, s->cols[by].name, name, name);
  GCol key = s->cols[by];
  s->len = 0;
  col_add(s, key.name, key.t);
  col_add(s, gap, (GType){.kind = TY_I64});
  s->placeless = s->loose = true;
}

static void op_window(Gen *g, GStream *s) {
  int i = find_kind(g, s, TY_TIMESTAMP);
  if (s->loose || i < 0 || find_kind(g, s, TY_LIST) >= 0) {
    op_filter(g, s);
    return;
  }
  static const char *const kinds[] = {"tumbling 1h", "tumbling 7d", "hopping 3d by 1d", "hopping 10h by 4h", "session 1h", "session 3d"};
  fprintf(g->out, "  | window %s on %s%s\n  | aggregate n_rows = count() by window_start", kinds[gen_below(g, 6)], s->cols[i].name,
          gen_chance(g, 50) ? " lateness 400d" : "");
  s->len = 0;
  col_add(s, "window_start", (GType){.kind = TY_TIMESTAMP, .null = true});
  col_add(s, "n_rows", (GType){.kind = TY_I64});
  s->loose = true;
}

static void op_any(Gen *g, GStream *s) {
  static const struct { unsigned bit; void (*op)(Gen *, GStream *); } holds[] = {
    {GEN_SORT, op_sort}, {GEN_TOP, op_top}, {GEN_AGGREGATE, op_aggregate}, {GEN_DISTINCT, op_distinct}, {GEN_RANK, op_rank}, {GEN_WINDOW, op_window}, {GEN_PIVOT, op_pivot}, {GEN_SESSIONIZE, op_sessionize}};
  if (g->holds && gen_chance(g, 35)) {
    if ((g->holds & GEN_JOIN) && gen_chance(g, 25)) op_join(g, s, false);
    else if ((g->holds & GEN_ASOF) && gen_chance(g, 10)) op_asof(g, s);
    else if ((g->holds & GEN_LOOKUP) && gen_chance(g, 20)) op_join(g, s, true);
    else {
      uint32_t k = gen_below(g, sizeof holds / sizeof *holds);
      if (g->holds & holds[k].bit) holds[k].op(g, s);
      else op_filter(g, s);
    }
    fputc('\n', g->out);
    return;
  }
  switch (gen_below(g, 16)) {
    case 0: case 1: case 2: op_filter(g, s); break;
    case 3: case 4: case 5: case 6: case 7: op_derive(g, s); break;
    case 8: op_select(g, s); break;
    case 9: op_shape(g, s); break;
    case 10: op_cast(g, s); break;
    case 11: op_extract(g, s); break;
    case 12: op_take(g, s); break;
    case 13: op_explode(g, s); break;
    case 14: op_unpivot(g, s); break;
    default: op_assert(g, s); break;
  }
  fputc('\n', g->out);
}

/* ---- streams ---- */

static GStream *some_stream(Gen *g) {
  GStream *s = &g->streams[gen_below(g, (uint32_t)g->stream_len)];
  return s->errors && gen_chance(g, 70) ? &g->streams[0] : s;
}

/* An error port has columns that the reference does not know: the first thing is to leave them. */
static void head(Gen *g, GStream *s) {
  if (!s->errors) return;
  fputs("  | select ", g->out);
  for (int i = 0; i < s->len; i++) fprintf(g->out, "%s%s", i ? ", " : "", s->cols[i].name);
  fputc('\n', g->out);
}

static void stream_chain(Gen *g) {
  GStream *from = some_stream(g), s = *from;
  int ops = 1 + (int)gen_below(g, 4);
  if (!s.len) return;
  from->used = true;
  snprintf(s.name, sizeof s.name, "n%d", g->name_len++);
  fprintf(g->out, "%s = %s\n", s.name, from->name);
  head(g, from);
  bool errors = from->errors;
  s.errors = s.used = s.keyed = false;
  for (int i = 0; i < ops && s.len; i++) op_any(g, &s);
  if (errors) s.loose = true;
  if (g->stream_len == GEN_STREAMS) g->stream_len--;
  g->streams[g->stream_len++] = s;
}

static void stream_route(Gen *g) {
  GStream *from = some_stream(g), s = *from;
  if (!s.len || s.errors) return;
  from->used = true;
  fprintf(g->out, "%s\n  | route {\n", s.name);
  int arms = 1 + (int)gen_below(g, 3);
  for (int i = 0; i < arms; i++) {
    GStream *arm = stream_new(g, &s);
    fputs("      ", g->out);
    gen_expr_of(g, &s, (GType){.kind = TY_BOOL}, 2);
    fprintf(g->out, " -> %s%s\n", arm->name, i + 1 < arms ? "," : "");
  }
  fputs("    }", g->out);
  policy(g, &s);
  fputs("\n", g->out);
}

static void stream_union(Gen *g) {
  GStream *a = some_stream(g);
  if (!a->len || a->errors) return;
  for (int tries = 0; tries < 10; tries++) {
    GStream *b = some_stream(g);
    bool good = a != b && a->len == b->len && !b->errors;
    for (int i = 0; good && i < a->len; i++) {
      GType x = a->cols[i].t, y = b->cols[i].t;
      good = !strcmp(a->cols[i].name, b->cols[i].name) && x.kind == y.kind && x.p == y.p && x.s == y.s && x.variant == y.variant;
    }
    if (!good) continue;
    a->used = b->used = true;
    char one[24], two[24];
    snprintf(one, sizeof one, "%s", a->name);
    snprintf(two, sizeof two, "%s", b->name);
    GStream *u = stream_new(g, a);
    for (int i = 0; i < u->len; i++) u->cols[i].t.null = true;
    u->loose = true;
    fprintf(g->out, "%s = union %s, %s\n", u->name, one, two);
    return;
  }
}

static void sink(Gen *g, const GStream *s) {
  bool nested = false;
  for (int i = 0; i < s->len; i++) nested |= s->cols[i].t.kind == TY_LIST || s->cols[i].t.kind == TY_STRUCT;
  if (!s->len) return;
  fprintf(g->out, "%s\n", s->name);
  head(g, (GStream *)(uintptr_t)s);
  int part = gen_chance(g, 6) ? find_kind(g, s, TY_ENUM) : -1;
  if (part >= 0 && !s->cols[part].t.null && !nested && !s->errors) {
    fprintf(g->out, "  | write csv(\"out/%d/{%s}.csv\")\n", g->sink_len++, s->cols[part].name);
    return;
  }
  if (!nested && gen_chance(g, 65)) {
    fprintf(g->out, "  | write csv(\"out/%d.csv\"", g->sink_len++);
    if (gen_chance(g, 8)) fputs(", delimiter = \";\"", g->out);
    if (gen_chance(g, 8)) fputs(", null = \"NA\"", g->out);
    if (gen_chance(g, 8)) fputs(", header = false", g->out);
    fputs(")\n", g->out);
  } else {
    fprintf(g->out, "  | write %s(\"out/%d.json\")\n", gen_chance(g, 80) ? "jsonl" : "json", g->sink_len++);
  }
}

static void sources(Gen *g) {
  int n = 1 + (int)gen_below(g, 3);
  for (int i = 0; i < n; i++) {
    if (gen_chance(g, 6)) {
      GStream *s = stream_new(g, NULL);
      fprintf(g->out, "%s = range(%u)\n  | derive c0 = i64(n)\n  | select c0\n", s->name, gen_below(g, 40));
      col_add(s, "c0", (GType){.kind = TY_I64});
      continue;
    }
    if (gen_chance(g, 6)) {
      GStream *s = stream_new(g, NULL);
      int rows = 1 + (int)gen_below(g, 5);
      fprintf(g->out, "%s = values [", s->name);
      for (int k = 0; k < rows; k++) {
        fprintf(g->out, "%s\n  {c0 = ", k ? "," : "");
        gen_literal(g, (GType){.kind = TY_I64});
        fputs(", c1 = ", g->out);
        gen_literal(g, (GType){.kind = TY_STRING});
        fputs("}", g->out);
      }
      fputs("\n]\n", g->out);
      col_add(s, "c0", (GType){.kind = TY_I64});
      col_add(s, "c1", (GType){.kind = TY_STRING});
      continue;
    }
    int format = gen_chance(g, 25);
    gen_source(g, format);
    fputs("   ", g->out);
    if (!g->may_fail || gen_chance(g, 30)) {
      uint32_t k = gen_below(g, 10);
      if (k < 5) error_port(g, format == 1, true);
      else if (k < 8) fputs(" on error skip", g->out);
      else fputs(" on error null", g->out);
    }
    fputc('\n', g->out);
  }
}

void gen_case(uint64_t seed, unsigned holds, Case *out) {
  Gen g = {.state = seed * 0x2545f4914f6cdd1du + 1, .c = out, .holds = holds};
  size_t size;
  *out = (Case){0};
  g.out = open_memstream(&out->script, &size);
  g.may_fail = gen_chance(&g, 15);
  g.damaged = gen_chance(&g, 40);
  if (!g.may_fail) fputs("default on error skip\n", g.out);
  fputs("param lim: i64 = 5\nparam word: string? = null\nlet seven = 7\n"
        "fn half(x: i64?) -> i64? = x // 2\n"
        "fn both(x: string?, y: i64?) -> string? = if y > seven then x + \"!\" else f\"{y}:{x}\" end\n"
        "fn pick(x: i64?, y: i64?) -> i64? = match x { 0, 1 => y; 2 => x * y; _ if y > x => y - x; _ => x }\n", g.out);
  sources(&g);
  int n = 1 + (int)gen_below(&g, 5);
  for (int i = 0; i < n; i++) {
    uint32_t k = gen_below(&g, 10);
    if (k == 0) stream_route(&g);
    else if (k == 1) stream_union(&g);
    else stream_chain(&g);
  }
  for (int i = 0; i < g.stream_len; i++)
    if (!g.streams[i].used || gen_chance(&g, 15)) sink(&g, &g.streams[i]);
  fclose(g.out);
}

void case_free(Case *c) {
  free(c->script);
  for (int i = 0; i < c->file_len; i++) free(c->files[i].path), free(c->files[i].data);
  *c = (Case){0};
}

Case case_copy(const Case *c) {
  Case copy = {.script = strdup(c->script), .file_len = c->file_len};
  for (int i = 0; i < c->file_len; i++) {
    copy.files[i] = (CaseFile){strdup(c->files[i].path), malloc(c->files[i].size + 1), c->files[i].size};
    memcpy(copy.files[i].data, c->files[i].data, c->files[i].size);
    copy.files[i].data[c->files[i].size] = 0;
  }
  return copy;
}
