/* tap.c: flowc tap. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* A whole number above 0; 0: it is none. */
static unsigned long long tap_number(const char *text) {
  char *end;
  unsigned long long n = isdigit((unsigned char)text[0]) ? strtoull(text, &end, 10) : 0;
  return n && !*end ? n : 0;
}

/* A share, like 0.05, whatever the locale says of points. */
static double tap_share(const char *text) {
  double value = 0, unit = 1;
  const char *p = text;
  if (*p == '0') p++;
  if (*p == '1' && !p[1] && p == text) return 1;
  if (*p++ != '.') return 0;
  for (; isdigit((unsigned char)*p); p++) value += (*p - '0') * (unit /= 10);
  return *p ? 0 : value;
}

/* 0, or 1 when a message was printed. */
static int tap_options(Cli *c, FlowTapOptions *o, const char **what) {
  for (int i = 0; i < c->argc; i++) {
    const char *flag = c->argv[i], *value = i + 1 < c->argc ? c->argv[i + 1] : "";
    if (flag[0] != '-') {
      if (*what) return cli_usage_error("tap: one stream, not `%s` too", flag);
      *what = flag;
      continue;
    }
    i++;
    if (!strcmp(flag, "--every")) o->every = tap_number(value);
    else if (!strcmp(flag, "--seed")) o->seed = tap_number(value);
    else if (!strcmp(flag, "--sample")) o->sample = tap_share(value);
    else return cli_usage_error("tap: there is no option `%s`; options are --every N, --sample SHARE, --seed N", flag);
    if ((!strcmp(flag, "--sample") && !(o->sample > 0)) || (!strcmp(flag, "--every") && !o->every) || (!strcmp(flag, "--seed") && !o->seed))
      return cli_usage_error("tap: %s: `%s` is no such number", flag, value);
  }
  const char *colon = *what ? strrchr(*what, ':') : NULL;
  if (colon && !tap_number(colon + 1)) return cli_usage_error("tap: NAME:N wants a number of rows, not `%s`", colon + 1);
  return 0;
}

int cli_tap(Cli *c) {
  FlowTapOptions o = {0};
  const char *what = NULL;
  long pid = c->script ? (long)tap_number(c->script) : 0;
  if (pid <= 0) return cli_usage_error("`tap` needs the number of a process: flowc tap PID stream");
  return tap_options(c, &o, &what) ? 1 : flow_tap(pid, what, &o, stdout);
}
