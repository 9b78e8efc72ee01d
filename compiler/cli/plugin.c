/* plugin.c: `flowc plugin VERB`. */
#include <stdio.h>
#include <string.h>

#include "cli.h"

int cli_plugin(Cli *c) {
  static const char *const verbs[] = {"new", "build", "list", "info", "test"};
  const char *verb = c->script ? c->script : "";
  int known = 0, words = strcmp(verb, "list") ? 1 : 0;
  for (int i = 0; i < 5; i++) known |= !strcmp(verb, verbs[i]);
  if (!known) {
    const char *near = flow_nearest(verb, verbs, 5);
    return cli_usage_error("`plugin` knows new, build, list, info and test, not `%s`%s%s%s", verb, near ? "; did you mean `" : "", near ? near : "",
                           near ? "`?" : "");
  }
  for (int i = 0; i < c->argc; i++)
    if (c->argv[i][0] == '-') return cli_usage_error("`plugin` has no flag `%s`", c->argv[i]);
  if ((c->output || c->cc) && strcmp(verb, "build")) return cli_usage_error("-o and --cc are of `plugin build`");
  if (c->argc != words) return cli_usage_error(words ? "`plugin %s` takes one word" : "`plugin %s` takes no words", verb);
  if (!strcmp(verb, "new")) return flow_plugin_new(c->argv[0], stdout);
  if (!strcmp(verb, "build")) return flow_plugin_build(c->argv[0], c->output, c->cc, stdout);
  if (!strcmp(verb, "info")) return flow_plugin_info(c->argv[0], stdout);
  if (!strcmp(verb, "test")) return flow_plugin_test(c->argv[0], stdout);
  return flow_plugin_list(c->options.plugin_dirs, stdout);
}
