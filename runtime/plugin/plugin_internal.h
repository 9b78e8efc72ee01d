/* plugin_internal.h: a plugin's step at work, shared by the files of this room. */
#ifndef FRT_PLUGIN_INTERNAL_H
#define FRT_PLUGIN_INTERNAL_H

#include "flowrt.h"
#include "plugin/plugin.h"
#include "sched/run_internal.h"

enum { PLUGIN_MESSAGE_MAX = 2000, PLUGIN_PORTS_MAX = 60 };

/* A piece of memory in which the texts of a chunk may lie. */
typedef struct PluginArea {
  const char *from, *end;
  struct PluginArea *next;
} PluginArea;

/* The parts of a plugin's file that are mapped to be read: its literals. */
typedef struct PluginImage {
  PluginArea area[8];
  uint32_t len;
} PluginImage;

/* Where texts may lie. */
typedef struct PluginPlaces {
  const PluginArea *areas, *last;   /* what the host gave; where the last text was found */
  const PluginImage *image;
  int (*argument)(const void *env, FrtStr s);   /* whether it is part of a text that the plugin was given */
  const void *env;
  int anywhere;              /* they were copied */
} PluginPlaces;

/* The host as one chunk sees it. What fail() was told lies beside the rows. */
typedef struct PluginHost {
  FlowHost host;             /* first */
  void *(*more)(struct PluginHost *h, size_t size);   /* a new piece of room; NULL: there is none */
  void *env;
  char *at, *end;            /* free room */
  uint64_t given, most;      /* bytes given for the chunk, and how many may be */
  uint32_t rows;
  uint8_t *to;
  FrtStr *message;           /* by row of the chunk; NULL: only `general` */
  char general[PLUGIN_MESSAGE_MAX + 1];
  uint32_t general_len;
} PluginHost;

void plugin_host_start(PluginHost *h);

struct PluginChild;

struct FrtPlugin {
  FrtCtx *cx;
  const FrtPluginSpec *spec;
  PluginHandle loaded;
  const FlowStep *step;
  FlowStep of_source;            /* a source in the form of a step */
  uint32_t *row;                 /* of a source: 0, 1, 2, ... */
  void *self;
  int is_open;
  PluginHost host;
  PluginArea *areas;             /* of the chunk */
  PluginImage image;
  FlowColumn *in, *out;
  uint8_t *to;
  uint64_t *also;
  FrtStr *message;
  struct PluginChild *child;     /* isolated */
  const void *const *config;
  const char *file;
  char *note;                    /* its line of --stats */
};

/* plugin.c: whether the plugin that was loaded is the one that the script was compiled with. */
int plugin_same(const FlowPlugin *table, uint64_t hash);
void plugin_find_image(const FlowPlugin *table, PluginImage *image);
/* The plugin's own words, as far as they are UTF-8. */
FrtStr plugin_message(FrtStr m);

/* plugin.c: gives rows to where `to` and `also` say, and reports those that failed; k counts rows of the chunk, which starts
 * at row `first` of the selection. */
int plugin_settle(FrtCtx *cx, FrtPlugin *p, const FrtBlock *b, const uint32_t *sel, uint32_t n, uint32_t first, FrtPluginRows *r);
/* All rows of the chunk fail for the same reason. */
void plugin_chunk_fails(FrtPlugin *p, uint32_t n, const char *format, ...) __attribute__((format(printf, 3, 4)));
int plugin_run_fails(FrtCtx *cx, const FrtPluginSpec *spec, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* check.c: why a value cannot be used, or NULL; and: the values of an output in rows that go on; a row with a wrong one fails. Texts must lie in p->areas or in p->image, or
 * be part of a text of the same row; those of a child were copied. */
const char *plugin_check_value(PluginPlaces *places, const FrtType *t, void *at);
void plugin_check_output(FrtPlugin *p, uint32_t out, const uint32_t *row, uint32_t n, void *const *in, uint8_t *const *in_null);

void plugin_value_fails(FrtPlugin *p, uint32_t k, uint32_t out, const char *why);

/* isolate.c */
int plugin_child_new(FrtCtx *cx, FrtPlugin *p);
int plugin_child_rows(FrtCtx *cx, FrtPlugin *p, const FrtBlock *b, const uint32_t *sel, uint32_t n, void *const *in,
                      uint8_t *const *in_null, void *const *out, uint8_t *const *out_null, FrtPluginRows *r);
void plugin_child_end(FrtPlugin *p);

#endif
