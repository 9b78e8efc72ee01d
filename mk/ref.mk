# The reference interpreter against the compiled code, on random scripts: make ref N=1000 SEED=1
N ?= 1000
REF_SRC := $(sort $(wildcard tests/support/ref/*.c))
REF_OBJ := $(REF_SRC:%.c=$(BUILD)/obj/%.o)
$(REF_OBJ): INC += -Itests/support/ref
$(BUILD)/ref: $(REF_OBJ) $(BUILD)/libflow.a $(BUILD)/libflowrt.a
	$(call say,link)
	$(Q)$(CC) $(SAN) -rdynamic -o $@ $(REF_OBJ) -Wl,--whole-archive $(BUILD)/libflowrt.a -Wl,--no-whole-archive \
	  $(BUILD)/libflow.a $(BUILD)/libflowrt.a $(LIBS)
ref: $(BUILD)/ref ## compare N random scripts with the reference interpreter: N=1000 SEED=1
	$< --seed $(SEED) --count $(N) --failures $(BUILD)/ref-failures
.PHONY: ref
-include $(REF_OBJ:.o=.d)
