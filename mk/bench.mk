# Benchmarks: see bench/README.md.
$(BUILD)/bench/%: bench/%.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE -O2 $(WARN) -o $@ $<
bench: $(BUILD)/flowc $(BUILD)/bench/gen $(BUILD)/bench/measure ## measure against DuckDB, Polars, ClickHouse, Miller, mawk and jq (8 M rows)
	BUILD=$(BUILD) bench/run --repeats 3 $(BENCH)
bench-quick: $(BUILD)/flowc $(BUILD)/bench/gen $(BUILD)/bench/measure ## the same with 1 M rows
	BUILD=$(BUILD) bench/run --quick --repeats 3 $(BENCH)
bench-compare: ## what changed between two files of bench/results: make bench-compare A=old.jsonl B=new.jsonl
	@bench/run --compare $(A) $(B)
.PHONY: bench bench-quick bench-compare bench-patterns bench-memory

# The prototypes behind docs/adr: see bench/prototypes/README.md.
PROTO_BIN := $(patsubst bench/%.c,$(BUILD)/bench/%,$(filter-out %/proto.c,$(sort $(wildcard bench/prototypes/*.c))))
$(BUILD)/bench/prototypes/%: bench/prototypes/%.c bench/prototypes/proto.c bench/prototypes/proto.h
	$(call say,cc)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -O2 $(WARN) -o $@ $< bench/prototypes/proto.c -lpthread -lxxhash -lzstd -llz4
LIMIT_BIN := $(patsubst bench/%.c,$(BUILD)/bench/%,$(sort $(wildcard bench/limits/*.c)))
$(BUILD)/bench/limits/%: bench/limits/%.c bench/prototypes/proto.c bench/prototypes/proto.h $(BUILD)/libflowrt.a
	$(call say,cc)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -O2 $(WARN) -Iruntime -Iruntime/include -o $@ $< bench/prototypes/proto.c $(BUILD)/libflowrt.a $(LIBS_RT)
prototypes: $(PROTO_BIN) $(LIMIT_BIN) $(BUILD)/bench/gen $(BUILD)/flowc
bench-prototypes: prototypes ## measure the prototypes and write their tables into docs/adr (about 4 minutes)
	@BUILD=$(BUILD) bench/prototypes/run --docs --only prototypes
bench-limits: prototypes ## measure how far flowc is from the bounds of bench/limits; into docs/performance.md
	@BUILD=$(BUILD) bench/prototypes/run --docs --only limits
.PHONY: prototypes bench-prototypes bench-limits
