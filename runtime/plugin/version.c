/* version.c: versions and ranges of versions, after semver.org; what stands behind `-` or `+` is left out. */
#include <string.h>

#include "plugin/plugin.h"

typedef struct PluginVersion {
  uint32_t part[3];
  uint32_t len;        /* how many parts were written */
} PluginVersion;

/* Reads "1.2.3", "1.2" or "1"; returns the end, NULL where there is no number. */
static const char *plugin_version_read(const char *p, PluginVersion *v) {
  memset(v, 0, sizeof *v);
  for (;;) {
    if (*p < '0' || *p > '9') return NULL;
    uint32_t n = 0;
    for (; *p >= '0' && *p <= '9'; p++) {
      n = n * 10 + (uint32_t)(*p - '0');
      if (n > 100000000) return NULL;
    }
    v->part[v->len++] = n;
    if (*p != '.' || v->len == 3) break;
    p++;
  }
  if (*p == '-' || *p == '+') p += strcspn(p, " ");
  return p;
}

static int plugin_version_compare(const PluginVersion *a, const PluginVersion *b, uint32_t len) {
  for (uint32_t i = 0; i < len; i++)
    if (a->part[i] != b->part[i]) return a->part[i] < b->part[i] ? -1 : 1;
  return 0;
}

/* How many of the first parts must stay: ^1.2 the 1, ^0.2 the 0.2, ^0.0.3 all. */
static uint32_t plugin_version_caret(const PluginVersion *v) {
  uint32_t i = 0;
  while (i + 1 < v->len && !v->part[i]) i++;
  return i + 1;
}

static int plugin_version_term(const PluginVersion *v, const char *op, size_t op_len, const PluginVersion *t) {
  int order = plugin_version_compare(v, t, 3);
  if (op_len == 2 && op[1] == '=' && op[0] == '>') return order >= 0;
  if (op_len == 2 && op[1] == '=' && op[0] == '<') return order <= 0;
  if (op_len == 1 && *op == '>') return order > 0;
  if (op_len == 1 && *op == '<') return order < 0;
  if (op_len == 1 && *op == '^') return order >= 0 && !plugin_version_compare(v, t, plugin_version_caret(t));
  if (op_len == 1 && *op == '~') return order >= 0 && !plugin_version_compare(v, t, t->len < 2 ? 1 : 2);
  if (op_len == 0 || (op_len == 1 && *op == '=')) return !plugin_version_compare(v, t, t->len);
  return -1;
}

int plugin_version_fits(const char *version, const char *range) {
  PluginVersion v, t;
  int fits = 1, terms = 0;
  const char *end = plugin_version_read(version, &v);
  if (!end || *end) return -1;
  for (const char *p = range + strspn(range, " "); *p; p += strspn(p, " "), terms++) {
    if (*p == '*' && (!p[1] || p[1] == ' ')) {
      p++;
      continue;
    }
    size_t op_len = strspn(p, "<>=^~");
    const char *op = p;
    end = plugin_version_read(p + op_len + strspn(p + op_len, " "), &t);
    if (!end || (*end && *end != ' ')) return -1;
    int one = plugin_version_term(&v, op, op_len, &t);
    if (one < 0) return -1;
    fits &= one;
    p = end;
  }
  return terms ? fits : -1;
}
