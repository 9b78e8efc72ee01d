/* gen.c: writes the benchmark's orders, the same bytes for the same arguments.
 *
 *   gen ROWS [jsonl | log | brc] [bad=PERCENT] [wide=COLUMNS] [text=BYTES] [skew]
 *
 * Each row takes two numbers of a xorshift generator (Marsaglia 2003). `bad` spoils that share of the rows of
 * a CSV file, in turn: a word for a number, a field too many, a field too few, a date that does not exist.
 * `wide` adds integer columns c1.. up to that many columns; `text` makes notes of about that many bytes; `skew` draws customers from
 * a distribution near Zipf's: each power of two of them has the same share of the rows, so that one has 5 %. `log` writes page views as
 * a web counter sees them, `brc` the stations and temperatures of the one billion row challenge. */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Gen {
  uint64_t rows, state;
  enum { GEN_CSV, GEN_JSONL, GEN_LOG, GEN_BRC } form;
  int skew;
  unsigned bad, wide, text; /* bad: of 10,000 */
} Gen;

typedef struct Order {
  uint64_t id;
  unsigned month, day, hour, minute, second, customer, product, qty, price, discount;
  const char *country, *status, *word, *word2;
  int quoted, flag, bad;
} Order;

enum { GEN_ROOM = 1 << 20, GEN_COLUMNS = 12, GEN_TEXT_MAX = 60000, GEN_WIDE_MAX = 4000 };

static const char *const gen_countries[] = {"US", "DE", "FR", "GB", "PL", "IT", "ES", "NL", "BE", "SE",
                                            "NO", "FI", "DK", "CZ", "AT", "CH", "JP", "CN", "IN", "BR"};
static const char *const gen_states[] = {"shipped", "pending", "returned", "cancelled", "processing"};
static const char *const gen_words[] = {"alpha", "bravo", "charlie", "delta", "echo",
                                        "foxtrot", "golf", "hotel", "india", "juliet"};
static char gen_buf[GEN_ROOM + 4 * GEN_TEXT_MAX];

static uint64_t gen_next(Gen *g) {
  g->state ^= g->state << 13, g->state ^= g->state >> 7, g->state ^= g->state << 17;
  return g->state;
}

/* 1 to 2^20 - 1. */
static uint64_t gen_zipf(uint64_t a, uint64_t b) {
  unsigned octave = (unsigned)((a >> 20) % 20);
  return (uint64_t)1 << octave | (b & (((uint64_t)1 << octave) - 1));
}

static Order gen_order(Gen *g, uint64_t id) {
  uint64_t a = gen_next(g), b = gen_next(g);
  Order o = {.id = id, .day = 1 + a % 28, .month = 1 + (a >> 8) % 12, .hour = (a >> 16) % 24,
             .minute = (a >> 24) % 60, .second = (a >> 32) % 60, .customer = b % 1000000,
             .product = (b >> 20) % 50000, .qty = 1 + (b >> 40) % 20, .price = 100 + (a >> 40) % 99900,
             .discount = (b >> 50) % 31, .country = gen_countries[(a >> 13) % 20],
             .status = gen_states[(b >> 9) % 5], .word = gen_words[a % 10], .word2 = gen_words[b % 10],
             .quoted = (a >> 5) % 10 == 0, .flag = b & 1};
  if (g->skew) o.customer = (unsigned)gen_zipf(a, b);
  o.bad = g->bad && (a ^ b >> 3) % 10000 < g->bad ? 1 + (int)(b >> 33) % 4 : 0;
  return o;
}

static char *gen_put(char *p, const char *text) {
  size_t n = strlen(text);
  memcpy(p, text, n);
  return p + n;
}

static char *gen_digits(char *p, uint64_t v, int width) {
  char rev[24];
  int n = 0;
  do rev[n++] = (char)('0' + v % 10), v /= 10;
  while (v || n < width);
  while (n) *p++ = rev[--n];
  return p;
}

static char *gen_stamp(char *p, const Order *o) {
  p = gen_digits(gen_put(p, "2024-"), o->bad == 4 ? 13 : o->month, 2);
  p = gen_digits(gen_put(p, "-"), o->day, 2);
  p = gen_digits(gen_put(p, "T"), o->hour, 2);
  p = gen_digits(gen_put(p, ":"), o->minute, 2);
  p = gen_digits(gen_put(p, ":"), o->second, 2);
  return gen_put(p, "Z");
}

static char *gen_cents(char *p, unsigned v) { return gen_digits(gen_put(gen_digits(p, v / 100, 1), "."), v % 100, 2); }

static char *gen_note(const Gen *g, char *p, const Order *o, const char *between) {
  const char *start = p;
  p = gen_put(gen_put(gen_put(p, o->word), between), o->word2);
  for (unsigned i = 0; p - start < (ptrdiff_t)g->text; i++) p = gen_put(gen_put(p, " "), gen_words[(o->product + i) % 10]);
  return p;
}

static char *gen_csv(const Gen *g, char *p, const Order *o) {
  p = gen_put(gen_stamp(gen_put(gen_digits(p, o->id, 1), ","), o), ",");
  p = gen_put(gen_digits(p, o->customer, 1), ",");
  p = gen_digits(gen_put(gen_put(p, o->country), ",SKU-"), o->product, 6);
  p = gen_put(p, ",");
  p = o->bad == 1 ? gen_put(p, "many") : gen_digits(p, o->qty, 1);
  p = gen_cents(gen_put(p, ","), o->price);
  if (o->bad != 3) p = gen_cents(gen_put(p, ","), o->discount);
  p = gen_put(gen_put(gen_put(p, ","), o->status), ",user");
  p = gen_put(gen_digits(p, o->customer, 1), "@example.com,");
  if (o->quoted) p = gen_put(gen_note(g, gen_put(p, "\""), o, ", "), "\"");
  else p = gen_note(g, p, o, " ");
  p = gen_put(p, o->flag ? ",true" : ",false");
  if (o->bad == 2) p = gen_put(p, ",more");
  for (unsigned i = GEN_COLUMNS; i < g->wide; i++) p = gen_digits(gen_put(p, ","), (o->customer + i * 7919u) % 100000, 1);
  *p++ = '\n';
  return p;
}

static char *gen_json(const Gen *g, char *p, const Order *o) {
  p = gen_stamp(gen_put(gen_digits(gen_put(p, "{\"id\":"), o->id, 1), ",\"ts\":\""), o);
  p = gen_digits(gen_put(p, "\",\"customer_id\":"), o->customer, 1);
  p = gen_put(gen_put(p, ",\"country\":\""), o->country);
  p = gen_digits(gen_put(p, "\",\"product\":\"SKU-"), o->product, 6);
  p = gen_digits(gen_put(p, "\",\"qty\":"), o->qty, 1);
  p = gen_cents(gen_put(p, ",\"price\":"), o->price);
  p = gen_cents(gen_put(p, ",\"discount\":"), o->discount);
  p = gen_put(gen_put(p, ",\"status\":\""), o->status);
  p = gen_digits(gen_put(p, "\",\"email\":\"user"), o->customer, 1);
  p = gen_note(g, gen_put(p, "@example.com\",\"note\":\""), o, ", ");
  return gen_put(gen_put(gen_put(p, "\",\"flag\":"), o->flag ? "true" : "false"), "}\n");
}

static char *gen_log(char *p, const Order *o, uint64_t a, uint64_t b) {
  uint64_t page = gen_zipf(a, b);
  p = gen_digits(gen_put(gen_stamp(p, o), ","), gen_zipf(b, a) * 7919 % 1000003, 1);
  p = gen_digits(gen_put(p, ","), o->product % 5000, 1);
  p = gen_digits(gen_put(p, ",https://"), page % 97, 1);
  p = gen_put(gen_put(gen_put(gen_put(p, ".example.com/"), o->word), "/"), o->word2);
  p = gen_digits(gen_put(p, "?id="), page, 1);
  p = gen_put(p, ",");
  if (o->discount % 3) p = gen_digits(gen_put(p, "https://search.example.org/?q="), o->product, 1);
  p = gen_put(p, ",");
  if (o->qty < 3) p = gen_put(gen_put(gen_put(p, o->word2), " "), gen_words[o->product % 10]);
  p = gen_digits(gen_put(p, ","), 320 + o->discount * 64, 1);
  p = gen_digits(gen_put(p, ","), o->price * 10, 1);
  return gen_put(p, o->flag ? ",true\n" : ",false\n");
}

static char *gen_brc(char *p, uint64_t a, uint64_t b) {
  unsigned station = (unsigned)(a >> 20) % 413, tenths = (unsigned)((b >> 12) % 1400);
  p = gen_put(gen_put(p, gen_words[station % 10]), gen_words[station / 10 % 10]);
  p = gen_put(gen_digits(p, station, 1), tenths < 400 ? ";-" : ";");
  tenths = tenths < 400 ? tenths + 1 : tenths - 400;
  return gen_put(gen_digits(gen_put(gen_digits(p, tenths / 10, 1), "."), tenths % 10, 1), "\n");
}

static char *gen_row(Gen *g, char *p, uint64_t id) {
  if (g->form == GEN_BRC) {
    uint64_t a = gen_next(g), b = gen_next(g);
    return gen_brc(p, a, b);
  }
  uint64_t seen = g->state;
  Order o = gen_order(g, id);
  if (g->form == GEN_LOG) return gen_log(p, &o, seen, g->state);
  return g->form == GEN_JSONL ? gen_json(g, p, &o) : gen_csv(g, p, &o);
}

static char *gen_header(const Gen *g, char *p) {
  if (g->form == GEN_LOG) return gen_put(p, "time,user,region,url,referer,phrase,width,duration,mobile\n");
  if (g->form != GEN_CSV) return p;
  p = gen_put(p, "id,ts,customer_id,country,product,qty,price,discount,status,email,note,flag");
  for (unsigned i = GEN_COLUMNS; i < g->wide; i++) p = gen_digits(gen_put(p, ",c"), i - GEN_COLUMNS + 1, 1);
  return gen_put(p, "\n");
}

static int gen_arg(Gen *g, const char *arg) {
  if (strcmp(arg, "jsonl") == 0) g->form = GEN_JSONL;
  else if (strcmp(arg, "log") == 0) g->form = GEN_LOG;
  else if (strcmp(arg, "brc") == 0) g->form = GEN_BRC;
  else if (strcmp(arg, "skew") == 0) g->skew = 1;
  else if (strncmp(arg, "bad=", 4) == 0) g->bad = (unsigned)(strtod(arg + 4, NULL) * 100);
  else if (strncmp(arg, "wide=", 5) == 0) g->wide = (unsigned)strtoul(arg + 5, NULL, 10);
  else if (strncmp(arg, "text=", 5) == 0) g->text = (unsigned)strtoul(arg + 5, NULL, 10);
  else return 0;
  return g->bad <= 10000 && g->wide <= GEN_WIDE_MAX && g->text <= GEN_TEXT_MAX;
}

static int gen_flush(char **p) {
  size_t n = (size_t)(*p - gen_buf);
  *p = gen_buf;
  return fwrite(gen_buf, 1, n, stdout) == n;
}

int main(int argc, char **argv) {
  Gen g = {.state = 88172645463325252u};
  int ok = argc > 1;
  if (ok) g.rows = strtoull(argv[1], NULL, 10);
  for (int i = 2; i < argc; i++) ok = gen_arg(&g, argv[i]) && ok;
  if (!ok) {
    fprintf(stderr, "usage: gen ROWS [jsonl | log | brc] [bad=PERCENT] [wide=COLUMNS] [text=BYTES] [skew]\n");
    return 1;
  }
  char *p = gen_header(&g, gen_buf);
  for (uint64_t i = 0; i < g.rows; i++) {
    p = gen_row(&g, p, i);
    if (p - gen_buf >= GEN_ROOM && !gen_flush(&p)) return 1;
  }
  return gen_flush(&p) && fflush(stdout) == 0 ? 0 : 1;
}
