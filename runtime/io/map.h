/* map.h: windows of a regular file, mapped in place of read: a copy less of every byte.
 *
 * A file that another process cuts while it is mapped would kill the run with SIGBUS. A handler puts zeros
 * where the bytes were and notes it; the scanner looks at the note after each block and stops with an error.
 * Faults elsewhere go to the handler that was there before. */
#ifndef FRT_IO_MAP_H
#define FRT_IO_MAP_H

#include <stddef.h>
#include <stdint.h>

typedef struct FrtMap FrtMap;

enum { FRT_MAP_STEP = 2 * 1024 * 1024 };   /* of addresses that one table of pages holds, x86-64 and aarch64 with pages of 4 KiB */

/* Prepares to map a file of that size; NULL: it is to be read. The descriptor stays the caller's. */
FrtMap *frt_map_open(int fd, uint64_t size);
/* Maps all of the file at once, for several threads: windows are places in it, and no call moves another's. NULL as above. */
FrtMap *frt_map_open_whole(int fd, uint64_t size);
int frt_map_is_whole(const FrtMap *m);
/* One more owner, who calls frt_map_close too. */
FrtMap *frt_map_share(FrtMap *m);
/* 1: nothing is released until as many calls with 0 were made; then all of it is. */
void frt_map_keep(FrtMap *m, int keep);
/* Gives the memory of bytes [from, to) back, multiples of FRT_MAP_STEP, of a file that is mapped as a whole: whoever looks
 * at them again finds them. */
void frt_map_release(FrtMap *m, uint64_t from, uint64_t to);
static inline uint64_t frt_map_step(uint64_t at) { return at / (uint64_t)FRT_MAP_STEP * (uint64_t)FRT_MAP_STEP; }
/* Maps bytes [from, from + size), or to the end of the file; moves any earlier window. At least 64 bytes before and
 * after can be read. The bytes and, in *len, how many of them; NULL: errno says why. */
const char *frt_map_window(FrtMap *m, uint64_t from, size_t size, size_t *len);
/* The size of the file, looked up again; as it was when it was opened if it is mapped as a whole. */
uint64_t frt_map_size(FrtMap *m);
/* Whether bytes of a window were gone. */
int frt_map_is_cut(const FrtMap *m);
void frt_map_close(FrtMap *m);

#endif
