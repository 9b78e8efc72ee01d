/* contract.c: matches a file's header with the declared columns, and says how they differ.
 *
 *   strict   a missing column is an error, others in the file are ignored and counted
 *   freeze   others in the file are errors too
 *   evolve   a missing column that is nullable or has a default is filled, names may differ in case, and a note says
 *            how a file's header differs from that of the file before
 *   discard  as strict, but a file that lacks a column is left out, and a note says so */
#include "io/contract.h"

#include <stdio.h>
#include <string.h>

#include "sched/run_internal.h"

enum { CONTRACT_NAME_MAX = 64, CONTRACT_LIST_MAX = 40 };

static int contract_equal(FrtStr a, FrtStr b) {
  return a.len == b.len && memcmp(a.ptr ? a.ptr : "", b.ptr ? b.ptr : "", a.len) == 0;
}

/* How often `name` is in the header; *at is its first place. */
static uint32_t contract_find(const FrtStr *names, uint32_t len, FrtStr name, int64_t *at) {
  uint32_t found = 0;
  for (uint32_t i = 0; i < len; i++) {
    if (!contract_equal(names[i], name)) continue;
    if (found++ == 0) *at = i;
  }
  return found;
}

static char contract_lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

/* Whether the two are equal but for the case of ASCII letters. */
int frt_contract_case_equal(FrtStr a, FrtStr b) {
  if (a.len != b.len) return 0;
  for (uint32_t i = 0; i < a.len; i++)
    if (contract_lower(a.ptr[i]) != contract_lower(b.ptr[i])) return 0;
  return 1;
}

static uint32_t contract_find_case(const FrtStr *names, uint32_t len, FrtStr name, int64_t *at) {
  uint32_t found = 0;
  for (uint32_t i = 0; i < len; i++)
    if (frt_contract_case_equal(names[i], name) && found++ == 0) *at = i;
  return found;
}

static uint32_t contract_find_column(const FrtColumn *column, const FrtStr *names, uint32_t len, int any_case,
                                     int64_t *at) {
  uint32_t found = contract_find(names, len, column->name, at);
  for (uint32_t i = 0; i < column->from_len && !found; i++)
    found = contract_find(names, len, column->from[i], at);
  if (!found && any_case) found = contract_find_case(names, len, column->name, at);
  return found;
}

/* ---- the message ---- */

/* Letters, digits and high bytes in lower case: what is left when case, blanks and signs are not heard. */
static uint32_t contract_plain(FrtStr name, char *out) {
  uint32_t len = 0;
  for (uint32_t i = 0; i < name.len && len < CONTRACT_NAME_MAX; i++) {
    char c = contract_lower(name.ptr[i]);
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c & 0x80)) out[len++] = c;
  }
  return len;
}

/* Levenshtein's distance of the plain forms, one row at a time (Wagner and Fischer 1974). */
static uint32_t contract_distance(FrtStr a, FrtStr b) {
  char pa[CONTRACT_NAME_MAX], pb[CONTRACT_NAME_MAX];
  uint32_t la = contract_plain(a, pa), lb = contract_plain(b, pb), row[CONTRACT_NAME_MAX + 1];
  for (uint32_t j = 0; j <= lb; j++) row[j] = j;
  for (uint32_t i = 1; i <= la; i++) {
    uint32_t corner = row[0];
    row[0] = i;
    for (uint32_t j = 1; j <= lb; j++) {
      uint32_t best = corner + (pa[i - 1] != pb[j - 1]);
      if (row[j] + 1 < best) best = row[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      corner = row[j];
      row[j] = best;
    }
  }
  return row[lb];
}

static const char *contract_hint(Arena *arena, FrtStr name, const FrtStr *names, uint32_t len) {
  uint32_t best = name.len / 3 + 1, at = len;
  for (uint32_t i = 0; i < len; i++) {
    uint32_t d = contract_distance(name, names[i]);
    if (d > best || (d == best && at < len) || names[i].len == 0) continue;
    best = d;
    at = i;
  }
  if (at == len) return "";
  const char *how = frt_contract_case_equal(name, names[at]) ? "; the case differs from" : "; did you mean";
  return arena_printf(arena, "%s `%.*s`%s", how, (int)names[at].len, names[at].ptr,
                      frt_contract_case_equal(name, names[at]) ? "" : "?");
}

static const char *contract_list(Arena *arena, const FrtStr *names, uint32_t len) {
  const char *text = "";
  for (uint32_t i = 0; i < len && i < CONTRACT_LIST_MAX; i++)
    text = arena_printf(arena, "%s%s%.*s", text, i ? ", " : "", (int)names[i].len, names[i].len ? names[i].ptr : "");
  return len > CONTRACT_LIST_MAX ? arena_printf(arena, "%s, and %u more", text, len - CONTRACT_LIST_MAX) : text;
}

/* ---- the check ---- */

typedef struct ContractCheck {
  Arena *arena;
  FrtScanner *s;
  const FrtStr *names;
  uint32_t len;
  const char *diff;   /* lines of differences, "" when there are none */
} ContractCheck;

static void contract_column(ContractCheck *k, const FrtColumn *column, int64_t *at) {
  uint32_t contract = k->s->scan->options.contract;
  int evolves = contract == FRT_CONTRACT_EVOLVE;
  uint32_t found = contract_find_column(column, k->names, k->len, evolves, at);
  char type[256];
  if (found == 1 || (found > 1 && !column->use)) return;
  if (found > 1) {
    k->diff = arena_printf(k->arena, "%s\n  ! `%.*s` is there %u times", k->diff, (int)column->name.len,
                           column->name.ptr, found);
    return;
  }
  *at = -1;
  int nullable = column->type->nullable && !(column->use & FRT_USE_LENT_NULL);
  if (evolves && (nullable || column->dflt)) return;
  frt_type_text(column->type, type, sizeof type);
  k->diff = arena_printf(k->arena, "%s\n  - `%.*s` (%s) is missing%s", k->diff, (int)column->name.len,
                         column->name.ptr, type, contract_hint(k->arena, column->name, k->names, k->len));
}

/* Columns of the file that the type does not name. */
static uint32_t contract_extra(ContractCheck *k, const int64_t *column_at) {
  uint8_t *known = arena_alloc(k->arena, k->len + 1);
  uint32_t extra = 0;
  for (uint32_t c = 0; c < k->s->scan->column_len; c++)
    if (column_at[c] >= 0) known[column_at[c]] = 1;
  for (uint32_t i = 0; i < k->len; i++) {
    if (known[i]) continue;
    extra++;
    if (k->s->scan->options.contract != FRT_CONTRACT_FREEZE || extra > CONTRACT_LIST_MAX) continue;
    k->diff = arena_printf(k->arena, "%s\n  + `%.*s` is not in the type", k->diff, (int)k->names[i].len,
                           k->names[i].len ? k->names[i].ptr : "");
  }
  return extra;
}

/* What `names` has and `others` lacks: "+ a, + b". */
static const char *contract_only(Arena *arena, const char *text, char sign, const FrtStr *names, uint32_t len,
                                 const FrtStr *others, uint32_t other_len) {
  int64_t at;
  for (uint32_t i = 0; i < len; i++)
    if (!contract_find(others, other_len, names[i], &at))
      text = arena_printf(arena, "%s%s%c `%.*s`", text, *text ? ", " : " ", sign, (int)names[i].len, names[i].len ? names[i].ptr : "");
  return text;
}

void frt_contract_note(const FrtScanner *s, const FrtStr *names, uint32_t len, const FrtStr *before, uint32_t before_len) {
  Arena *arena = s->cx->run->run_arena;
  if (!before || s->cx->run->options->quiet) return;
  const char *text = contract_only(arena, "", '+', names, len, before, before_len);
  text = contract_only(arena, text, '-', before, before_len, names, len);
  for (uint32_t i = 0; !*text && i < len && i < before_len; i++)
    if (!contract_equal(names[i], before[i])) text = " another order";
  if (*text) fprintf(stderr, "note: %s: the columns changed:%s\n", s->file.ptr, text);
}

/* Says how the header differs from that of the file before, and keeps it. */
static void contract_note_change(ContractCheck *k) {
  FrtScanner *s = k->s;
  frt_contract_note(s, k->names, k->len, s->header, s->header_len);
  FrtStr *kept = arena_alloc(k->arena, (k->len + 1) * sizeof *kept);
  for (uint32_t i = 0; i < k->len; i++) {
    kept[i] = k->names[i];
    kept[i].ptr = arena_strndup(k->arena, k->names[i].len ? k->names[i].ptr : "", k->names[i].len);
  }
  s->header = kept;
  s->header_len = k->len;
}

int frt_contract_map(FrtScanner *s, const FrtStr *names, uint32_t len, int64_t *column_at) {
  ContractCheck k = {s->cx->run->run_arena, s, names, len, ""};
  for (uint32_t c = 0; c < s->scan->column_len; c++) contract_column(&k, &s->scan->columns[c], &column_at[c]);
  uint32_t extra = contract_extra(&k, column_at);
  if (*k.diff && s->scan->options.contract == FRT_CONTRACT_DISCARD) {
    s->left_out = k.diff;
    return FRT_END;
  }
  s->columns_extra += extra;
  if (s->scan->options.contract == FRT_CONTRACT_EVOLVE) contract_note_change(&k);
  if (!*k.diff) return FRT_OK;
  const char *text = arena_printf(k.arena, "%s: the columns are not those of the type%s\n  the file has: %s",
                                  s->file.ptr, k.diff, contract_list(k.arena, names, len));
  return frt_fatal(s->cx, s->scan->op, FRT_E_CONTRACT, (FrtStr){text, (uint32_t)strlen(text), 0});
}
