# The fuzzer of the front end: make fuzz-script SEED=1 SECONDS=60
SEED ?= 1
SECONDS ?= 60
SYN_SRC := $(wildcard compiler/syntax/*.c compiler/diag/*.c) runtime/base/arena.c
$(BUILD)/fuzz/fuzz_script: tests/fuzz/fuzz_script.c $(SYN_SRC) $(GEN_SRC)
	@mkdir -p $(@D)
	$(CC) $(filter-out -Wshadow -Wmissing-prototypes,$(FLAGS)) -Wno-unused-variable -fsanitize=address,undefined -fno-sanitize-recover=undefined -o $@ $^
fuzz-script: $(BUILD)/fuzz/fuzz_script ## fuzz the parser and the formatter
	$< $(SEED) $(SECONDS) tests/golden/syntax/forms.flow $(wildcard stdlib/*.flow tests/e2e/*/case.flow tests/errors/*.flow)
.PHONY: fuzz-script
