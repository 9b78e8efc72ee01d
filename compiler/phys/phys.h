/* phys.h: the physical plan: who consumes what, which columns are needed and how, in what order the
 * scans run. It annotates the logical plan; codegen reads both. Lives in the session's arena. */
#ifndef FLOW_PHYS_H
#define FLOW_PHYS_H

#include "plan/plan.h"

typedef struct PhysUse { PlanNode *node; uint32_t input; } PhysUse;  /* node->in[input] is the edge */

typedef struct PhysNode {          /* index = PlanNode.id */
  PlanNode *node;
  PhysUse **uses;                  /* uses[port][0 .. use_len[port]): consumers, in script order */
  uint32_t *use_len;
  PlanNode *space;                 /* the node whose block rows flow here: a scan, explode, union, ... */
  bool text_space;                 /* that is a csv or tsv scan: raw text may be copied */
  const uint8_t *kept;             /* operators that copy rows, live taps: by ColId: not 0 where somebody behind needs the column */
  PlanNode *texts;                 /* a sort that holds rows as printed, and the renaming maps behind it: the sink that
                                      prints them; that sink: the sort */
  const char *layout;              /* the structs of what rests in it, a line each; codegen writes them. Or NULL */
  uint32_t held_bytes;             /* and their size */
  double rows;                     /* estimate of the rows that leave port 0; negative: not known */
  const char *state_class;         /* "O(1)", "O(k)", "O(groups)", "O(rows)" */
  bool spills;                     /* a join: its right side may go to disk, and its rows come in a step of its own then;
                                      distinct: rows of keys that do not fit may go to disk, and come then */
  bool places;                     /* a join: an error may name the source of rows behind it, so held ones keep their place */
  bool left_first;                 /* a join whose left side is much the smaller one: it is held, before the right side comes,
                                      of which only rows with a key of the left side are kept */
  bool left_held;                  /* a join: its left rows cannot wait for the right ones: they are held, and
                                      probed in a step of its own */
} PhysNode;

enum { COL_VALUE = 1, COL_RAW = 2, COL_CHECK = 4, COL_LENIENT = 8 /* only taps read it */, COL_LENT_NULL = 16 };

typedef struct Phys {
  Plan *plan;
  PhysNode *nodes;                 /* by node id */
  uint32_t node_max;               /* largest id + 1 */
  bool without_taps;               /* what taps read is not marked */
  uint8_t *col_use;                /* by ColId: COL_* bits; 0: nobody needs it */
  uint32_t *late;                  /* by ColId: 1 + the field of the read whose values are made when they are wanted
                                      (late.c), also under its other names; 0: it is no such column */
  PlanNode **scans;                /* read, values, range in the order in which they run */
  uint32_t scan_len;
  PlanNode **steps;                /* scans, and operators that emit what they hold, in the order of the run */
  uint32_t step_len;
  PlanNode **ports;                /* unions and error ports, topologically sorted */
  uint32_t port_len;
  int32_t *port_of_error;          /* by Plan.error_ports index: index into ports */
  int32_t *port_of_node;           /* by node id: index into ports, or -1 */
} Phys;

/* Before the optimiser: notes which columns of sources the script uses (plan->checked), so that a row with a bad field is an
 * error row whatever the optimiser makes of the expressions that read it. */
void phys_check_sources(Arena *a, Plan *plan);
/* Makes the physical plan. Reports E0901 (not built yet) for what cannot run; NULL then. */
Phys *phys_build(Arena *a, Plan *plan);
/* Whether the node has a step in which it sends on what it holds. */
bool phys_emits(const Phys *p, const PlanNode *n);
/* Whether the node is a source: read, values, range. */
bool phys_scans(const PlanNode *n);
/* The plan for people: operators, layouts, state classes. */
void phys_explain(const Phys *p, FILE *out);
/* The same as Graphviz dot. */
void phys_graph(const Phys *p, FILE *out);
/* Whether the made column must be computed: it is used, or it may fail. */
bool phys_made_needed(const Phys *p, const PlanMade *m);
/* Whether made is only another name for a column, which can be shared. */
bool phys_made_alias(const PlanMade *m);

/* A value as an unsigned number of so many bits in the order of its type. exact: equal numbers are equal values. */
typedef struct PhysWord { int bits; bool exact; } PhysWord;
PhysWord phys_word(const Type *t);
/* Whether all sort keys of n, each with a bit for null where it can be null, fit one word of 64 bits. */
bool phys_words_exact(const PlanNode *n);
/* A value as one or two such numbers, the upper one first. */
typedef struct PhysKeyForm { int parts, bits; bool exact; } PhysKeyForm;
PhysKeyForm phys_key_form(const Type *t);
/* Gives fields their places in words, from the top; a field is not split. Zeroed at first. */
typedef struct PhysPlaces { uint32_t words; int left; } PhysPlaces;
typedef struct PhysPlace { uint32_t word; int shift; } PhysPlace;
PhysPlace phys_place(PhysPlaces *at, int bits);
/* How many words the sort keys of n fill: FRT_SORT_WORDS at most; 0: they are more, or texts. */
uint32_t phys_sort_words(const PlanNode *n);

#endif
