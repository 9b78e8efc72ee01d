# Installation below $(DESTDIR)$(PREFIX). `flowc build` finds libflowrt.a at ../lib/flowc from the program.
PREFIX ?= /usr/local
DEST   := $(DESTDIR)$(PREFIX)
RT_HDR := $(sort $(wildcard runtime/include/*.h runtime/include/*.def))

$(BUILD)/flow.pc: mk/flow.pc.in VERSION
	@mkdir -p $(@D)
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' $< > $@.tmp && mv $@.tmp $@

install: lib $(BUILD)/flow.pc ## install below DESTDIR and PREFIX (/usr/local)
	install -d $(DEST)/bin $(DEST)/include $(DEST)/lib/flowc/include $(DEST)/lib/pkgconfig $(DEST)/share/man/man1
	install -m 755 $(BUILD)/flowc $(DEST)/bin/flowc
	install -m 644 compiler/include/flow.h $(DEST)/include/flow.h
	install -m 644 include/flow_plugin.h $(DEST)/include/flow_plugin.h
	install -m 644 $(BUILD)/libflow.a $(DEST)/lib/libflow.a
	install -m 755 $(BUILD)/libflow.so $(DEST)/lib/libflow.so.$(VERSION)
	ln -sf libflow.so.$(VERSION) $(DEST)/lib/libflow.so.0
	ln -sf libflow.so.0 $(DEST)/lib/libflow.so
	install -m 644 $(BUILD)/libflowrt.a $(DEST)/lib/flowc/libflowrt.a
	install -m 644 $(RT_HDR) $(DEST)/lib/flowc/include
	sed '/^prefix=/s|=.*|=$(PREFIX)|' $(BUILD)/flow.pc > $(DEST)/lib/pkgconfig/flow.pc
	install -m 644 docs/man/flowc.1 $(DEST)/share/man/man1/flowc.1

uninstall: ## remove what `make install` installed
	rm -f $(DEST)/bin/flowc $(DEST)/include/flow.h $(DEST)/include/flow_plugin.h $(addprefix $(DEST)/lib/,libflow.a libflow.so libflow.so.0 libflow.so.$(VERSION)) \
	  $(DEST)/lib/pkgconfig/flow.pc $(DEST)/share/man/man1/flowc.1
	rm -rf $(DEST)/lib/flowc
.PHONY: install uninstall
