# The standard library's declarations, embedded: see compiler/ir/stdlib.h.
STDLIB_FLOW := $(sort $(wildcard stdlib/*.flow))
COMP_OBJ += $(BUILD)/obj/gen/stdlib.o

$(BUILD)/gen/stdlib.c: $(STDLIB_FLOW) mk/semae.mk
	@mkdir -p $(@D)
	{ echo '#include "ir/stdlib.h"'; i=0; \
	  for f in $(STDLIB_FLOW); do \
	    echo "static const char text_$$i[] = {"; \
	    od -An -v -tu1 "$$f" | sed 's/  *\([0-9][0-9]*\)/(char)\1,/g'; echo "0};"; i=$$((i + 1)); \
	  done; \
	  echo 'const StdlibFile flow_stdlib[] = {'; i=0; \
	  for f in $(STDLIB_FLOW); do \
	    echo "  {\"std/$$(basename $$f)\", text_$$i, sizeof text_$$i - 1},"; i=$$((i + 1)); \
	  done; \
	  echo '  {0, 0, 0}};'; } > $@.tmp && mv $@.tmp $@
