/* stats.c: what a run did, as text or as one JSON object on stderr; and its progress while it runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/tiers.h"
#include "errors/errors.h"
#include "errors/json_text.h"
#include "io/scan.h"
#include "io/sink.h"
#include "sched/run_internal.h"

enum { STATS_PROGRESS_US = 500000, STATS_FILES_MAX = 100 /* lines of text */ };

static const char *const stats_names[FRT_LEDGER_LEN] = {
  [FRT_IN] = "in", [FRT_OUT] = "out", [FRT_ELSE] = "else", [FRT_ERRORS] = "errors", [FRT_DROPPED] = "dropped",
  [FRT_NULLED] = "nulled", [FRT_HELD] = "held", [FRT_MADE] = "made",
};

/* The kernel's high-water mark; getrusage() may still know the process before exec. */
static double stats_peak_mib(void) {
  char line[256];
  unsigned long long kib = 0;
  FILE *f = fopen("/proc/self/status", "r");
  while (f && !kib && fgets(line, sizeof line, f))
    if (strncmp(line, "VmHWM:", 6) == 0) kib = strtoull(line + 6, NULL, 10);
  if (f) fclose(f);
  if (kib) return (double)kib / 1024.0;
  struct rusage u;
  if (getrusage(RUSAGE_SELF, &u) != 0) return 0;
#ifdef __APPLE__
  return (double)u.ru_maxrss / (1024.0 * 1024.0);
#else
  return (double)u.ru_maxrss / 1024.0;
#endif
}

/* What was compiled while the run went on, and how much ran in which code. */
static void stats_tiers_text(const FrtRun *r) {
  FrtTiers *t = r->options->tiers;
  if (!t) return;
  fputs(t->text(t), stderr);
  for (int i = 0; i < 2; i++)
    fprintf(stderr, "%s by %s: %llu blocks, %llu steps that emit", i ? ";" : "ran", t->names[i],
            (unsigned long long)(r->tier_blocks[i] + r->main.tier_blocks[i]), (unsigned long long)r->tier_emits[i]);
  if (r->tier_us) fprintf(stderr, "; changed over after %.3f ms", (double)r->tier_us / 1e3);
  fputs("\n", stderr);
}

static void stats_tiers_json(const FrtRun *r) {
  FrtTiers *t = r->options->tiers;
  if (!t) return;
  fputs(",\"tiers\":[", stderr);
  for (int i = 0; i < 2; i++)
    fprintf(stderr, "%s{\"by\":\"%s\",\"blocks\":%llu,\"emits\":%llu}", i ? "," : "", t->names[i],
            (unsigned long long)(r->tier_blocks[i] + r->main.tier_blocks[i]), (unsigned long long)r->tier_emits[i]);
  fprintf(stderr, "],\"tier_ms\":%.3f", (double)r->tier_us / 1e3);
}

static void stats_spill_text(const FrtRun *r) {
  unsigned long long files = r->spill.files;
  if (!files) return;
  fprintf(stderr, "spilled %.3f MB as %.3f MB in %llu %s\n", (double)r->spill.raw / 1e6, (double)r->spill.stored / 1e6, files,
          files == 1 ? "file" : "files");
}

static void stats_files_text(FrtRun *r) {
  FrtSinkFile f = {0};
  uint64_t len = 0;
  for (; frt_sinks_next(r, &f); len++) {
    if (len >= STATS_FILES_MAX) continue;
    fprintf(stderr, "wrote %llu rows, %llu bytes", (unsigned long long)f.rows, (unsigned long long)f.bytes);
    if (f.summed) fprintf(stderr, ", xxh3 %016llx", (unsigned long long)f.xxh3);
    fprintf(stderr, ": %s\n", frt_error_show(r, (FrtStr){f.path, (uint32_t)strlen(f.path), 0}, 1000));
  }
  if (len > STATS_FILES_MAX) fprintf(stderr, "and %llu files more\n", (unsigned long long)(len - STATS_FILES_MAX));
}

static void stats_text(FrtRun *r, double seconds) {
  const FrtModule *m = r->module;
  if (r->options->compile_stats) fprintf(stderr, "%s\n", r->options->compile_stats);
  fprintf(stderr, "%4s %-28s %12s %12s", "op", "what", stats_names[FRT_IN], stats_names[FRT_OUT]);
  for (int k = FRT_ELSE; k < FRT_LEDGER_LEN; k++) fprintf(stderr, " %10s", stats_names[k]);
  fputc('\n', stderr);
  for (uint32_t op = 0; op < m->op_len; op++) {
    const uint64_t *l = r->ledger + (size_t)op * FRT_LEDGER_LEN;
    char name[64];
    snprintf(name, sizeof name, "%.*s%s%.*s", FRT_SLICE(m->ops[op].kind), m->ops[op].label.len ? " " : "",
             FRT_SLICE(m->ops[op].label));
    fprintf(stderr, "n%-3u %-28.28s", op, name);
    for (int k = FRT_IN; k < FRT_LEDGER_LEN; k++)
      fprintf(stderr, k < FRT_ELSE ? " %12llu" : " %10llu", (unsigned long long)l[k]);
    fputc('\n', stderr);
  }
  stats_files_text(r);
  double mb = (double)r->source_bytes / 1e6;
  fprintf(stderr, "read %llu rows, %.3f MB in %.3f s: %.1f MB/s; wrote %.3f MB; peak memory %.1f MiB\n",
          (unsigned long long)r->source_rows, mb, seconds, seconds > 0 ? mb / seconds : 0.0,
          (double)frt_sinks_bytes(r) / 1e6, stats_peak_mib());
  fprintf(stderr, "blocks %llu fast, %llu careful; %llu empty lines, %llu extra columns, %llu unknown keys\n",
          (unsigned long long)r->counts.blocks_fast, (unsigned long long)r->counts.blocks_careful,
          (unsigned long long)r->counts.lines_empty, (unsigned long long)r->counts.columns_extra,
          (unsigned long long)r->counts.keys_unknown);
  for (const FrtNote *n = r->notes; n; n = n->next) fprintf(stderr, "%s\n", n->text);
  if (r->threads > 1) {
    fprintf(stderr, "%u workers; blocks of each:", r->threads);
    for (uint32_t i = 0; i < r->threads && i < FRT_BLOCKS_OF; i++) fprintf(stderr, " %llu", (unsigned long long)r->blocks_of[i]);
    fputc('\n', stderr);
  }
  stats_tiers_text(r);
  if (r->retries) fprintf(stderr, "tried again: %llu\n", (unsigned long long)r->retries);
  stats_spill_text(r);
}

static void stats_json_quoted(FrtStr s) {
  char *p = frt_malloc((size_t)s.len * 6 + 2);
  char *end = frt_json_quote(p, s);
  fprintf(stderr, "%.*s", (int)(end - p), p);
  frt_free(p);
}

static void stats_json_text(const char *name, FrtStr s) {
  fprintf(stderr, "\"%s\":", name);
  stats_json_quoted(s);
}

static void stats_files_json(const FrtRun *r) {
  FrtSinkFile f = {0};
  fputs(",\"sinks\":[", stderr);
  for (int first = 1; frt_sinks_next(r, &f); first = 0) {
    fprintf(stderr, "%s{\"op\":%u,", first ? "" : ",", f.op);
    stats_json_text("path", (FrtStr){f.path, (uint32_t)strlen(f.path), 0});
    fprintf(stderr, ",\"rows\":%llu,\"bytes\":%llu,\"xxh3\":", (unsigned long long)f.rows, (unsigned long long)f.bytes);
    if (f.summed) fprintf(stderr, "\"%016llx\"}", (unsigned long long)f.xxh3);
    else fputs("null}", stderr);
  }
  fputc(']', stderr);
}

static void stats_json(FrtRun *r, double seconds) {
  const FrtModule *m = r->module;
  fprintf(stderr, "{\"run\":\"%s\",\"exit\":%d,\"operators\":[", r->run_id, r->exit_code);
  for (uint32_t op = 0; op < m->op_len; op++) {
    const uint64_t *l = r->ledger + (size_t)op * FRT_LEDGER_LEN;
    fprintf(stderr, "%s{\"op\":%u,", op ? "," : "", op);
    stats_json_text("kind", m->ops[op].kind);
    fputc(',', stderr);
    stats_json_text("label", m->ops[op].label);
    fprintf(stderr, ",\"line\":%u", m->ops[op].line);
    for (int k = FRT_IN; k < FRT_LEDGER_LEN; k++) fprintf(stderr, ",\"%s\":%llu", stats_names[k], (unsigned long long)l[k]);
    fputc('}', stderr);
  }
  fprintf(stderr, "],\"rows\":%llu,\"bytes\":%llu,\"bytes_out\":%llu,\"seconds\":%.6f,\"peak_mib\":%.1f",
          (unsigned long long)r->source_rows, (unsigned long long)r->source_bytes,
          (unsigned long long)frt_sinks_bytes(r), seconds, stats_peak_mib());
  fprintf(stderr, ",\"blocks_fast\":%llu,\"blocks_careful\":%llu,\"lines_empty\":%llu,\"columns_extra\":%llu,"
          "\"keys_unknown\":%llu", (unsigned long long)r->counts.blocks_fast,
          (unsigned long long)r->counts.blocks_careful, (unsigned long long)r->counts.lines_empty,
          (unsigned long long)r->counts.columns_extra, (unsigned long long)r->counts.keys_unknown);
  fprintf(stderr, ",\"spill_files\":%llu,\"spill_bytes\":%llu,\"spill_stored\":%llu", (unsigned long long)r->spill.files,
          (unsigned long long)r->spill.raw, (unsigned long long)r->spill.stored);
  fprintf(stderr, ",\"retries\":%llu", (unsigned long long)r->retries);
  frt_rejects_json(r);
  fprintf(stderr, ",\"threads\":%u,\"blocks_of\":[", r->threads > 1 ? r->threads : 1);
  for (uint32_t i = 0; i < r->threads && i < FRT_BLOCKS_OF; i++)
    fprintf(stderr, "%s%llu", i ? "," : "", (unsigned long long)r->blocks_of[i]);
  fputc(']', stderr);
  if (r->notes) fputs(",\"notes\":[", stderr);
  for (const FrtNote *n = r->notes; n; n = n->next) {
    stats_json_quoted((FrtStr){n->text, (uint32_t)strlen(n->text), 0});
    fputc(n->next ? ',' : ']', stderr);
  }
  stats_files_json(r);
  if (r->options->compile_stats) {
    fputc(',', stderr);
    stats_json_text("compile", (FrtStr){r->options->compile_stats, (uint32_t)strlen(r->options->compile_stats), 0});
  }
  stats_tiers_json(r);
  fputs("}\n", stderr);
}

void frt_stats_print(FrtRun *r) {
  double seconds = (double)(frt_monotonic_us() - r->start_mono_us) / 1e6;
  if (r->options->stats == 2) stats_json(r, seconds);
  else stats_text(r, seconds);
}

void frt_progress(FrtRun *r, int last) {
  int64_t now = frt_monotonic_us();
  if (r->options->quiet || (!last && now - r->progress_us < STATS_PROGRESS_US)) return;
  int terminal = isatty(STDERR_FILENO);
  double seconds = (double)(now - r->start_mono_us) / 1e6, mb = (double)r->source_bytes / 1e6;
  char percent[32] = "";
  const FrtScanner *s = r->scanner;
  r->progress_us = now;
  if (s && s->input && frt_input_size(s->input) && s->path_len == 1)
    snprintf(percent, sizeof percent, "%3.0f%%, ",
             100.0 * (double)frt_input_read_bytes(s->input) / (double)frt_input_size(s->input));
  else if (s && s->path_len > 1)
    snprintf(percent, sizeof percent, "file %u of %u, ", s->path_at + 1 < s->path_len ? s->path_at + 1 : s->path_len,
             s->path_len);
  fprintf(stderr, "%s%s%llu rows, %.1f MB, %.1f MB/s%s", terminal ? "\r\033[K" : "", percent,
          (unsigned long long)r->source_rows, mb, seconds > 0 ? mb / seconds : 0.0, terminal && !last ? "" : "\n");
}
