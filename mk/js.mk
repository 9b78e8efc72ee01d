# The JavaScript engine: Duktape, compiled from the sources of Debian's duktape-dev, with the hooks that runtime/js gives
# it for time, chance and limits.
DUKTAPE := /usr/share/duktape
DUK_GEN := $(BUILD)/gen/duktape
DUK_INC := -isystem $(DUK_GEN)

$(DUK_GEN)/duk_config.h: $(DUKTAPE)/duk_config.h mk/js.mk
	$(call say,sed)
	@mkdir -p $(@D)
	$(Q){ echo '#include <stdint.h>'; \
	  echo 'extern unsigned int frt_js_late(void *); extern double frt_js_now(void *); extern double frt_js_random(void *);'; \
	  sed -e 's|^#undef DUK_USE_EXEC_TIMEOUT_CHECK|#define DUK_USE_EXEC_TIMEOUT_CHECK(udata) frt_js_late(udata)|' \
	      -e 's|^#undef DUK_USE_INTERRUPT_COUNTER|#define DUK_USE_INTERRUPT_COUNTER|' \
	      -e 's|^#undef DUK_USE_DATE_GET_NOW|#define DUK_USE_DATE_GET_NOW(thr) frt_js_now((thr)->heap->heap_udata)|' \
	      -e 's|^#undef DUK_USE_DATE_GET_LOCAL_TZOFFSET|#define DUK_USE_DATE_GET_LOCAL_TZOFFSET(d) 0|' \
	      -e 's|^#undef DUK_USE_GET_MONOTONIC_TIME$$|#define DUK_USE_GET_MONOTONIC_TIME(thr) frt_js_now((thr)->heap->heap_udata)|' \
	      -e 's|^#undef DUK_USE_GET_RANDOM_DOUBLE|#define DUK_USE_GET_RANDOM_DOUBLE(udata) frt_js_random(udata)|' $<; } > $@
# Beside its own configuration: the quotes of #include look there first. A regular expression may take 5 million steps,
# some 0.1 s: nothing else ends one.
$(DUK_GEN)/duktape.c: $(DUKTAPE)/duktape.c $(DUK_GEN)/duk_config.h
	$(Q)cp $(DUKTAPE)/duktape.h $(@D)
	$(Q)sed 's|^#define DUK_RE_EXECUTE_STEPS_LIMIT .*|#define DUK_RE_EXECUTE_STEPS_LIMIT 5000000L|' $(DUKTAPE)/duktape.c > $@
$(BUILD)/obj/duktape.o: $(DUK_GEN)/duktape.c
	$(call say,cc)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c99 -O2 -fPIC -fvisibility=hidden -w $(SAN) $(DUK_INC) -c -o $@ $<
$(BUILD)/gen/js_context.c: runtime/js/context.js $(BUILD)/tool/embed
	$(call say,embed)
	$(Q)$(BUILD)/tool/embed js_context $< > $@
$(BUILD)/obj/runtime/js/%.o: FLAGS += $(DUK_INC)
$(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard runtime/js/*.c)): $(DUK_GEN)/duktape.c
