/* run_internal.h: the state of a run, shared by sched, errors and io. */
#ifndef FRT_SCHED_RUN_INTERNAL_H
#define FRT_SCHED_RUN_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "sched/run.h"
#include "sched/worker.h"

struct FrtErrorState;  /* errors/errors.c: pending error rows, policies, limits */
struct FrtSinkState;   /* io/sink.c: open outputs */
struct FrtPortState;   /* edge/port.c: gathered rows */
struct OutPool;         /* io/out_pool.h: what outputs share */
struct FrtJournal;      /* io/journal.h: names of the outputs on their way */
struct FrtScanner;
struct FrtRejects;
struct FrtReplayState;

/* Messages of a run. */
#define FRT_SLICE(s) (int)(s).len, (s).ptr ? (s).ptr : ""

/* What was put on disk (spill/spill.c): files; bytes before compression; bytes written; bytes that take room now. */
typedef struct FrtSpillCounts {
  _Atomic uint64_t files, raw, stored, live;
} FrtSpillCounts;

enum { FRT_BLOCKS_OF = 64, FRT_NOTE_SIZE = 240 };

/* A line that an operator adds to --stats. */
typedef struct FrtNote {
  struct FrtNote *next;
  char text[FRT_NOTE_SIZE];
} FrtNote;

struct OutFile;

struct FrtRun {
  const FrtModule *module;
  const FrtRunOptions *options;
  void *held;                    /* the module's state that workers share */
  FrtWorker main;                /* the first worker */
  FrtCtx *cx;                    /* the worker's whose turn it is, and */
  void *state;                   /* its state of the module */
  Arena *run_arena;              /* lives as long as the run; any worker may use it */
  uint64_t *ledger;
  struct FrtErrorState *errors;
  struct FrtSinkState *sinks;
  struct FrtJournal *journal;
  struct OutPool *pool;
  struct FrtPortState *ports;
  struct FrtScanner *scanner;    /* the one that is open */
  void (*show)(FrtRun *r);       /* when a source has nothing more for now; NULL: there are no sinks */
  uint64_t *tap_rows, *tap_limits;
  struct FrtTapState *tap;       /* errors/tap.c */
  uint64_t taps_asked;           /* bits of the taps that the options name; */
  _Atomic uint64_t tap_watched;  /* and of those that somebody who attached looks at */
  struct FrtAttach *attach;      /* sched/attach.c, or NULL */
  char run_id[40];               /* a UUID */
  FrtStr host, user, dir;        /* values.c */
  int exit_code;                 /* set by the first failure */
  char *failure;                 /* its message, printed at the end; run_arena */
  int64_t start_us;
  uint64_t source_rows, source_bytes;
  struct FrtRejects *rejects;    /* errors/rejects.c; NULL: no row failed */
  struct FrtReplayState *replay; /* replay.c */
  _Atomic uint64_t retries;      /* retry.c: what was tried again */
  int stopped;                   /* frt_stop was called in the present step */
  uint64_t stop_row;             /* the last row that is wanted */
  const FrtScan *scan;           /* the scan of the present step, or NULL */
  const FrtBlock *block;         /* the source block whose rows are under way, or NULL */
  struct FrtAtEnd *at_end;       /* op/end.c: what gives memory back at the end */
  _Atomic int late_error;        /* io/sink_part.c: what was to be written behind its turn was not: errno, and */
  struct OutFile *_Atomic late_file;
  uint32_t threads;              /* workers of the step that had most of them */
  uint64_t blocks_of[FRT_BLOCKS_OF];   /* blocks (ranges) that each of them had */
  int64_t start_mono_us, progress_us;
  uint64_t source_bytes_before;  /* of earlier steps */
  uint64_t source_size;          /* bytes of all files that are to be read, as far as they are known */
  int tier_wanted;
  _Atomic int64_t tier_us;       /* when the first worker changed over, 0: none has */
  uint64_t tier_blocks[2], tier_emits[2];
  FrtSpillCounts spill;
  FrtNote *notes;
  struct { uint64_t lines_empty, keys_unknown, columns_extra, blocks_fast, blocks_careful; } counts;
};

/* Ends the run: the first call keeps its exit code and message. */
void frt_run_fail(FrtRun *r, int exit_code, const char *message);
/* "orders.flow:8", with the operator's kind and label before it; for messages. run_arena. */
const char *frt_op_place(FrtRun *r, uint32_t op);
/* cancel.c: SIGINT and SIGTERM set a flag; the second one removes temporary files and ends the process. */
void frt_cancel_install(void);
void frt_cancel_restore(void);
/* Signals that come to one thread are passed on to all, so that each wait of theirs ends: the caller, and those that follow. */
void frt_cancel_threads_begin(void);
void frt_cancel_thread(pthread_t thread);
void frt_cancel_threads_end(void);
/* run.c: the counters of a scan's operator; why a scan should not go on: FRT_OK, FRT_STOP, FRT_FATAL. */
void frt_count_scan(FrtRun *r, uint32_t op, uint64_t rows);
int frt_check_stop(FrtRun *r);
/* op/end.c */
void frt_at_end_all(FrtRun *r);
char *frt_note_add(FrtRun *r);   /* FRT_NOTE_SIZE bytes, which live as long as the run */
/* Ends the run when operators that cannot spill hold more than the budget. FRT_OK or FRT_FATAL. */
int frt_run_check_memory(FrtRun *r);
/* errors/tap.c */
void frt_taps_start(FrtRun *r);
void frt_taps_end(FrtRun *r);
/* Whether that row is one of a sample. */
int frt_tap_picks(uint64_t every, double rate, uint64_t seed, uint64_t key, uint64_t seen);
/* attach.c: a thread that lets others look at taps while the run lasts. */
void frt_attach_start(FrtRun *r);
void frt_attach_end(FrtRun *r);
/* Who takes that row of a tap, as bits; and gives it to them. */
uint64_t frt_attach_takes(FrtRun *r, uint32_t tap, uint64_t key);
void frt_attach_row(FrtRun *r, uint64_t takes, const char *row, size_t n);
/* The taps that are on. */
static inline uint64_t frt_taps_on(FrtRun *r) { return r->taps_asked | atomic_load_explicit(&r->tap_watched, memory_order_relaxed); }
/* args.c: the message for a tap that the script does not have. */
const char *frt_tap_unknown(Arena *arena, const FrtModule *m, const char *name, size_t len);
/* values.c: run.host and the like; after the options and the run arena are there. */
void frt_values_start(FrtRun *r);
/* retry.c: 1 when operator `op` shall try again, after the wait and a note of `what` failed; *tried counts from 0. Any thread. */
int frt_retry(FrtRun *r, uint32_t op, uint32_t *tried, const char *what);
/* replay.c; with options->replay only. Reads the records of the letters that scan number `index` has. FRT_OK or FRT_FATAL. */
int frt_replay_scan(FrtRun *r, uint32_t index, struct FrtScanner *s);
/* How the present scan is read: FRT_REPLAY_*. */
int frt_replay_scan_mode(const FrtRun *r);
/* FRT_FATAL when a letter's record was not there. */
int frt_replay_end(FrtRun *r);
/* Whether an error of that row of a source block is to be reported. */
int frt_replay_reports(const FrtRun *r, const FrtBlock *block, uint32_t row);
/* How often the row of an error was replayed, this time too. */
int64_t frt_replay_count(const FrtRun *r, const FrtErrorRow *e);
/* stats.c */
void frt_stats_print(FrtRun *r);
void frt_progress(FrtRun *r, int last);

#endif
