/* codec.c: gzip (RFC 1952, zlib) and zstd (RFC 8878) on the way out. A frame ends when a file is put to
 * sleep, or with each buffer; the next one is appended, which both formats allow. */
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "io/out_file.h"
#include "text/xxh3.h"

#ifndef FRT_NO_ZLIB
#include <zlib.h>
#endif
#ifndef FRT_NO_ZSTD
#include <zstd.h>
#endif

enum { CODEC_BUFFER_SIZE = 128 * 1024, CODEC_GZIP_LEVEL = 6, CODEC_ZSTD_LEVEL = 3 };

struct OutCodec {
  uint32_t kind;
#ifndef FRT_NO_ZLIB
  z_stream z;
#endif
#ifndef FRT_NO_ZSTD
  ZSTD_CCtx *zstd;
#endif
  char buffer[CODEC_BUFFER_SIZE];
};

struct OutCodec *frt_codec_new(uint32_t compress, int level, const char **why) {
  struct OutCodec *c = frt_malloc(sizeof *c);
  memset(c, 0, offsetof(struct OutCodec, buffer));
  c->kind = compress;
#ifndef FRT_NO_ZLIB
  if (compress == FRT_COMPRESS_GZIP) {
    if (deflateInit2(&c->z, level ? level : CODEC_GZIP_LEVEL, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK)
      return c;
    *why = "gzip refuses this compression level";
  } else
#endif
#ifndef FRT_NO_ZSTD
  if (compress == FRT_COMPRESS_ZSTD) {
    c->zstd = ZSTD_createCCtx();
    if (c->zstd && !ZSTD_isError(ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_compressionLevel,
                                                        level ? level : CODEC_ZSTD_LEVEL))) {
      ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_checksumFlag, 1);
      return c;
    }
    ZSTD_freeCCtx(c->zstd);
    *why = "zstd refuses this compression level";
  } else
#endif
  {
    *why = "this program was built without that compression";
  }
  frt_free(c);
  return NULL;
}

void frt_codec_free(struct OutCodec *c) {
  if (!c) return;
#ifndef FRT_NO_ZLIB
  if (c->kind == FRT_COMPRESS_GZIP) deflateEnd(&c->z);
#endif
#ifndef FRT_NO_ZSTD
  if (c->kind == FRT_COMPRESS_ZSTD) ZSTD_freeCCtx(c->zstd);
#endif
  frt_free(c);
}

#ifndef FRT_NO_ZLIB
static int codec_write_gzip(struct OutCodec *c, int (*write)(void *, const char *, size_t), void *context, const char *p, size_t n, int end, uint64_t *bytes, FrtXxh3 *sum) {
  do {
    size_t part = n < (1u << 30) ? n : 1u << 30;
    c->z.next_in = (Bytef *)(uintptr_t)p;
    c->z.avail_in = (uInt)part;
    p += part;
    n -= part;
    int status;
    do {
      c->z.next_out = (Bytef *)c->buffer;
      c->z.avail_out = CODEC_BUFFER_SIZE;
      status = deflate(&c->z, end && !n ? Z_FINISH : Z_NO_FLUSH);
      size_t made = CODEC_BUFFER_SIZE - c->z.avail_out;
      int error = write(context, c->buffer, made);
      if (error) return error;
      if (sum) frt_xxh3_add(sum, c->buffer, made);
      *bytes += made;
    } while (c->z.avail_out == 0 && status != Z_STREAM_END);
  } while (n);
  if (end) deflateReset(&c->z);
  return 0;
}
#endif

#ifndef FRT_NO_ZSTD
static int codec_write_zstd(struct OutCodec *c, int (*write)(void *, const char *, size_t), void *context, const char *p, size_t n, int end, uint64_t *bytes, FrtXxh3 *sum) {
  ZSTD_inBuffer in = {p, n, 0};
  for (;;) {
    ZSTD_outBuffer out = {c->buffer, CODEC_BUFFER_SIZE, 0};
    size_t left = ZSTD_compressStream2(c->zstd, &out, &in, end ? ZSTD_e_end : ZSTD_e_continue);
    if (ZSTD_isError(left)) return EIO;
    int error = write(context, c->buffer, out.pos);
    if (error) return error;
    if (sum) frt_xxh3_add(sum, c->buffer, out.pos);
    *bytes += out.pos;
    if (end ? left == 0 : in.pos == in.size) return 0;
  }
}
#endif

int frt_codec_write(struct OutCodec *c, int (*write)(void *, const char *, size_t), void *context, const char *p, size_t n, int end, uint64_t *bytes, FrtXxh3 *sum) {
#ifndef FRT_NO_ZLIB
  if (c->kind == FRT_COMPRESS_GZIP) return codec_write_gzip(c, write, context, p, n, end, bytes, sum);
#endif
#ifndef FRT_NO_ZSTD
  if (c->kind == FRT_COMPRESS_ZSTD) return codec_write_zstd(c, write, context, p, n, end, bytes, sum);
#endif
  return EINVAL;
}
