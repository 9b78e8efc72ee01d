/* spill.c: what rows that do not fit into memory should look like on disk, and what is left of them.
 *
 * First part: blocks of 256 KiB of order rows (numbers, and texts of a few words) are written to a file without a name and
 * read back from its start; each block is compared with its sum. `direct` passes by the page cache (O_DIRECT).
 * Second part: a child makes a temporary file in one of three ways, writes to it, and ends well, is killed by SIGTERM or
 * by SIGKILL; then the names in the folder are counted. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <lz4.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

#include "proto.h"

enum { BLOCK_SIZE = 256 << 10, BLOCKS = 64, PAGE = 4096, LZ4_FAST = 12 /* acceleration */ };

typedef struct Row {
  int64_t id, time, amount;
  int32_t customer, quantity;
  char text[32];
} Row;

/* In front of each block; its own sum is over the bytes on disk. */
typedef struct Head {
  uint32_t size, pad;
  uint64_t sum;
} Head;

typedef enum Form { FORM_RAW, FORM_RAW_DIRECT, FORM_RAW_SUM, FORM_LZ4, FORM_LZ4_FAST, FORM_ZSTD, FORMS } Form;

static char *blocks;            /* BLOCKS * BLOCK_SIZE, aligned to a page */
static char *packed, *unpacked;
static size_t packed_room;

static uint64_t block_count(void) { return proto_size(2048, 64); }

/* ---- the file ---- */

static int file_open(int direct) {
  int fd = open(proto_options.dir, O_TMPFILE | O_RDWR | O_CLOEXEC | (direct ? O_DIRECT : 0), 0600);
  if (fd >= 0 || !direct) return fd;
  return open(proto_options.dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);   /* as on tmpfs */
}

static void file_write(int fd, const void *bytes, size_t size) {
  for (const char *p = bytes; size;) {
    ssize_t put = write(fd, p, size);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) proto_die("write");
    p += put, size -= (size_t)put;
  }
}

static void file_read(int fd, void *bytes, size_t size) {
  for (char *p = bytes; size;) {
    ssize_t got = read(fd, p, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) proto_die("read");
    p += got, size -= (size_t)got;
  }
}

/* ---- one block; packed holds head and bytes ---- */

static size_t block_pack(Form form, const char *block, char *to) {
  if (form == FORM_ZSTD) return ZSTD_compress(to, packed_room, block, BLOCK_SIZE, 1);
  if (form == FORM_LZ4 || form == FORM_LZ4_FAST)
    return (size_t)LZ4_compress_fast(block, to, BLOCK_SIZE, (int)packed_room, form == FORM_LZ4 ? 1 : LZ4_FAST);
  return 0;
}

static void block_unpack(Form form, const char *from, size_t size) {
  size_t got = 0;
  if (form == FORM_ZSTD) got = ZSTD_decompress(unpacked, BLOCK_SIZE, from, size);
  if (form == FORM_LZ4 || form == FORM_LZ4_FAST) got = (size_t)LZ4_decompress_safe(from, unpacked, (int)size, BLOCK_SIZE);
  if (got != BLOCK_SIZE) {
    fputs("a block does not unpack\n", stderr);
    exit(2);
  }
}

static uint64_t block_write(Form form, int fd, const char *block) {
  if (form == FORM_RAW || form == FORM_RAW_DIRECT) {
    file_write(fd, block, BLOCK_SIZE);
    return BLOCK_SIZE;
  }
  Head *h = (Head *)packed;
  const char *bytes = block;
  h->size = BLOCK_SIZE;
  if (form != FORM_RAW_SUM) {
    bytes = packed + sizeof *h;
    h->size = (uint32_t)block_pack(form, block, packed + sizeof *h);
  }
  h->pad = 0;
  h->sum = XXH3_64bits(bytes, h->size);
  if (bytes == block) {
    file_write(fd, h, sizeof *h);
    file_write(fd, block, h->size);
  } else {
    file_write(fd, packed, sizeof *h + h->size);
  }
  return sizeof *h + h->size;
}

/* Leaves the rows in `unpacked`. */
static void block_read(Form form, int fd) {
  if (form == FORM_RAW || form == FORM_RAW_DIRECT) {
    file_read(fd, unpacked, BLOCK_SIZE);
    return;
  }
  Head h;
  file_read(fd, &h, sizeof h);
  char *to = form == FORM_RAW_SUM ? unpacked : packed;
  if (h.size > packed_room || (form == FORM_RAW_SUM && h.size != BLOCK_SIZE)) proto_die("size of a block");
  file_read(fd, to, h.size);
  if (XXH3_64bits(to, h.size) != h.sum) {
    fputs("a block has another sum\n", stderr);
    exit(2);
  }
  if (form != FORM_RAW_SUM) block_unpack(form, packed, h.size);
}

/* value: 0, 1 GB/s of rows written and read; 2, 3 CPU seconds for a GB; 4 bytes on disk for a byte of rows. */
static void run(ProtoRun *r, uint64_t arg) {
  Form form = (Form)arg;
  int fd = file_open(form == FORM_RAW_DIRECT);
  if (fd < 0) proto_die(proto_options.dir);
  double gb = (double)(block_count() * BLOCK_SIZE) / 1e9;
  uint64_t disk = 0;
  proto_begin(r);
  for (uint64_t i = 0; i < block_count(); i++) disk += block_write(form, fd, blocks + i % BLOCKS * BLOCK_SIZE);
  proto_end(r);
  double wrote = r->seconds, wrote_cpu = r->cpu_seconds;
  if (lseek(fd, 0, SEEK_SET) != 0) proto_die("lseek");
  proto_begin(r);
  for (uint64_t i = 0; i < block_count(); i++) {
    block_read(form, fd);
    r->check = proto_hash(r->check, unpacked + i % 61 * PAGE, PAGE);
  }
  proto_end(r);
  close(fd);
  r->value[0] = gb / wrote;
  r->value[1] = gb / (r->seconds - wrote);
  r->value[2] = wrote_cpu / gb;
  r->value[3] = (r->cpu_seconds - wrote_cpu) / gb;
  r->value[4] = (double)disk / (gb * 1e9);
}

static void blocks_make(void) {
  static const char *const words[] = {"alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel"};
  uint64_t state = 88172645463325252u;
  packed_room = ZSTD_compressBound(BLOCK_SIZE) + BLOCK_SIZE / 16;
  if (posix_memalign((void **)&blocks, PAGE, (size_t)BLOCKS * BLOCK_SIZE) ||
      posix_memalign((void **)&unpacked, PAGE, BLOCK_SIZE) ||
      posix_memalign((void **)&packed, PAGE, packed_room + sizeof(Head)))
    proto_die("posix_memalign");
  memset(blocks, 0, (size_t)BLOCKS * BLOCK_SIZE);
  for (size_t i = 0; i < (size_t)BLOCKS * BLOCK_SIZE / sizeof(Row); i++) {
    Row *row = (Row *)blocks + i;
    uint64_t x = proto_random(&state);
    row->id = (int64_t)i;
    row->time = 1700000000000000 + (int64_t)(x % 31536000) * 1000000;
    row->amount = (int64_t)(x >> 12) % 1000000;
    row->customer = (int32_t)((x >> 24) % 1000000);
    row->quantity = (int32_t)(x >> 40) % 20 + 1;
    snprintf(row->text, sizeof row->text, "%s %s %d", words[x % 8], words[(x >> 3) % 8], (int)(x >> 50) % 1000);
  }
}

/* ---- what is left ---- */

typedef enum Temp { TEMP_NAMELESS, TEMP_UNLINKED, TEMP_AT_EXIT, TEMPS } Temp;

static char temp_path[4096 + 16];

static void temp_remove(void) { unlink(temp_path); }

static void temp_on_signal(int signal_number) {
  unlink(temp_path);
  _exit(128 + signal_number);
}

static int temp_open(Temp t, const char *folder) {
  if (t == TEMP_NAMELESS) return open(folder, O_TMPFILE | O_RDWR, 0600);
  snprintf(temp_path, sizeof temp_path, "%s/spill-XXXXXX", folder);
  int fd = mkstemp(temp_path);
  if (t == TEMP_UNLINKED && fd >= 0) unlink(temp_path);
  if (t == TEMP_AT_EXIT) {
    atexit(temp_remove);
    signal(SIGTERM, temp_on_signal);
  }
  return fd;
}

static int folder_count(const char *folder) {
  DIR *d = opendir(folder);
  int n = 0;
  for (struct dirent *e; d && (e = readdir(d));) n += e->d_name[0] != '.';
  if (d) closedir(d);
  return n;
}

static void folder_empty(const char *folder) {
  DIR *d = opendir(folder);
  for (struct dirent *e; d && (e = readdir(d));)
    if (e->d_name[0] != '.') unlinkat(dirfd(d), e->d_name, 0);
  if (d) closedir(d);
}

/* Files that are left after a child made one so and ended so (0: by itself). */
static int temp_left(Temp t, int how, const char *folder) {
  int ready[2];
  char byte = 0;
  if (pipe(ready) != 0) proto_die("pipe");
  fflush(NULL);
  pid_t child = fork();
  if (child < 0) proto_die("fork");
  if (child == 0) {
    int fd = temp_open(t, folder);
    if (fd < 0) proto_die(folder);
    file_write(fd, blocks, BLOCK_SIZE);
    file_write(ready[1], &byte, 1);
    if (how == 0) exit(0);
    for (;;) pause();
  }
  close(ready[1]);
  file_read(ready[0], &byte, 1);
  close(ready[0]);
  if (how) kill(child, how);
  waitpid(child, NULL, 0);
  int left = folder_count(folder);
  folder_empty(folder);
  return left;
}

static int print_left(void) {
  static const char *const names[TEMPS] = {"O_TMPFILE, never a name", "made, and unlinked at once", "named, removed at the end and on SIGTERM"};
  static const int ends[] = {0, SIGTERM, SIGKILL};
  char folder[4096];
  int ok = 1;
  snprintf(folder, sizeof folder, "%s/left-XXXXXX", proto_options.dir);
  if (!mkdtemp(folder)) proto_die(folder);
  printf("\n| temporary file | files left after the end | after SIGTERM | after SIGKILL |\n| --- | --- | --- | --- |\n");
  for (int t = 0; t < TEMPS; t++) {
    double left[3];
    for (int e = 0; e < 3; e++) left[e] = temp_left((Temp)t, ends[e], folder);
    proto_row("s000", names[t], left[0], left[1], left[2]);
    if (t != TEMP_AT_EXIT && left[0] + left[1] + left[2] > 0) ok = 0;
  }
  rmdir(folder);
  return ok;
}

int main(int argc, char **argv) {
  proto_init(argc, argv);
  blocks_make();
  static const ProtoCase cases[FORMS] = {
    {"raw, page cache", run, FORM_RAW}, {"raw, direct", run, FORM_RAW_DIRECT}, {"raw, XXH3", run, FORM_RAW_SUM},
    {"LZ4 and XXH3", run, FORM_LZ4}, {"LZ4, acceleration 12, and XXH3", run, FORM_LZ4_FAST},
    {"zstd -1 and XXH3", run, FORM_ZSTD}};
  ProtoRun m[FORMS];
  if (!proto_measure(cases, FORMS, m)) return 1;
  printf("%.0f MB of rows of 64 bytes in blocks of 256 KiB, written to a file without a name and read back; GB/s of rows.\n\n"
         "| block | write GB/s | CPU s/GB | read GB/s | CPU s/GB | bytes on disk for a byte |\n| --- | --- | --- | --- | --- | --- |\n",
         (double)(block_count() * BLOCK_SIZE) / 1e6);
  for (int i = 0; i < FORMS; i++)
    proto_row("s22222", cases[i].name, m[i].value[0], m[i].value[2], m[i].value[1], m[i].value[3], m[i].value[4]);
  return print_left() ? 0 : 1;
}
