/* header.h: names in the embedded header, for header.c and for mk/cut.c, which cuts the header into items when flowc is built. */
#ifndef FLOW_BACKEND_HEADER_H
#define FLOW_BACKEND_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HEADER_SLOTS = 2048 };

/* A macro, a conditional group or a declaration. */
typedef struct HeaderItem {
  uint32_t from, size;       /* in flow_header_text */
  uint32_t name;             /* hash of the name that it declares; 0: none alone, always kept */
  uint32_t next;             /* number + 1 of another item whose name has the same slot */
} HeaderItem;

extern const HeaderItem flow_header_items[];
extern const uint32_t flow_header_len;
extern const uint32_t flow_header_slots[HEADER_SLOTS];   /* by name: number + 1 of the last item */

static inline bool header_is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
static inline bool header_is_word(char c) { return header_is_letter(c) || (c >= '0' && c <= '9'); }

/* The next name in [p, to), its hash (FNV-1a) in *hash. Returns where it ends, or NULL when there is none. */
static inline const char *header_name(const char *p, const char *to, uint32_t *hash) {
  while (p < to && !header_is_letter(*p)) {
    bool number = *p >= '0' && *p <= '9';
    p++;
    while (number && p < to && header_is_word(*p)) p++;   /* with its suffix */
  }
  if (p == to) return NULL;
  uint32_t h = 2166136261u;
  for (; p < to && header_is_word(*p); p++) h = (h ^ (uint8_t)*p) * 16777619u;
  *hash = h ? h : 1;
  return p;
}

#endif
