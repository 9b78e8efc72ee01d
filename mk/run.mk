# Tests of a run (runtime/sched, edge, errors, io's sinks) over the runtime alone.
$(BUILD)/unit/run_%: tests/unit/run_%.c tests/support/run_module.h $(BUILD)/libflowrt.a
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -Wno-missing-prototypes -Itests -o $@ $< $(BUILD)/libflowrt.a $(LIBS_RT) -lcriterion
