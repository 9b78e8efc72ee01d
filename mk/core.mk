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
COMP_OBJ += $(BUILD)/obj/gen/flow_header.o $(BUILD)/obj/gen/flow_runtime.o

# libtcc.a has hundreds of global names of its own; only its interface stays visible.
LIBTCC_A := $(shell $(CC) -print-file-name=libtcc.a)
$(BUILD)/obj/libtcc_api.o: $(LIBTCC_A)
	@mkdir -p $(@D)
	ld -r -o $@.all --whole-archive $<
	objcopy --wildcard --keep-global-symbol='tcc_*' $@.all $@ && rm -f $@.all
COMP_OBJ += $(BUILD)/obj/libtcc_api.o
