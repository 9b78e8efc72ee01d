/* sort_word.c: sort keys as fields of 64-bit words, and sorts that hold the text of their rows. */
#include "phys/phys_internal.h"

/* ---- words ---- */

static int word_bits_of(uint64_t values) {
  int bits = 0;
  while (bits < 64 && values > 1ull << bits) bits++;
  return bits;
}

PhysWord phys_word(const Type *t) {
  switch (t->kind) {
    case TY_BOOL: return (PhysWord){1, true};
    case TY_I8: case TY_U8: return (PhysWord){8, true};
    case TY_I16: case TY_U16: return (PhysWord){16, true};
    case TY_ENUM: return (PhysWord){word_bits_of(t->len), true};
    case TY_I32: case TY_U32: case TY_DATE: return (PhysWord){32, true};
    case TY_F32: return (PhysWord){35, true};
    case TY_TIME: return (PhysWord){37, true};
    case TY_DECIMAL: {
      uint64_t most = 2;
      if (type_is_wide(t)) return (PhysWord){64, false};
      for (int i = 0; i < t->precision; i++) most *= 10;
      return (PhysWord){word_bits_of(most), true};
    }
    case TY_STRING: case TY_BYTES: case TY_UUID: return (PhysWord){64, false};
    default: return (PhysWord){64, true};
  }
}

bool phys_words_exact(const PlanNode *n) {
  int bits = 0;
  for (uint32_t j = 0; j < n->key_len; j++) {
    const Type *t = n->keys[j].value->type;
    PhysWord w = phys_word(t);
    bits += w.bits + t->nullable;
    if (!w.exact) return false;
  }
  return bits <= 64;
}

/* ---- several words ---- */

static bool words_are_wide(const Type *t) { return t->kind == TY_UUID || (t->kind == TY_DECIMAL && type_is_wide(t)); }

PhysKeyForm phys_key_form(const Type *t) {
  PhysWord w = phys_word(t);
  if (words_are_wide(t)) return (PhysKeyForm){2, 64, true};
  return (PhysKeyForm){1, w.bits, w.exact};
}

PhysPlace phys_place(PhysPlaces *at, int bits) {
  if (!at->words || bits > at->left) {
    at->words++;
    at->left = 64;
  }
  at->left -= bits;
  return (PhysPlace){at->words - 1, at->left};
}

uint32_t phys_sort_words(const PlanNode *n) {
  PhysPlaces at = {0};
  for (uint32_t j = 0; j < n->key_len; j++) {
    const Type *t = n->keys[j].value->type;
    PhysKeyForm form = phys_key_form(t);
    if (!form.exact) return 0;
    if (t->nullable) phys_place(&at, 1);
    for (int i = 0; i < form.parts; i++) phys_place(&at, form.bits);
  }
  return at.words > FRT_SORT_WORDS ? 0 : at.words ? at.words : 1;
}

/* ---- sorts that hold text ---- */

static PlanNode *texts_only_use(const Plan *plan, const PlanNode *n) {
  PlanNode *found = NULL;
  for (uint32_t i = 0; i < plan->node_len; i++)
    for (uint32_t k = 0; k < plan->nodes[i]->in_len; k++) {
      if (plan->nodes[i]->in[k].node != n) continue;
      if (found) return NULL;
      found = plan->nodes[i];
    }
  return found;
}

/* A map that only gives names. */
static bool texts_renames(const PlanNode *n) {
  if (n->kind != PLAN_MAP || n->out_len != 1) return false;
  for (uint32_t i = 0; i < n->made_len; i++)
    if (!phys_made_alias(&n->made[i])) return false;
  return true;
}

static bool texts_fits(const Plan *plan, const PlanNode *n) {
  if (n->kind != PLAN_WRITE || n->in_len != 1 || n->sink->partitioned) return false;
  if (n->sink->options.format != FRT_FMT_CSV && n->sink->options.format != FRT_FMT_JSONL) return false;
  const Schema *s = &n->in[0].node->out[n->in[0].port].schema;
  for (uint32_t i = 0; i < s->len; i++) {
    TypeKind kind = plan->columns[s->cols[i].col].type->kind;
    if (kind == TY_LIST || kind == TY_STRUCT) return false;
  }
  return true;
}

void phys_find_texts(Phys *p) {
  for (uint32_t i = 0; i < p->plan->node_len; i++) {
    PlanNode *sort = p->plan->nodes[i], *at = sort;
    if (sort->kind != PLAN_SORT) continue;
    do at = texts_only_use(p->plan, at);
    while (at && texts_renames(at));
    if (!at || !texts_fits(p->plan, at)) continue;
    PlanNode *sink = at;
    for (at = sort; at != sink; at = texts_only_use(p->plan, at)) p->nodes[at->id].texts = sink;
    p->nodes[sink->id].texts = sort;
  }
}
