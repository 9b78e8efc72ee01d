/* patterns.c: nanoseconds a text of the functions that take a pattern: by the table that the compiler prints for a constant
 * one, and by PCRE2 with its JIT, in turns, best of the rounds. `make bench-patterns`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "regex/regex.h"
#include "sched/run_internal.h"
#include "text/fn_regex.h"

enum { PATTERNS_TEXTS = 512, PATTERNS_ROUNDS = 60, PATTERNS_GROUPS = 8 };

typedef enum { DO_MATCH, DO_EXTRACT, DO_GROUPS, DO_COUNT, DO_SPLIT, DO_REPLACE } What;

static const struct { const char *name; What what; const char *pattern; int mail; } jobs[] = {
  {"matches", DO_MATCH, "ERROR", 0},
  {"matches", DO_MATCH, "^\\d{4}-\\d\\d-\\d\\d ", 0},
  {"matches", DO_MATCH, "status=5\\d\\d", 0},
  {"extract", DO_EXTRACT, "id=\\d+", 0},
  {"extract", DO_EXTRACT, "\\d+$", 0},
  {"extract", DO_EXTRACT, "[A-Z]+", 0},
  {"extract, groups", DO_GROUPS, "^(\\S+) (\\S+) ([A-Z]+) \\[(\\w+)\\] (.*)$", 0},
  {"extract, groups", DO_GROUPS, "user=(\\w+) id=(\\d+)", 0},
  {"extract, groups", DO_GROUPS, "(\\w+)@(\\w+)\\.(\\w+)", 1},
  {"count", DO_COUNT, "\\d+", 0},
  {"count", DO_COUNT, " ", 0},
  {"split", DO_SPLIT, ",\\s*", 1},
  {"split", DO_SPLIT, ", ", 1},
  {"replace", DO_REPLACE, "\\s+", 0},
  {"replace", DO_REPLACE, "[^0-9]", 0},
  {"replace", DO_REPLACE, "disk", 0},
};

static char room[2][PATTERNS_TEXTS][200];
static FrtStr texts[2][PATTERNS_TEXTS];

static void patterns_fill(void) {
  static const char *const levels[] = {"INFO", "WARN", "ERROR", "DEBUG"};
  srand(7);
  for (int i = 0; i < PATTERNS_TEXTS; i++) {
    char *line = room[0][i], *list = room[1][i];
    snprintf(line, sizeof room[0][i], "2026-%02d-%02d %02d:%02d:%02d %s [worker%d] user=name%d id=%d status=%d took %d ms on disk %d", 1 + rand() % 12,
             1 + rand() % 28, rand() % 24, rand() % 60, rand() % 60, levels[rand() % 4], rand() % 16, rand() % 1000, rand() % 1000000,
             200 + rand() % 400, rand() % 5000, rand() % 8);
    snprintf(list, sizeof room[1][i], "first last%d, street %d, some town,  reader%d@host%d.org, note %d", rand() % 100, rand() % 200, rand() % 1000,
             rand() % 50, rand());
    texts[0][i] = (FrtStr){line, (uint32_t)strlen(line), 0};
    texts[1][i] = (FrtStr){list, (uint32_t)strlen(list), 0};
  }
}

static uint64_t patterns_do(FrtCtx *cx, What what, const FrtRegex *re, const FrtDfa *dfa, FrtStr s) {
  FrtStr text = {0}, groups[PATTERNS_GROUPS];
  FrtList list = {0};
  int64_t n = 0;
  uint8_t yes = 0;
  switch (what) {
    case DO_MATCH:
      if (dfa) return frt_dfa_matches(dfa, s);
      frt_regex_matches(cx, &yes, s, re);
      return yes;
    case DO_EXTRACT: return frt_regex_extract(cx, &text, s, re) ? 0 : text.len;
    case DO_GROUPS: return frt_regex_match_groups(cx, re, s, groups, re->group_len + 1) ? 0 : groups[re->group_len].len;
    case DO_COUNT: frt_regex_count(cx, &n, s, re); return (uint64_t)n;
    case DO_SPLIT: frt_regex_split(cx, &list, s, re); return list.len;
    case DO_REPLACE: frt_regex_replace(cx, &text, s, re, (FrtStr){"-", 1, 0}); return text.len;
  }
  return 0;
}

static double patterns_round(FrtCtx *cx, Arena *block, What what, const FrtRegex *re, const FrtDfa *dfa, const FrtStr *s, uint64_t *sum) {
  struct timespec a, b;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
  *sum = 0;
  for (int i = 0; i < PATTERNS_TEXTS; i++) *sum += patterns_do(cx, what, re, dfa, s[i]);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
  arena_reset(block);
  cx->at = cx->end = NULL;
  return ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) / PATTERNS_TEXTS;
}

int main(void) {
  static FrtRun run;
  Arena *kept = run.run_arena = arena_new(), *block = arena_new();
  FrtCtx *cx = &run.main.cx;
  cx->arena = block;
  cx->run = &run;
  patterns_fill();
  printf("%-16s %-42s %9s %9s %6s\n", "function", "pattern", "PCRE2 ns", "table ns", "ratio");
  for (size_t k = 0; k < sizeof jobs / sizeof *jobs; k++) {
    FrtStr pattern = {jobs[k].pattern, (uint32_t)strlen(jobs[k].pattern), 0};
    const void *general;
    uint32_t states;
    if (frt_regex_prepare(cx, &general, pattern)) return 1;
    const RegexTagged *r = regex_tagged(kept, pattern, jobs[k].what == DO_GROUPS);
    const FrtDfa *dfa = jobs[k].what == DO_MATCH ? regex_dfa(kept, pattern, &states) : NULL;
    if (!r) return 1;
    FrtRegex table = {.table = &r->table, .group_len = r->table.group_len, .pattern = pattern};
    double best[2] = {1e30, 1e30};
    for (int i = 0; i < PATTERNS_ROUNDS; i++) {
      uint64_t sum[2];
      for (int side = 0; side < 2; side++) {
        double took = patterns_round(cx, block, jobs[k].what, side ? &table : general, side ? dfa : NULL, texts[jobs[k].mail], &sum[side]);
        if (took < best[side]) best[side] = took;
      }
      if (sum[0] != sum[1]) return printf("%s %s: the answers differ\n", jobs[k].name, jobs[k].pattern), 1;
    }
    printf("%-16s %-42s %9.1f %9.1f %6.2f\n", jobs[k].name, jobs[k].pattern, best[0], best[1], best[0] / best[1]);
  }
  frt_functions_end(cx);
  return 0;
}
