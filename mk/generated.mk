# C that is not written by hand: the lexer and parser, the standard library's declarations, the header that
# libtcc reads, the runtime as one file for bundles, and libtcc itself with its names hidden.

# The grammar: re2c and Lemon write the lexer and the parser.
$(BUILD)/gen/lex.c: grammar/flow.re $(BUILD)/gen/parse.c
	$(call say,re2c)
	@mkdir -p $(@D)
	$(Q)re2c --no-debug-info -W -o $@ $<
$(BUILD)/gen/parse.c $(BUILD)/gen/parse.h &: grammar/flow.y
	$(call say,lemon)
	@mkdir -p $(BUILD)/gen
	$(Q)cp $< $(BUILD)/gen/parse.y && cd $(BUILD)/gen && { lemon -q -s parse.y > parse.txt || \
	  { cat parse.txt; rm -f parse.c; exit 1; }; }
$(COMP_OBJ): | $(BUILD)/gen/parse.h

# Small programs of the build.
$(BUILD)/tool/%: mk/%.c
	$(call say,cc)
	@mkdir -p $(@D)
	$(Q)cc -std=c11 -D_GNU_SOURCE -O1 -w -o $@ $<

# What flowc carries inside: the header for libtcc, and the whole runtime as one file for bundles.
$(BUILD)/gen/flow_header.h: $(BUILD)/tool/amalgamate $(BUILD)/tool/strip $(wildcard runtime/include/*)
	$(call say,join)
	@mkdir -p $(@D)
	$(Q)$(BUILD)/tool/amalgamate -Iruntime/include runtime/include/flowrt.h > $@.all
	$(Q)$(BUILD)/tool/strip < $@.all > $@
# Its items, for compiler/backend/header.c.
$(BUILD)/tool/cut: compiler/backend/header.h
$(BUILD)/gen/flow_items.c: $(BUILD)/gen/flow_header.h $(BUILD)/tool/cut
	$(Q)$(BUILD)/tool/cut < $< > $@
$(BUILD)/gen/flow_runtime.h: $(BUILD)/tool/amalgamate $(RT_SRC) $(wildcard runtime/*/*.h runtime/*/*.def)
	$(call say,join)
	@mkdir -p $(@D)
	$(Q)$(BUILD)/tool/amalgamate -Iruntime/include -Iruntime runtime/include/flowrt.h $(filter-out runtime/js/% runtime/plugin/%,$(RT_SRC)) > $@
$(BUILD)/gen/flow_header.c $(BUILD)/gen/flow_runtime.c: $(BUILD)/gen/%.c: $(BUILD)/gen/%.h $(BUILD)/tool/embed
	$(call say,embed)
	$(Q)$(BUILD)/tool/embed $* $< > $@

# What `flowc plugin` gives to who writes plugins.
$(BUILD)/gen/plugin_header.c: include/flow_plugin.h
$(BUILD)/gen/plugin_template.c: include/plugin_template.c
$(BUILD)/gen/plugin_header.c $(BUILD)/gen/plugin_template.c: $(BUILD)/tool/embed
	$(call say,embed)
	@mkdir -p $(@D)
	$(Q)$(BUILD)/tool/embed $(notdir $(basename $@)) $(firstword $(filter include/%,$^)) > $@

# The standard library's declarations: see compiler/ir/stdlib.h.
STDLIB_FLOW := $(sort $(wildcard stdlib/*.flow))
$(BUILD)/gen/stdlib.c: $(STDLIB_FLOW) mk/generated.mk
	$(call say,embed)
	@mkdir -p $(@D)
	$(Q){ echo '#include "ir/stdlib.h"'; i=0; \
	  for f in $(STDLIB_FLOW); do \
	    echo "static const char text_$$i[] = {"; \
	    od -An -v -tu1 "$$f" | sed 's/  *\([0-9][0-9]*\)/(char)\1,/g'; echo "0};"; i=$$((i + 1)); \
	  done; \
	  echo 'const StdlibFile flow_stdlib[] = {'; i=0; \
	  for f in $(STDLIB_FLOW); do \
	    echo "  {\"std/$$(basename $$f)\", text_$$i, sizeof text_$$i - 1},"; i=$$((i + 1)); \
	  done; \
	  echo '  {0, 0, 0}};'; } > $@.tmp && mv $@.tmp $@

# libtcc.a has hundreds of global names of its own; only its interface stays visible. It is built for
# programs: three variables of libc that it reads directly get twins (compiler/backend/tcc_streams.c), so that
# it can be part of libflow.so too.
LIBTCC_A = $(shell $(CC) -print-file-name=libtcc.a)
$(BUILD)/obj/libtcc_api.o: mk/generated.mk
	$(call say,ld)
	@mkdir -p $(@D)
	$(Q)ld -r -o $@.all --whole-archive $(LIBTCC_A)
	$(Q)objcopy --wildcard --keep-global-symbol='tcc_*' --redefine-sym stdout=flow_tcc_stdout \
	  --redefine-sym stderr=flow_tcc_stderr --redefine-sym environ=flow_tcc_environ \
	  --redefine-sym malloc=frt_malloc --redefine-sym realloc=frt_realloc --redefine-sym calloc=flow_tcc_calloc $@.all $@ && rm -f $@.all
