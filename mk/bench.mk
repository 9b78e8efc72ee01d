# Benchmarks: see bench/README.md.
$(BUILD)/bench/%: bench/%.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE -O2 $(WARN) -o $@ $<
bench: $(BUILD)/flowc $(BUILD)/bench/gen $(BUILD)/bench/measure ## measure against DuckDB, Polars and mawk (8 M rows)
	BUILD=$(BUILD) bench/run $(BENCH)
bench-quick: $(BUILD)/flowc $(BUILD)/bench/gen $(BUILD)/bench/measure ## the same with 1 M rows
	BUILD=$(BUILD) bench/run --quick --repeats 3 $(BENCH)
.PHONY: bench bench-quick
