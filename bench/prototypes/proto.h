/* proto.h: the harness of the prototypes. A program asks one question, its alternatives do the same job in different ways.
 *
 * Each run of an alternative is a process of its own, made by fork from a small one: a fresh heap, a peak that is its
 * own, and a crash that is told apart. Alternatives run in turn (A B C, A B C, ...), medians count. Every run ends
 * with a checksum over what it computed; one that differs from the first makes the program fail, whatever its speed. */
#ifndef BENCH_PROTO_H
#define BENCH_PROTO_H

#include <stddef.h>
#include <stdint.h>

enum { PROTO_VALUES = 8, PROTO_REPEATS_MAX = 64 };

/* What a run tells. Instructions are those of user mode, all threads; negative where the machine does not count them. */
typedef struct ProtoRun {
  uint64_t check;               /* the same for all alternatives */
  double seconds, cpu_seconds;  /* between proto_begin and proto_end */
  double instructions;
  double grown;                 /* peak resident bytes of the process, less those at proto_begin */
  double value[PROTO_VALUES];   /* the program's own figures */
} ProtoRun;

typedef struct ProtoCase {
  const char *name;
  void (*run)(ProtoRun *r, uint64_t arg);   /* fills check and value, calls proto_begin and proto_end */
  uint64_t arg;
} ProtoCase;

/* The words of the command line: --quick (seconds for all programs), --repeats N, --dir DIR (data and temporary files),
 * --flowc FILE. Ends the program on others. */
typedef struct ProtoOptions {
  int quick;
  int repeats;
  const char *dir, *flowc;
} ProtoOptions;
extern ProtoOptions proto_options;
void proto_init(int argc, char **argv);

/* A number for the full form and one for --quick. */
uint64_t proto_size(uint64_t full, uint64_t quick);

/* The measured part of a run; may be stopped and begun again, and adds up. */
void proto_begin(ProtoRun *r);
void proto_end(ProtoRun *r);

/* Runs all cases proto_options.repeats times; medians[i] belongs to cases[i]. Returns 1 when all runs ended well with
 * the same check, else 0 after a line on standard error for each that did not. */
int proto_measure(const ProtoCase *cases, size_t len, ProtoRun *medians);

/* A program run to its end, standard output and error to /dev/null unless `out` names a file. Counts like
 * proto_begin..proto_end would. Returns the exit code, 128 + signal, or -1. */
int proto_command(ProtoRun *r, const char *const *argv, const char *out);

double proto_now(void);                        /* seconds, monotonic */
double proto_cpu(void);                        /* seconds that this thread has computed: neighbours do not count */
uint64_t proto_random(uint64_t *state);        /* xorshift64 (Marsaglia 2003); the state is not 0 */
uint64_t proto_hash(uint64_t h, const void *bytes, size_t len);   /* FNV-1a by words of 8 bytes; h: 0 or the last answer */
uint64_t proto_resident(void);                 /* bytes */
void *proto_alloc(size_t size);                /* malloc that ends the program when it fails */
void proto_die(const char *what);              /* perror, exit 2 */
double proto_percentile(double *values, size_t len, double of_100);   /* sorts the values */

/* A line with the instructions of each alternative for one of `units` things; nothing where they are not counted. */
void proto_print_instructions(const ProtoCase *cases, const ProtoRun *medians, size_t len, double units, const char *unit);

/* One row of a table: `| a | b |`. Formats: "s" text, "0".."3" a number with as many decimals, "n" thousands with
 * commas; a negative number is `-` (not measured). */
void proto_row(const char *formats, ...);

#endif
