/* gen.c: data in the shape of TPC-H as CSV files with headers: the eight tables, their keys, and value
 * distributions near those of the specification, so that all 22 queries find rows. Deterministic.
 *   gen SCALE FOLDER        (SCALE 0.1: 600,000 line items, about 90 MB) */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t seed = 20260701;

static uint64_t rnd(void) {  /* SplitMix64 */
  uint64_t z = (seed += 0x9e3779b97f4a7c15ull);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

static long between(long a, long b) { return a + (long)(rnd() % (uint64_t)(b - a + 1)); }

#define PICK(list) list[rnd() % (sizeof list / sizeof *list)]

static const char *const regions[] = {"AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"};
static const struct { const char *name; int region; } nations[] = {
  {"ALGERIA", 0}, {"ARGENTINA", 1}, {"BRAZIL", 1}, {"CANADA", 1}, {"EGYPT", 4}, {"ETHIOPIA", 0}, {"FRANCE", 3}, {"GERMANY", 3},
  {"INDIA", 2}, {"INDONESIA", 2}, {"IRAN", 4}, {"IRAQ", 4}, {"JAPAN", 2}, {"JORDAN", 4}, {"KENYA", 0}, {"MOROCCO", 0},
  {"MOZAMBIQUE", 0}, {"PERU", 1}, {"CHINA", 2}, {"ROMANIA", 3}, {"SAUDI ARABIA", 4}, {"VIETNAM", 2}, {"RUSSIA", 3},
  {"UNITED KINGDOM", 3}, {"UNITED STATES", 1}};
static const char *const colours[] = {"almond", "antique", "azure", "beige", "blue", "brown", "chocolate", "coral", "cream", "cyan", "forest",
  "green", "grey", "honeydew", "indian", "ivory", "khaki", "lemon", "linen", "maroon", "navy", "olive", "orange", "pale", "peach", "pink", "plum",
  "red", "rose", "royal", "salmon", "sienna", "sky", "smoke", "snow", "steel", "tan", "tomato", "violet", "white"};
static const char *const words[] = {"furiously", "carefully", "quickly", "deposits", "accounts", "packages", "ideas", "theodolites", "pinto", "beans",
  "sleep", "wake", "haggle", "nag", "final", "regular", "express", "ironic", "pending", "bold", "silent", "even", "special", "unusual", "requests"};
static const char *const types1[] = {"STANDARD", "SMALL", "MEDIUM", "LARGE", "ECONOMY", "PROMO"};
static const char *const types2[] = {"ANODIZED", "BURNISHED", "PLATED", "POLISHED", "BRUSHED"};
static const char *const types3[] = {"TIN", "NICKEL", "BRASS", "STEEL", "COPPER"};
static const char *const boxes1[] = {"SM", "LG", "MED", "JUMBO", "WRAP"};
static const char *const boxes2[] = {"CASE", "BOX", "BAG", "JAR", "PKG", "PACK", "CAN", "DRUM"};
static const char *const segments[] = {"AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY", "HOUSEHOLD"};
static const char *const priorities[] = {"1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"};
static const char *const instructs[] = {"DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"};
static const char *const modes[] = {"REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"};

static const char *folder;

static FILE *open_table(const char *name, const char *header) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s.csv", folder, name);
  FILE *f = fopen(path, "w");
  if (!f) {
    perror(path);
    exit(1);
  }
  setvbuf(f, NULL, _IOFBF, 1 << 20);
  fprintf(f, "%s\n", header);
  return f;
}

static void put_words(FILE *f, int n) {
  for (int i = 0; i < n; i++) fprintf(f, "%s%s", i ? " " : "", PICK(words));
}

/* Days since 1970-01-01 as a date (Hinnant's civil_from_days). */
static void put_date(FILE *f, long days) {
  long z = days + 719468, era = z / 146097, doe = z - era * 146097;
  long yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, y = yoe + era * 400, doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  long mp = (5 * doy + 2) / 153, d = doy - (153 * mp + 2) / 5 + 1, m = mp < 10 ? mp + 3 : mp - 9;
  fprintf(f, "%04ld-%02ld-%02ld", y + (m <= 2), m, d);
}

static void put_cents(FILE *f, long cents) { fprintf(f, "%s%ld.%02ld", cents < 0 ? "-" : "", labs(cents) / 100, labs(cents) % 100); }

static void put_phone(FILE *f, long nation) { fprintf(f, "%ld-%ld-%ld-%ld", nation + 10, between(100, 999), between(100, 999), between(1000, 9999)); }

static long part_price(long part) { return 90000 + (part / 10) % 20001 + 100 * (part % 1000); }

static long supplier_of(long part, long i, long suppliers) { return (part + i * (suppliers / 4 + (part - 1) / suppliers)) % suppliers + 1; }

static void make_small(void) {
  FILE *f = open_table("region", "r_regionkey,r_name,r_comment");
  for (int i = 0; i < 5; i++) fprintf(f, "%d,%s,region\n", i, regions[i]);
  fclose(f);
  f = open_table("nation", "n_nationkey,n_name,n_regionkey,n_comment");
  for (int i = 0; i < 25; i++) fprintf(f, "%d,%s,%d,nation\n", i, nations[i].name, nations[i].region);
  fclose(f);
}

static void make_supplier(long n) {
  FILE *f = open_table("supplier", "s_suppkey,s_name,s_address,s_nationkey,s_phone,s_acctbal,s_comment");
  for (long i = 1; i <= n; i++) {
    long nation = between(0, 24);
    fprintf(f, "%ld,Supplier#%09ld,Street %ld,%ld,", i, i, between(1, 9999), nation);
    put_phone(f, nation);
    fputc(',', f);
    put_cents(f, between(-99999, 999999));
    fputs(i % 200 == 7 ? ",wake Customer nag Complaints " : ",", f);
    put_words(f, 6);
    fputc('\n', f);
  }
  fclose(f);
}

static void make_part(long n, long suppliers) {
  FILE *f = open_table("part", "p_partkey,p_name,p_mfgr,p_brand,p_type,p_size,p_container,p_retailprice,p_comment");
  FILE *ps = open_table("partsupp", "ps_partkey,ps_suppkey,ps_availqty,ps_supplycost,ps_comment");
  for (long i = 1; i <= n; i++) {
    long m = between(1, 5);
    fprintf(f, "%ld,%s %s %s %s %s,Manufacturer#%ld,Brand#%ld%ld,%s %s %s,%ld,%s %s,", i, PICK(colours), PICK(colours), PICK(colours),
            PICK(colours), PICK(colours), m, m, between(1, 5), PICK(types1), PICK(types2), PICK(types3), between(1, 50), PICK(boxes1), PICK(boxes2));
    put_cents(f, part_price(i));
    fputc(',', f);
    put_words(f, 2);
    fputc('\n', f);
    for (long k = 0; k < 4; k++) {
      fprintf(ps, "%ld,%ld,%ld,", i, supplier_of(i, k, suppliers), between(1, 9999));
      put_cents(ps, between(100, 100000));
      fputc(',', ps);
      put_words(ps, 8);
      fputc('\n', ps);
    }
  }
  fclose(f);
  fclose(ps);
}

static void make_customer(long n) {
  FILE *f = open_table("customer", "c_custkey,c_name,c_address,c_nationkey,c_phone,c_acctbal,c_mktsegment,c_comment");
  for (long i = 1; i <= n; i++) {
    long nation = between(0, 24);
    fprintf(f, "%ld,Customer#%09ld,Road %ld,%ld,", i, i, between(1, 9999), nation);
    put_phone(f, nation);
    fputc(',', f);
    put_cents(f, between(-99999, 999999));
    fprintf(f, ",%s,", PICK(segments));
    put_words(f, 8);
    fputc('\n', f);
  }
  fclose(f);
}

typedef struct Sizes { long suppliers, parts, customers, orders; } Sizes;

enum { FIRST_DAY = 8035 /* 1992-01-01 */, LAST_DAY = 10440 /* 1998-08-02 */, TODAY = 9298 /* 1995-06-17 */ };

/* The line items of an order; returns its price in cents, *open the number that are not shipped. */
static long make_lines(FILE *f, long key, long day, const Sizes *z, long *open, long *len) {
  long total = 0;
  *open = 0;
  *len = between(1, 7);
  for (long k = 1; k <= *len; k++) {
    long part = between(1, z->parts), quantity = between(1, 50), discount = between(0, 10), tax = between(0, 8);
    long ship = day + between(1, 121), commit = day + between(30, 90), receipt = ship + between(1, 30);
    long price = quantity * part_price(part);
    const char *flag = receipt <= TODAY ? (rnd() & 1 ? "R" : "A") : "N";
    fprintf(f, "%ld,%ld,%ld,%ld,%ld,", key, part, supplier_of(part, between(0, 3), z->suppliers), k, quantity);
    put_cents(f, price);
    fprintf(f, ",0.%02ld,0.%02ld,%s,%s,", discount, tax, flag, ship > TODAY ? "O" : "F");
    put_date(f, ship);
    fputc(',', f);
    put_date(f, commit);
    fputc(',', f);
    put_date(f, receipt);
    fprintf(f, ",%s,%s,", PICK(instructs), PICK(modes));
    put_words(f, 3);
    fputc('\n', f);
    *open += ship > TODAY;
    total += price * (100 - discount) / 100 * (100 + tax) / 100;
  }
  return total;
}

static void make_orders(const Sizes *z) {
  FILE *f = open_table("orders",
                       "o_orderkey,o_custkey,o_orderstatus,o_totalprice,o_orderdate,o_orderpriority,o_clerk,o_shippriority,o_comment");
  FILE *l = open_table("lineitem", "l_orderkey,l_partkey,l_suppkey,l_linenumber,l_quantity,l_extendedprice,l_discount,l_tax,l_returnflag,"
                                   "l_linestatus,l_shipdate,l_commitdate,l_receiptdate,l_shipinstruct,l_shipmode,l_comment");
  for (long i = 1; i <= z->orders; i++) {
    long key = (i - 1) / 8 * 32 + (i - 1) % 8 + 1, customer = between(1, z->customers), day = between(FIRST_DAY, LAST_DAY), open, len;
    if (customer % 3 == 0) customer = customer % z->customers + 1;   /* a third of the customers never order */
    if (customer % 3 == 0) customer = customer % z->customers + 1;
    long total = make_lines(l, key, day, z, &open, &len);
    fprintf(f, "%ld,%ld,%s,", key, customer, open == 0 ? "F" : open == len ? "O" : "P");
    put_cents(f, total);
    fputc(',', f);
    put_date(f, day);
    fprintf(f, ",%s,Clerk#%09ld,0,", PICK(priorities), between(1, 1000));
    if (rnd() % 50 == 0) fputs("special packages requests ", f);
    put_words(f, 5);
    fputc('\n', f);
  }
  fclose(f);
  fclose(l);
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fputs("usage: gen SCALE FOLDER\n", stderr);
    return 1;
  }
  double scale = atof(argv[1]);
  folder = argv[2];
  Sizes z = {(long)(10000 * scale), (long)(200000 * scale), (long)(150000 * scale), (long)(1500000 * scale)};
  if (z.suppliers < 10 || z.customers < 10) return 1;
  make_small();
  make_supplier(z.suppliers);
  make_part(z.parts, z.suppliers);
  make_customer(z.customers);
  make_orders(&z);
  return 0;
}
