/* embed.c: a C program with flowc inside. It compiles a script that it holds as text, says what is wrong with it if
 * anything is, and runs it twice with other parameters.
 *
 *   cc embed.c $(pkg-config --cflags --libs flow) -o embed && ./embed people.csv */
#include <flow.h>
#include <stdio.h>
#include <string.h>

static const char script[] =
    "param file: string\n"
    "param older_than: i32 = 0\n"
    "people = read csv(file) as { name: string, age: i32 }\n"
    "people | filter age > older_than | write csv(\"-\")\n";

static int run(const char *text, int argc, char **argv) {
  FlowOptions options = {.jit = "tcc"};
  FlowProgram *program = flow_compile_text("embedded.flow", text, strlen(text), &options);
  int status = 1;
  if (flow_error_count(program)) flow_print_diagnostics(program, stderr, 0);
  else status = flow_run(program, argc, argv);
  flow_free(program);
  return status;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: embed FILE.csv\n");
    return 1;
  }
  printf("libflow %s\n", flow_version());
  fflush(stdout);
  int status = run(script, 2, (char *[]){"--file", argv[1], NULL});
  if (status) return status;
  return run(script, 4, (char *[]){"--file", argv[1], "--older-than", "40", NULL});
}
