/* sink_part.h: what a worker prints for a sink before its turn, see sched/crew.h. */
#ifndef FRT_IO_SINK_PART_H
#define FRT_IO_SINK_PART_H

#include "flowrt.h"

void frt_parts_start(FrtWorker *w);
void frt_parts_end(FrtWorker *w);
/* Forgets what was printed. */
void frt_parts_drop(FrtWorker *w);
/* In the worker's turn: what was printed takes its place in the files. FRT_OK or FRT_FATAL. */
int frt_parts_flush(FrtWorker *w);
/* Behind the turn: writes what has a place and was not copied. */
void frt_parts_write(FrtWorker *w);
/* All workers are done: whether all could be written. FRT_OK or FRT_FATAL. */
int frt_parts_done(FrtRun *r);
/* As frt_sink_out and frt_out_room, for a worker that has parts. */
FrtOut *frt_part_out(FrtCtx *cx, uint32_t sink);
char *frt_part_room(FrtCtx *cx, FrtOut *o, size_t need);

#endif
