# flowc: `make` builds build/flowc, `make demo` shows it, `make test` runs every test. `make help` lists the rest.
.DEFAULT_GOAL := all
BUILD   ?= build
CC      ?= cc
OPT     ?= -O2
VERSION := $(shell cat VERSION)
WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wno-unused-parameter
INC     := -Icompiler -Icompiler/include -Iruntime -Iruntime/include -I$(BUILD)/gen
FLAGS   := -std=c11 -D_GNU_SOURCE -g $(OPT) -fno-strict-aliasing -ffp-contract=off -fPIC -fvisibility=hidden \
           -ffunction-sections -fdata-sections $(WARN) $(INC) -DFLOW_VERSION='"$(VERSION)"' $(SAN) $(EXTRA)
LIBS_RT := -lpcre2-8 -lutf8proc -lzstd -lz -lxxhash -lm -ldl -lpthread
LIBS    := $(LIBS_RT)

RT_SRC   := $(sort $(wildcard runtime/*/*.c))
COMP_SRC := $(sort $(filter-out compiler/cli/%,$(wildcard compiler/*/*.c)))
CLI_SRC  := $(sort $(wildcard compiler/cli/*.c))
GEN_SRC  := $(BUILD)/gen/lex.c $(BUILD)/gen/parse.c
RT_OBJ   := $(RT_SRC:%.c=$(BUILD)/obj/%.o)
COMP_OBJ := $(COMP_SRC:%.c=$(BUILD)/obj/%.o) $(GEN_SRC:$(BUILD)/gen/%.c=$(BUILD)/obj/gen/%.o)
CLI_OBJ  := $(CLI_SRC:%.c=$(BUILD)/obj/%.o)

all: $(BUILD)/flowc

-include $(wildcard mk/*.mk)

$(BUILD)/flowc: $(CLI_OBJ) $(BUILD)/libflow.a $(BUILD)/libflowrt.a
	$(CC) $(SAN) -rdynamic -o $@ $(CLI_OBJ) -Wl,--whole-archive $(BUILD)/libflowrt.a -Wl,--no-whole-archive $(BUILD)/libflow.a $(BUILD)/libflowrt.a $(LIBS)

$(BUILD)/libflow.a: $(COMP_OBJ)
	rm -f $@ && ar rcs $@ $^
$(BUILD)/libflowrt.a: $(RT_OBJ)
	rm -f $@ && ar rcs $@ $^

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/obj/gen/%.o: $(BUILD)/gen/%.c
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -Wno-missing-prototypes -Wno-shadow -Wno-unused-variable -MMD -MP -c -o $@ $<

# The grammar: re2c and Lemon write the lexer and the parser.
$(BUILD)/gen/lex.c: grammar/flow.re $(BUILD)/gen/parse.c
	@mkdir -p $(@D)
	re2c --no-debug-info -W -o $@ $<
$(BUILD)/gen/parse.c $(BUILD)/gen/parse.h: grammar/flow.y
	@mkdir -p $(@D)
	cp $< $(BUILD)/gen/parse.y && cd $(BUILD)/gen && { lemon -q -s parse.y > parse.txt || \
	  { cat parse.txt; rm -f parse.c; exit 1; }; }
$(COMP_OBJ): | $(BUILD)/gen/parse.h

-include $(RT_OBJ:.o=.d) $(COMP_OBJ:.o=.d) $(CLI_OBJ:.o=.d)

clean: ## remove everything that was built
	rm -rf $(BUILD)

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort | expand -t 16
.PHONY: all clean help

# Unit tests: each tests/unit/NAME.c is a Criterion program over both libraries.
UNIT_BIN := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(sort $(wildcard tests/unit/*.c)))
$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/libflow.a $(BUILD)/libflowrt.a
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -Wno-missing-prototypes -Itests -o $@ $< $(BUILD)/libflow.a $(BUILD)/libflowrt.a $(LIBS) -lcriterion
