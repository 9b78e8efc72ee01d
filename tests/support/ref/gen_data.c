/* gen_data.c: random types, and files of rows for them, with what is met in practice and what is not. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"

const char *const gen_enums[2][4] = {{"EU", "US", "APAC", NULL}, {"low", "mid range", "high", NULL}};

#define PICK(g, list) list[gen_below(g, sizeof(list) / sizeof *(list))]

static const char *const int_low[] = {"-128", "-32768", "-2147483648", "-9223372036854775808", "0", "0", "0", "0"};
static const char *const int_high[] = {"127", "32767", "2147483647", "9223372036854775807", "255", "65535", "4294967295", "18446744073709551615"};

static void put_integer(Gen *g, FILE *f, TypeKind k) {
  bool is_signed = k <= TY_I64;
  switch (gen_below(g, 12)) {
    case 0: fputs(int_low[k - TY_I8], f); break;
    case 1: fputs(int_high[k - TY_I8], f); break;
    case 2: fprintf(f, "%s", is_signed ? "-1" : "1"); break;
    case 3: fprintf(f, "0"); break;
    default: fprintf(f, "%s%u", is_signed && gen_chance(g, 25) ? "-" : "", gen_below(g, gen_chance(g, 60) ? 8 : 120)); break;
  }
}

static void put_decimal(Gen *g, FILE *f, GType t) {
  if (gen_chance(g, 30)) fputc('-', f);
  int whole = t.p - t.s, digits = gen_chance(g, 12) ? whole : (int)gen_below(g, (uint32_t)(whole > 5 ? 5 : whole) + 1);
  fputc(digits ? (char)('1' + gen_below(g, 9)) : '0', f);
  for (int i = 1; i < digits; i++) fputc((char)('0' + gen_below(g, 10)), f);
  int places = (int)gen_below(g, (uint32_t)t.s + 1);
  if (places) fputc('.', f);
  for (int i = 0; i < places; i++) fputc((char)('0' + gen_below(g, 10)), f);
}

static void put_float(Gen *g, FILE *f, bool json) {
  static const char *const odd[] = {"0", "-0.0", "1e300", "1e-300", "0.1", "2.5", "-1.5", "123456789.125", "1e15", "3.4e38", "16777217", "0.30000000000000004"};
  static const char *const words[] = {"nan", "inf", "-inf"};
  if (!json && gen_chance(g, 10)) fputs(PICK(g, words), f);
  else if (gen_chance(g, 50)) fputs(PICK(g, odd), f);
  else fprintf(f, "%d.%u", (int)gen_below(g, 200) - 100, gen_below(g, 1000));
}

static void put_day(Gen *g, FILE *f) {
  static const char *const odd[] = {"0001-01-01", "9999-12-31", "2000-02-29", "1969-12-31", "1970-01-01"};
  if (gen_chance(g, 15)) fputs(PICK(g, odd), f);
  else fprintf(f, "2026-%02u-%02u", 1 + gen_below(g, 12), 1 + gen_below(g, 28));
}

static void put_clock(Gen *g, FILE *f) {
  fprintf(f, "%02u:%02u:%02u", gen_below(g, 24), gen_below(g, 60), gen_below(g, 60));
  if (gen_chance(g, 20)) fprintf(f, ".%u", 1 + gen_below(g, 999999));
}

static const char *const texts[] = {"a", "b", "abc", "EU", "x,y", "he said \"no\"", "line\nbreak", " pad ", "ÄÖß", "日本語", "😀", "12", "-7", "1.5", "2026-07-01",
                                    "true", "a,b,,c", "NA", "e\xcc\x81", "tab\there", "a;b", "'", "back\\slash", "cr\rhere", "", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"};

/* The text of a value as it would stand in a file, not quoted. */
static void put_value(Gen *g, FILE *f, GType t, bool json) {
  static const char *const yes[] = {"true", "false", "T", "no", "1", "Yes", "0", "f"};
  switch (t.kind) {
    case TY_BOOL: fputs(json ? gen_chance(g, 50) ? "true" : "false" : PICK(g, yes), f); break;
    case TY_F32: case TY_F64: put_float(g, f, json); break;
    case TY_DECIMAL: put_decimal(g, f, t); break;
    case TY_STRING: fputs(PICK(g, texts), f); break;
    case TY_DATE: put_day(g, f); break;
    case TY_TIME: put_clock(g, f); break;
    case TY_TIMESTAMP:
      put_day(g, f);
      fputc(gen_chance(g, 50) ? 'T' : ' ', f);
      put_clock(g, f);
      fputs(gen_chance(g, 60) ? "Z" : gen_chance(g, 50) ? "" : "+02:00", f);
      break;
    case TY_DURATION: fprintf(f, "%uh%um", 1 + gen_below(g, 30), 1 + gen_below(g, 59)); break;
    case TY_UUID: fprintf(f, "%s-d9cb-469f-a165-7086772895%02x", gen_chance(g, 50) ? "0f8fad5b" : "0F8FAD5B", gen_below(g, 4)); break;
    case TY_ENUM: fputs(gen_enums[t.variant][gen_below(g, 3)], f); break;
    default: put_integer(g, f, t.kind); break;
  }
}

static void put_bad(Gen *g, FILE *f) {
  static const char *const bad[] = {"x", "7.0", "1e3", " 7", "1_000", "99999999999999999999999999999999999999999", "2026-02-30", "-", "+", "25:00:00", "1.23456789012", "??", "1,5"};
  fputs(PICK(g, bad), f);
}

static char *collected(FILE *f, char **text) {
  fclose(f);
  return *text;
}

static void csv_field(Gen *g, FILE *f, GType t, bool bad, char delimiter) {
  char *text;
  size_t size;
  if (t.null && gen_chance(g, 25)) {
    if (t.kind == TY_STRING && gen_chance(g, 40)) fputs("\"\"", f);
    return;
  }
  FILE *m = open_memstream(&text, &size);
  if (bad && gen_chance(g, 30)) put_bad(g, m);
  else put_value(g, m, t, false);
  collected(m, &text);
  bool quotes = strpbrk(text, "\"\r\n") || strchr(text, delimiter) || gen_chance(g, 6);
  if (!*text && gen_chance(g, 50)) quotes = true;
  if (quotes) fputc('"', f);
  for (const char *p = text; *p; p++) {
    if (*p == '"') fputc('"', f);
    fputc(*p, f);
  }
  if (quotes) fputc('"', f);
  free(text);
}

static void csv_damage(Gen *g, FILE *f, const GStream *s) {
  static const char *const pieces[] = {"\"", "\"\"", ",", ",", "\n", "\r", "\r\n", " ", "a", "12", ";", "\t", "\xc3", "é", "NA", "\\"};
  switch (gen_below(g, 9)) {
    case 5: case 6: case 7: case 8:
      for (uint32_t i = gen_below(g, 14); i > 0; i--) fputs(PICK(g, pieces), f);
      break;
    case 0: fputs("1,2", f); break;
    case 1:
      for (int i = 0; i < s->len + 1; i++) fputs("1,", f);
      break;
    case 2: fputs("\"ab\"c,1", f); break;
    case 3: fputs("\"open,1,2", f); break;
    default: fputs("\xff\xfe,\xc3,1", f); break;
  }
}

static void csv_data(Gen *g, FILE *f, const GStream *s, const int *order, const char *const *headers, int rows, char delimiter) {
  const char *end = gen_chance(g, 20) ? "\r\n" : "\n";
  if (gen_chance(g, 10)) fputs("\xef\xbb\xbf", f);
  for (int i = 0; i < s->len; i++) {
    if (i) fputc(delimiter, f);
    fputs(headers[order[i]], f);
  }
  bool more = gen_chance(g, 10);
  if (more) fprintf(f, "%cextra", delimiter);
  fputs(end, f);
  for (int r = 0; r < rows; r++) {
    if (gen_chance(g, 2)) fputs(end, f);
    if (g->damaged && gen_chance(g, 3)) {
      csv_damage(g, f, s);
    } else {
      bool bad = g->damaged && gen_chance(g, 8);
      for (int i = 0; i < s->len; i++) {
        if (i) fputc(delimiter, f);
        csv_field(g, f, s->cols[order[i]].t, bad, delimiter);
      }
      if (more) fprintf(f, "%cmore", delimiter);
    }
    if (r + 1 < rows || gen_chance(g, 80)) fputs(end, f);
  }
}

/* ---- JSON ---- */

static void json_string(Gen *g, FILE *f, const char *text) {
  fputc('"', f);
  for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
    if (*p == '"' || *p == '\\') fprintf(f, "\\%c", *p);
    else if (*p < 0x20) fprintf(f, "\\u%04X", *p);
    else if (*p < 0x80 && gen_chance(g, 2)) fprintf(f, "\\u%04x", *p);
    else fputc(*p, f);
  }
  fputc('"', f);
}

static void json_value(Gen *g, FILE *f, GType t, bool bad) {
  char *text;
  size_t size;
  if (bad && gen_chance(g, 30)) {
    static const char *const wrong[] = {"null", "\"x\"", "1.5", "[]", "{}", "true", "-1", "1e400"};
    fputs(PICK(g, wrong), f);
    return;
  }
  if (t.null && gen_chance(g, 20)) {
    fputs("null", f);
  } else if (t.kind == TY_LIST) {
    uint32_t n = gen_below(g, 4);
    fputc('[', f);
    for (uint32_t i = 0; i < n; i++) {
      if (i) fputs(gen_chance(g, 20) ? " , " : ",", f);
      json_value(g, f, (GType){.kind = t.variant ? TY_STRING : TY_I64}, false);
    }
    fputc(']', f);
  } else if (t.kind == TY_STRUCT) {
    fputs("{\"n\": ", f);
    json_value(g, f, (GType){.kind = TY_I64}, false);
    fputs(", \"word\": ", f);
    json_value(g, f, (GType){.kind = TY_STRING, .null = true}, false);
    fputs("}", f);
  } else {
    FILE *m = open_memstream(&text, &size);
    put_value(g, m, t, true);
    collected(m, &text);
    bool number = (t.kind >= TY_I8 && t.kind <= TY_DECIMAL) || t.kind == TY_BOOL;
    if (number) fputs(text, f);
    else json_string(g, f, text);
    free(text);
  }
}

static void json_data(Gen *g, FILE *f, const GStream *s, const char *const *headers, int rows) {
  for (int r = 0; r < rows; r++) {
    if (g->damaged && gen_chance(g, 3)) {
      static const char *const bad[] = {"{", "[1]", "{\"a\":01}", "nonsense", "{\"c0\":1,}", "{\"a\":\"\\ud800\"}", "{} {}", "\"text\""};
      fputs(PICK(g, bad), f);
    } else {
      bool bad = g->damaged && gen_chance(g, 8), first = true;
      int shift = (int)gen_below(g, (uint32_t)s->len);
      fputc('{', f);
      for (int i = 0; i < s->len; i++) {
        const GCol *c = &s->cols[(i + shift) % s->len];
        if (c->t.null && gen_chance(g, 10)) continue;
        fprintf(f, "%s\"%s\":%s", first ? "" : gen_chance(g, 20) ? ", " : ",", headers[(i + shift) % s->len], gen_chance(g, 20) ? " " : "");
        json_value(g, f, c->t, bad);
        first = false;
      }
      if (gen_chance(g, 10)) fprintf(f, "%s\"unknown\": [{\"x\": null}]", first ? "" : ",");
      fputc('}', f);
    }
    fputs(gen_chance(g, 5) ? "\r\n" : "\n", f);
  }
}

/* ---- types ---- */

static void field_attributes(Gen *g, const GCol *c, const char **header, char *room) {
  FILE *o = g->out;
  if (gen_chance(g, 10)) {
    snprintf(room, 40, "The %s", c->name);
    *header = room;
    fprintf(o, " from \"%s\"", room);
  }
  if (!c->t.null && c->t.kind != TY_ENUM && c->t.kind != TY_LIST && c->t.kind != TY_STRUCT && c->t.kind != TY_UUID && gen_chance(g, 10)) {
    fputs(" default ", o);
    gen_literal(g, (GType){.kind = c->t.kind, .p = c->t.p, .s = c->t.s});
  }
  if (gen_chance(g, 10) && (c->t.kind == TY_I64 || c->t.kind == TY_I32)) fprintf(o, " check %s %s %d", c->name, gen_chance(g, 50) ? ">=" : "<", gen_chance(g, 50) ? -100 : 90);
  else if (gen_chance(g, 8) && c->t.kind == TY_STRING) fprintf(o, " check len(%s) < 30", c->name);
}

static int source_rows(Gen *g) {
  if (gen_chance(g, 3)) return 100 + (int)gen_below(g, 150);
  switch (gen_below(g, 8)) {
    case 0: return 0;
    case 1: return 1;
    case 2: return 7;
    case 3: return 60;
    default: return 2 + (int)gen_below(g, 30);
  }
}

void gen_source(Gen *g, int format) {
  GStream *s = &g->streams[g->stream_len++];
  const char *headers[GEN_COLS];
  char rooms[GEN_COLS][40];
  int order[GEN_COLS], id = g->scan_len++;
  *s = (GStream){.len = 1 + (int)gen_below(g, 7)};
  snprintf(s->name, sizeof s->name, "s%d", id);
  fprintf(g->out, "type T%d = {\n", id);
  for (int i = 0; i < s->len; i++) {
    GCol *c = &s->cols[i];
    snprintf(c->name, sizeof c->name, "c%d", i + (id && gen_chance(g, 30) ? 10 * id : 0));
    c->t = gen_scalar(g);
    if (format == 1 && gen_chance(g, 20)) c->t = (GType){.kind = gen_chance(g, 50) ? TY_LIST : TY_STRUCT, .variant = gen_chance(g, 50)};
    headers[i] = c->name;
    order[i] = i;
    fprintf(g->out, "  %s: ", c->name);
    gen_type(g, c->t);
    if (i == 0 && gen_chance(g, 15)) s->keyed = true, fputs(" key", g->out);
    field_attributes(g, c, &headers[i], rooms[i]);
    fputs(i + 1 < s->len ? ",\n" : "\n", g->out);
  }
  fprintf(g->out, "}\n");
  char delimiter = format == 0 && gen_chance(g, 10) ? ';' : ',';
  fprintf(g->out, "s%d = read %s(\"in/s%d.%s\"", id, format ? "jsonl" : "csv", id, format ? "jsonl" : "csv");
  if (delimiter == ';') fputs(", delimiter = \";\"", g->out);
  if (format == 0 && gen_chance(g, 10)) fputs(", null = \"NA\"", g->out);
  if (format == 0 && gen_chance(g, 10)) fputs(", trim = true", g->out);
  fprintf(g->out, ") as T%d\n", id);
  for (int i = s->len - 1; i > 0; i--) {
    int k = (int)gen_below(g, (uint32_t)i + 1), t = order[i];
    if (!gen_chance(g, 30)) continue;
    order[i] = order[k];
    order[k] = t;
  }
  CaseFile *file = &g->c->files[g->c->file_len++];
  char path[40];
  snprintf(path, sizeof path, "in/s%d.%s", id, format ? "jsonl" : "csv");
  file->path = strdup(path);
  FILE *f = open_memstream(&file->data, &file->size);
  if (format) json_data(g, f, s, headers, source_rows(g));
  else csv_data(g, f, s, order, headers, source_rows(g), delimiter);
  fclose(f);
}
