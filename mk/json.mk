# The JSON fuzzer without libFuzzer: `make fuzz-json` mutates the outside files and lines of its own.
FUZZ_JSON_FILES = $(wildcard ../shared/data/JSONTestSuite/test_parsing/*.json ../shared/data/hostile-csv/json/*json*)
$(BUILD)/fuzz/fuzz_json: tests/fuzz/fuzz_json.c tests/support/json_harness.h tests/support/json_random.h $(wildcard runtime/io/*.[ch] runtime/text/*.[ch] runtime/base/*.[ch])
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -fsanitize=address,undefined -fno-sanitize-recover=undefined -DFUZZ_MAIN -Wno-missing-prototypes -Itests -o $@ $< \
	  $(filter-out runtime/io/sink.c runtime/io/commit.c runtime/io/out_file.c runtime/io/path.c runtime/io/codec.c runtime/io/json_put.c,$(wildcard runtime/io/*.c)) \
	  $(wildcard runtime/text/*.c runtime/base/*.c) $(LIBS_RT)
fuzz-json: $(BUILD)/fuzz/fuzz_json ## the fast JSON path against the careful one, on random damage
	cd $(BUILD)/fuzz && ./fuzz_json $${SEED:-1} $${ROUNDS:-20000} $(abspath $(FUZZ_JSON_FILES))
.PHONY: fuzz-json
