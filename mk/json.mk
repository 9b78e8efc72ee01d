# The data of the benchmarks: build/bench/gen csv|jsonl ROWS [--bad PERCENT] [--seed N] [--wide COLUMNS]
$(BUILD)/bench/gen: bench/gen.c
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -o $@ $<
