/* generate.c: the orders of a shop, invented, the same on every machine.
 *   generate DIR [ROWS]   writes DIR/orders-1.csv to orders-4.csv and DIR/customers.csv
 * One order in 400 is damaged on purpose, in one of the ways that real files are; file 3 has its columns in
 * another order. The random numbers are SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
 * Generators, 2014). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILES = 4, CUSTOMERS = 5000, ORDERS = 400000, DAMAGED_ONE_IN = 400 };

static uint64_t state = 20260701;

static uint64_t next_random(void) {
  uint64_t z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static unsigned below(unsigned n) { return (unsigned)(next_random() % n); }

static const char *const regions[] = {"EU", "US", "APAC"};
static const char *const states[] = {"paid", "paid", "paid", "paid", "shipped", "shipped", "open", "cancelled"};
static const char *const names[] = {"anna", "bob", "chloe", "dmitri", "emeka", "farid", "grace", "hiro", "ines", "jan"};
static const char *const items[] = {"Mug \"\"Dawn\"\", blue", "Tea, green", "Notebook", "Lamp", "Pencils, 12",
                                    "Müsli 500 g", "Chair", "Kettle"};

typedef struct Order {
  unsigned id, customer, second, pieces;
  const char *region, *state, *name, *item;
  char amount[24], discount[12];
} Order;

static Order order_make(unsigned id) {
  unsigned cents = below(10) ? 500 + below(20000) : 50000 + below(250000), off = below(4);
  Order o = {.id = id,
             .customer = 1 + below(CUSTOMERS),
             .second = below(86400),
             .pieces = 1 + below(9),
             .region = regions[below(3)],
             .state = states[below(8)],
             .name = names[below(10)],
             .item = items[below(8)]};
  snprintf(o.amount, sizeof o.amount, "%u.%02u", cents / 100, cents % 100);
  if (off == 0) snprintf(o.discount, sizeof o.discount, "0.%02u", 5 * (1 + below(6)));
  return o;
}

static void put_order(FILE *f, const Order *o, int turned) {
  char time[64];
  snprintf(time, sizeof time, "2026-07-01 %02u:%02u:%02u", o->second / 3600, o->second / 60 % 60, o->second % 60);
  if (turned)
    fprintf(f, "%s,%s,%u,%s,%u,\"%s\",%u,%s,%s%u@example.com,%s\n", time, o->region, o->id, o->amount, o->customer,
            o->item, o->pieces, o->discount, o->name, o->customer, o->state);
  else
    fprintf(f, "%u,%u,%s,%s,\"%s\",%u,%s,%s,%s%u@example.com,%s\n", o->id, o->customer, time, o->region, o->item,
            o->pieces, o->amount, o->discount, o->name, o->customer, o->state);
}

/* An order as it should not be: a wrong number, date, region or address, a field too many, half a line. */
static void put_damaged(FILE *f, const Order *o, int turned) {
  Order bad = *o;
  switch (below(6)) {
    case 0: snprintf(bad.amount, sizeof bad.amount, "%u,50 EUR", below(100)); break;
    case 1: snprintf(bad.amount, sizeof bad.amount, "-%u.00", 1 + below(100)); break;
    case 2: bad.region = "MOON"; break;
    case 3: bad.name = "no address of "; break;
    case 4: bad.state = "paid,twice"; break;
    default: fprintf(f, "%u,%u,2026-07-\n", o->id, o->customer); return;
  }
  put_order(f, &bad, turned);
}

static FILE *file_open(const char *dir, const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  FILE *f = fopen(path, "w");
  if (!f) {
    perror(path);
    exit(1);
  }
  return f;
}

static void file_close(FILE *f) {
  if (fclose(f)) {
    perror("write");
    exit(1);
  }
}

static void write_orders(const char *dir, int number, unsigned first, unsigned rows) {
  char name[32];
  int turned = number == 3;
  snprintf(name, sizeof name, "orders-%d.csv", number);
  FILE *f = file_open(dir, name);
  fputs(turned ? "ts,region,order_id,amount,Customer ID,item,pieces,discount,email,status\n"
               : "order_id,Customer ID,ts,region,item,pieces,amount,discount,email,status\n", f);
  for (unsigned i = 0; i < rows; i++) {
    Order o = order_make(first + i);
    if (below(DAMAGED_ONE_IN) == 0)
      put_damaged(f, &o, turned);
    else
      put_order(f, &o, turned);
  }
  file_close(f);
}

static void write_customers(const char *dir) {
  static const char *const tiers[] = {"basic", "basic", "silver", "gold"};
  FILE *f = file_open(dir, "customers.csv");
  fputs("id,name,tier\n", f);
  for (unsigned id = 1; id <= CUSTOMERS; id++)
    if (id % 500) fprintf(f, "%u,%s %u,%s\n", id, names[below(10)], id, tiers[below(4)]);
  file_close(f);
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fputs("generate DIR [ROWS]\n", stderr);
    return 1;
  }
  unsigned rows = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : ORDERS, each = rows / FILES;
  for (int number = 1; number <= FILES; number++) write_orders(argv[1], number, 1 + (unsigned)(number - 1) * each, each);
  write_customers(argv[1]);
  return 0;
}
