/* header.c: the part of the embedded header that a module needs. Four fifths of libtcc's time went into declarations that most
 * modules do not use.
 *
 * The header was cut into items when flowc was built (mk/cut.c). Names that the module uses keep the items that declare them,
 * those keep others by the names that stand in them, until nothing is new. Items stay in their order. What declares no single name is
 * always kept, and names are told apart by a hash: both can only keep too much. */
#include "backend/header.h"

#include <string.h>

#include "backend/backend.h"

typedef struct Header {
  bool *kept;
  uint32_t *todo;            /* items that were kept and not looked through */
  uint32_t todo_len;
} Header;

static void header_keep(Header *h, uint32_t item) {
  if (h->kept[item]) return;
  h->kept[item] = true;
  h->todo[h->todo_len++] = item;
}

/* Keeps what declares the names that stand there. */
static void header_look(Header *h, const char *from, const char *to) {
  uint32_t hash;
  while ((from = header_name(from, to, &hash)))
    for (uint32_t at = flow_header_slots[hash % HEADER_SLOTS]; at; at = flow_header_items[at - 1].next)
      if (flow_header_items[at - 1].name == hash) header_keep(h, at - 1);
}

char *backend_header(Arena *a, const char *c_text, size_t size, size_t *out_size) {
  uint32_t len = flow_header_len;
  Header h = {arena_alloc(a, len * sizeof *h.kept), arena_alloc(a, len * sizeof *h.todo), 0};
  for (uint32_t i = 0; i < len; i++)
    if (!flow_header_items[i].name) header_keep(&h, i);
  header_look(&h, c_text, c_text + size);
  while (h.todo_len) {
    const HeaderItem *item = &flow_header_items[h.todo[--h.todo_len]];
    header_look(&h, flow_header_text + item->from, flow_header_text + item->from + item->size);
  }
  char *text = arena_alloc(a, flow_header_size + len + 1), *p = text;
  for (uint32_t i = 0; i < len; i++) {
    const HeaderItem *item = &flow_header_items[i];
    if (!h.kept[i]) continue;
    memcpy(p, flow_header_text + item->from, item->size);
    p += item->size;
    *p++ = '\n';
  }
  *out_size = (size_t)(p - text);
  return text;
}
