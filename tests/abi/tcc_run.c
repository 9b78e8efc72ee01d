/* tcc_run.c: compiles a C file the way flowc does, by libtcc and with no header but the runtime's, and runs its main. */
#include <libtcc.h>
#include <stdio.h>

int main(int argc, char **argv) {
  TCCState *s = argc == 3 ? tcc_new() : NULL;
  if (!s) return 2;
  tcc_set_options(s, "-nostdlib -nostdinc");
  tcc_set_output_type(s, TCC_OUTPUT_MEMORY);
  tcc_add_include_path(s, argv[1]);
  tcc_add_symbol(s, "printf", (const void *)printf);
  if (tcc_add_file(s, argv[2]) || tcc_relocate(s, TCC_RELOCATE_AUTO) < 0) return 1;
  int (*entry)(void) = (int (*)(void))tcc_get_symbol(s, "main");
  return entry ? entry() : 1;
}
