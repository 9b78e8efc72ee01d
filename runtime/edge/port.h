/* port.h: where rows of several operators meet: error ports and unions.
 *
 * Rows are gathered while a source block passes and delivered at its end, sorted by the number of the
 * source row, then by the input that they came from (of error ports: the operator), then by the order in which they
 * were given. */
#ifndef FRT_EDGE_PORT_H
#define FRT_EDGE_PORT_H

#include "flowrt.h"

void frt_ports_start(FrtRun *r);
void frt_ports_end(FrtRun *r);
/* What a worker gathers until its block ends: made, freed, forgotten. */
void frt_gathered_start(FrtWorker *w);
void frt_gathered_end(FrtWorker *w);
void frt_gathered_drop(FrtWorker *w);
/* So many rows of the source are before the block, as turns out: the keys of its rows grow by that. */
void frt_gathered_move(FrtWorker *w, uint64_t rows);
/* Adds a row that lives until the port has delivered. */
void frt_port_add(FrtCtx *cx, uint32_t port, uint64_t key, uint32_t input, void *row);
/* Counts a row that an error port would get if somebody read it. */
void frt_port_count_unread(FrtRun *r, uint32_t port);
/* Delivers the rows of one port whose key is below `end`; later ones are dropped. FRT_OK or FRT_FATAL. */
int frt_port_deliver(FrtRun *r, uint32_t port, uint64_t end);
/* Rows that came to the port so far. */
uint64_t frt_port_rows(FrtRun *r, uint32_t port);

#endif
