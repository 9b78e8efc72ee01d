# flowc: `make` builds build/flowc, `make demo` shows it, `make test` runs every test. `make help` lists the rest.
#
# Variables: BUILD (folder of what is built), CC, OPT, SAN (sanitizer flags; with a BUILD of its own), EXTRA (more flags), V=1 (show commands).
# mk/generated.mk makes the C that is not written by hand; mk/tests.mk, mk/fuzz.mk and mk/install.mk hold the other targets.
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
BUILD   ?= build
CC      := $(if $(filter default,$(origin CC)),cc,$(CC))
OPT     ?= -O2
VERSION := $(shell cat VERSION)
WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wno-unused-parameter
INC     := -Iinclude -Icompiler -Icompiler/include -Iruntime -Iruntime/include -I$(BUILD)/gen
FLAGS   := -std=c11 -D_GNU_SOURCE -g $(OPT) -fno-strict-aliasing -ffp-contract=off -fPIC -fvisibility=hidden \
           -ffunction-sections -fdata-sections $(WARN) $(INC) -DFLOW_VERSION='"$(VERSION)"' $(SAN) $(EXTRA)
LIBS_RT := -lpcre2-8 -lutf8proc -lzstd -llz4 -lz -lxxhash -lm -ldl -lpthread
LIBS    := $(LIBS_RT)
# Generated C is nobody's style.
GENERATED := -Wno-missing-prototypes -Wno-shadow -Wno-unused-variable

RT_SRC   := $(sort $(wildcard runtime/*/*.c))
COMP_SRC := $(sort $(filter-out compiler/cli/%,$(wildcard compiler/*/*.c)))
CLI_SRC  := $(sort $(wildcard compiler/cli/*.c))
GEN_OBJ  := $(patsubst %,$(BUILD)/obj/gen/%.o,lex parse stdlib flow_header flow_items flow_runtime plugin_header plugin_template)
RT_OBJ   := $(RT_SRC:%.c=$(BUILD)/obj/%.o) $(BUILD)/obj/duktape.o $(BUILD)/obj/gen/js_context.o
COMP_OBJ := $(COMP_SRC:%.c=$(BUILD)/obj/%.o) $(GEN_OBJ) $(BUILD)/obj/libtcc_api.o
CLI_OBJ  := $(CLI_SRC:%.c=$(BUILD)/obj/%.o)

# `make V=1` shows the commands, otherwise a line each.
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' '$(1)' '$@')

all: $(BUILD)/flowc ## build build/flowc (the default)

lib: $(BUILD)/flowc $(BUILD)/libflow.so ## build the program and the libraries

# The program offers frt_* to the modules that it loads (--jit=cc): hence the whole runtime, and -rdynamic.
$(BUILD)/flowc: $(CLI_OBJ) $(BUILD)/libflow.a $(BUILD)/libflowrt.a
	$(call say,link)
	$(Q)$(CC) $(SAN) -rdynamic -o $@ $(CLI_OBJ) -Wl,--whole-archive $(BUILD)/libflowrt.a -Wl,--no-whole-archive \
	  $(BUILD)/libflow.a $(BUILD)/libflowrt.a $(LIBS)

# Only flow_* and frt_* are visible.
$(BUILD)/libflow.so: $(BUILD)/libflow.a $(BUILD)/libflowrt.a mk/libflow.map
	$(call say,link)
	$(Q)$(CC) $(SAN) -shared -Wl,-soname,libflow.so.0 -Wl,--version-script=mk/libflow.map -o $@ \
	  -Wl,--whole-archive $(BUILD)/libflow.a $(BUILD)/libflowrt.a -Wl,--no-whole-archive $(LIBS)
	$(Q)ln -sf libflow.so $(BUILD)/libflow.so.0

$(BUILD)/libflow.a: $(COMP_OBJ)
	$(call say,ar)
	$(Q)rm -f $@ && ar rcs $@ $^
$(BUILD)/libflowrt.a: $(RT_OBJ)
	$(call say,ar)
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/obj/%.o: %.c
	$(call say,cc)
	@mkdir -p $(@D)
	$(Q)$(CC) $(FLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/obj/gen/%.o: $(BUILD)/gen/%.c
	$(call say,cc)
	@mkdir -p $(@D)
	$(Q)$(CC) $(FLAGS) $(GENERATED) -MMD -MP -c -o $@ $<

-include $(RT_OBJ:.o=.d) $(COMP_OBJ:.o=.d) $(CLI_OBJ:.o=.d)
include mk/generated.mk mk/tests.mk mk/fuzz.mk mk/install.mk
# Fragments of single rooms.
-include $(filter-out mk/generated.mk mk/tests.mk mk/fuzz.mk mk/install.mk,$(wildcard mk/*.mk))

deps: ## install the Debian packages that are missing (as root or by sudo)
	mk/install-deps.sh

demo: deps ## install, build, and run a real pipeline
	@$(MAKE) --no-print-directory all
	@examples/demo/run $(abspath $(BUILD)/flowc)

SOURCES_C = $(wildcard compiler/*/*.[ch] runtime/*/*.[ch] tests/*/*.[ch] mk/*.c examples/*/*.c)
format: ## put the C files into the project's layout (clang-format)
	clang-format -i $(SOURCES_C)
tidy: ## clang-tidy over compiler and runtime, where it is installed
	@command -v clang-tidy >/dev/null || { echo "clang-tidy is not installed"; exit 0; }; \
	clang-tidy --quiet $(COMP_SRC) $(CLI_SRC) $(RT_SRC) -- $(filter-out -W%,$(FLAGS))

clean: ## remove everything that was built
	rm -rf $(BUILD)

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort -u | expand -t 16
.PHONY: all lib deps demo format tidy clean help
