# Fuzzers, without libFuzzer: each mutates its corpus by a seeded generator, under ASan and UBSan.
#   make fuzz FUZZ_SECONDS=60 SEED=1
SEED ?= 1
FUZZ_SECONDS ?= 60
FUZZ_ROUNDS ?= 20000
FUZZ_FLAGS := $(filter-out -Wshadow -Wmissing-prototypes,$(FLAGS)) $(GENERATED) -Itests -DFUZZ_MAIN \
  -fsanitize=address,undefined -fno-sanitize-recover=undefined

fuzz: fuzz-script fuzz-csv fuzz-json ## all fuzzers: FUZZ_SECONDS=60 FUZZ_ROUNDS=20000 SEED=1

# The parser and the formatter of scripts.
FUZZ_SCRIPT_SRC := $(wildcard compiler/syntax/*.c compiler/diag/*.c) $(BUILD)/gen/lex.c $(BUILD)/gen/parse.c runtime/base/arena.c
FUZZ_SCRIPTS = $(wildcard tests/golden/syntax/*.flow stdlib/*.flow tests/e2e/*/case.flow tests/errors/*.flow)
$(BUILD)/fuzz/fuzz_script: tests/fuzz/fuzz_script.c $(FUZZ_SCRIPT_SRC)
	$(call say,cc)
	@mkdir -p $(@D)
	$(Q)$(CC) $(FUZZ_FLAGS) -o $@ $^
fuzz-script: $(BUILD)/fuzz/fuzz_script ## fuzz the parser and the formatter
	$(Q)$< $(SEED) $(FUZZ_SECONDS) $(FUZZ_SCRIPTS)

# The readers: the fast path against the careful one, over the readers alone (no sinks).
FUZZ_IO_SRC := $(filter-out $(addprefix runtime/io/,sink.c sink_part.c sink_route.c out_pool.c commit.c out_file.c journal.c journal_place.c journal_settle.c codec.c json_put.c),$(wildcard runtime/io/*.c)) \
  $(wildcard runtime/text/*.c runtime/base/*.c)
FUZZ_IO_DEP := $(FUZZ_IO_SRC) $(wildcard runtime/*/*.h tests/support/*.h)
FUZZ_CSV_FILES = $(wildcard ../shared/data/csv-spectrum/csvs/*.csv ../shared/data/hostile-csv/csv/*.csv)
FUZZ_JSON_FILES = $(wildcard ../shared/data/JSONTestSuite/test_parsing/*.json ../shared/data/hostile-csv/json/*json*)
$(BUILD)/fuzz/fuzz_csv $(BUILD)/fuzz/fuzz_json: $(BUILD)/fuzz/%: tests/fuzz/%.c $(FUZZ_IO_DEP)
	$(call say,cc)
	@mkdir -p $(@D)
	$(Q)$(CC) $(FUZZ_FLAGS) -o $@ $< $(FUZZ_IO_SRC) $(LIBS_RT)
fuzz-csv: $(BUILD)/fuzz/fuzz_csv ## the fast CSV path against the careful one, on random damage
	$(Q)cd $(BUILD)/fuzz && ./fuzz_csv $(SEED) $(FUZZ_ROUNDS) $(abspath $(FUZZ_CSV_FILES))
fuzz-json: $(BUILD)/fuzz/fuzz_json ## the fast JSON path against the careful one, on random damage
	$(Q)cd $(BUILD)/fuzz && ./fuzz_json $(SEED) $(FUZZ_ROUNDS) $(abspath $(FUZZ_JSON_FILES))
.PHONY: fuzz fuzz-script fuzz-csv fuzz-json
