/* input.h: bytes in. Files, globs, standard input; gzip and zstd recognised by content. */
#ifndef FRT_IO_INPUT_H
#define FRT_IO_INPUT_H

#include <sys/types.h>

#include "base/arena.h"
#include "flowrt.h"

typedef struct FrtInput FrtInput;

/* Opens a file, or "-" for standard input. NULL and *why (arena-owned, "in/x.csv: No such file or
 * directory") on failure. fd: a descriptor of the file, which is the input's now; -1: by its name. */
FrtInput *frt_input_open(Arena *arena, const char *path, int fd, const char **why);
/* What a command of the shell prints; `name` stands for it in messages. That it fails is an error at its end. */
FrtInput *frt_input_open_command(Arena *arena, const char *name, const char *text, const char **why);
/* The end of a regular file is not the end of the input: it goes on when the file grows, until nothing was added for idle_us
 * (0: for ever), or the file was cut or another one has taken its name (frt_input_is_replaced). Not for compressed files. */
void frt_input_follow(FrtInput *in, int64_t idle_us);
int frt_input_is_replaced(const FrtInput *in);
/* Whether a read would wait for somebody: a pipe, a terminal, a socket, the end of a file that is followed. */
int frt_input_would_wait(const FrtInput *in);
/* Another descriptor of the same file, with a place of its own, also when its name has gone to another file since; -1: there
 * is none. */
int frt_input_again(const FrtInput *in);
/* The same, for the file's first `max` bytes only (as they lie on disk): where they end within compressed
 * data is the end. Bytes of "-" are kept for the next open. */
FrtInput *frt_input_open_head(Arena *arena, const char *path, size_t max, const char **why);
/* Reads up to n decompressed bytes: > 0, 0 at the end, -1 with *why. */
ssize_t frt_input_read(FrtInput *in, char *buf, size_t n, const char **why);
void frt_input_close(FrtInput *in);
/* After a read that failed: whether the system failed it, so that it may pass; and another try: 0 when reading may go on where it
 * stopped, else -1 with *why. */
int frt_input_may_pass(const FrtInput *in);
/* No other thread reads ahead, so that a read can be repeated; before the first read. */
void frt_input_alone(FrtInput *in);
int frt_input_retry(FrtInput *in, const char **why);
/* A regular file, not compressed: goes on at that byte. 0, or -1 with *why. */
int frt_input_seek(FrtInput *in, uint64_t offset, const char **why);
/* Bytes of the file as it lies on disk, 0 when not known, and how many of them were read. */
uint64_t frt_input_size(const FrtInput *in);
uint64_t frt_input_read_bytes(const FrtInput *in);
/* The descriptor of a regular file whose bytes are the input's, for map.h; -1 for any other input. */
int frt_input_plain_fd(const FrtInput *in);

/* When it is set: called with each path and pattern before anything is looked at there, from the thread that looks. `flowc watch`. */
enum { FRT_INPUT_SCRIPT = 's', FRT_INPUT_DATA = 'd' };
extern void (*frt_input_seen)(int kind, const char *path);

/* Whether a text begins as UTF-16 does: with its mark; guess: or with two ASCII characters of it. */
int frt_text_is_utf16(const char *p, size_t n, int guess);

/* The path as this system has it: `~/` is $HOME; a drive (`C:\`) is /mnt/c under WSL, else refused, and so is
 * `\\server`. NULL with *why. */
const char *frt_path_local(Arena *arena, const char *path, const char **why);
/* The files that a path names: itself, or what its glob (*, ?, [..], **) matches, sorted by bytes.
 * A glob that matches nothing is an error: returns -1 and *why. */
int frt_glob(Arena *arena, const char *path, char ***paths, uint32_t *len, const char **why);
/* The same, but that nothing is no error. */
int frt_glob_any(Arena *arena, const char *path, char ***paths, uint32_t *len, const char **why);

#endif
