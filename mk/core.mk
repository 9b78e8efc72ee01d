# What flowc carries inside: the header for libtcc, and the whole runtime as one file for bundles.
$(BUILD)/tool/%: mk/%.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE -O1 -w -o $@ $<
$(BUILD)/gen/flow_header.h: $(BUILD)/tool/amalgamate $(wildcard runtime/include/*)
	@mkdir -p $(@D)
	$(BUILD)/tool/amalgamate -Iruntime/include runtime/include/flowrt.h > $@
$(BUILD)/gen/flow_header.c: $(BUILD)/gen/flow_header.h $(BUILD)/tool/embed
	$(BUILD)/tool/embed flow_header $< > $@
$(BUILD)/gen/flow_runtime.h: $(BUILD)/tool/amalgamate $(RT_SRC) $(wildcard runtime/*/*.h runtime/*/*.def)
	@mkdir -p $(@D)
	$(BUILD)/tool/amalgamate -Iruntime/include -Iruntime runtime/include/flowrt.h $(RT_SRC) > $@
$(BUILD)/gen/flow_runtime.c: $(BUILD)/gen/flow_runtime.h $(BUILD)/tool/embed
	$(BUILD)/tool/embed flow_runtime $< > $@
GEN_SRC += $(BUILD)/gen/flow_header.c $(BUILD)/gen/flow_runtime.c
