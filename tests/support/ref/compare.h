/* compare.h: a case (a script and its input files), what became of it, and the generator's interface. */
#ifndef TESTS_REF_COMPARE_H
#define TESTS_REF_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CASE_FILES = 8 };

typedef struct CaseFile { char *path, *data; size_t size; } CaseFile;   /* owned, malloc */

typedef struct Case {
  char *script;
  CaseFile files[CASE_FILES];
  int file_len;
} Case;

typedef enum Outcome {
  CASE_SAME,
  CASE_REJECTED,       /* the script does not compile: the generator wrote nonsense */
  CASE_NOT_YET,        /* E0901: an operator that cannot run yet */
  CASE_SKIPPED,        /* the reference does not know something */
  CASE_DIFFERS,
  CASE_CRASHED
} Outcome;

typedef struct Verdict {
  Outcome outcome;
  char mode[64];       /* "--block-rows 7" */
  char why[4000];
  uint64_t rows_out;   /* rows that the reference wrote */
  int failed_run;      /* the reference expects the run to fail */
} Verdict;

typedef struct CaseOptions {
  bool cc;             /* the system's compiler too */
  const char *keep;    /* folder that expect/ is written to, or NULL */
} CaseOptions;

/* gen.c: which operators that hold rows may be used: bits. */
enum { GEN_SORT = 1, GEN_TOP = 2, GEN_AGGREGATE = 4, GEN_DISTINCT = 8, GEN_JOIN = 16, GEN_RANK = 32, GEN_WINDOW = 64,
       GEN_SESSIONIZE = 128, GEN_PIVOT = 256, GEN_LOOKUP = 512, GEN_ASOF = 1024, GEN_ALL = 2047 };
void gen_case(uint64_t seed, unsigned holds, Case *out);
void case_free(Case *c);
Case case_copy(const Case *c);

/* run.c: runs a case in a child process, in `folder` (which is emptied). */
void case_run(const Case *c, const char *folder, const CaseOptions *o, Verdict *out);

/* minimise.c: makes a case that differs smaller. */
void case_minimise(Case *c, const char *folder, const CaseOptions *o, Verdict *v);

#endif
