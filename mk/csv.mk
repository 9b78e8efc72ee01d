# The CSV fuzzer without libFuzzer: `make fuzz-csv` mutates the outside files and tables of its own.
FUZZ_CSV_FILES = $(wildcard ../shared/data/csv-spectrum/csvs/*.csv ../shared/data/hostile-csv/csv/*.csv)
$(BUILD)/fuzz/fuzz_csv: tests/fuzz/fuzz_csv.c tests/support/csv_harness.h $(wildcard runtime/io/*.[ch] runtime/text/*.[ch] runtime/base/*.[ch])
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -fsanitize=address,undefined -DFUZZ_MAIN -Wno-missing-prototypes -Itests -o $@ $< \
	  $(filter-out runtime/io/sink.c runtime/io/commit.c runtime/io/out_file.c runtime/io/path.c runtime/io/codec.c,$(wildcard runtime/io/*.c)) \
	  $(wildcard runtime/text/*.c runtime/base/*.c) $(LIBS_RT)
fuzz-csv: $(BUILD)/fuzz/fuzz_csv ## the fast CSV path against the careful one, on random damage
	cd $(BUILD)/fuzz && ./fuzz_csv $${SEED:-1} $${ROUNDS:-20000} $(abspath $(FUZZ_CSV_FILES))
.PHONY: fuzz-csv
