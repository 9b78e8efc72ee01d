# Tests. Every suite ends with a line `N passed, N failed`; tests/suites runs several and adds them up. docs/testing.md
# says what each is for.

test: deps ## every test, with the packages they need (ends with `N passed, N failed`)
	@BUILD=$(BUILD) tests/suites test
check: ## about a minute: unit tests, and e2e cases under tcc
	@BUILD=$(BUILD) tests/suites check
check-all: ## all suites, sanitizers, all back ends, a fuzz smoke
	@BUILD=$(BUILD) tests/suites check-all

unit: ## unit tests (Criterion)
	@BUILD=$(BUILD) tests/suites build unit
e2e: ## end-to-end cases in every mode
	@BUILD=$(BUILD) tests/suites build e2e
errors: ## bad scripts and the errors they must give
	@BUILD=$(BUILD) tests/suites build errors
golden: ## prints of every stage
	@BUILD=$(BUILD) tests/suites build golden
golden-update: all ## write the golden prints anew
	@tests/golden/run --update $(abspath $(BUILD)/flowc)
abi: ## tcc, gcc and clang agree on flowrt.h
	@BUILD=$(BUILD) tests/suites build abi
lint: ## layers, banned functions, names, docs of errors
	@BUILD=$(BUILD) tests/suites build lint
.PHONY: test check check-all unit e2e errors golden golden-update abi lint

# Unit tests: each tests/unit/NAME.c is a Criterion program over both libraries; those of a run need the runtime alone.
UNIT_BIN := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(sort $(wildcard tests/unit/*.c)))
$(BUILD)/unit/run_%: tests/unit/run_%.c $(BUILD)/libflowrt.a
	$(call say,cc)
	@mkdir -p $(@D)
	$(Q)$(CC) $(FLAGS) -Wno-missing-prototypes -Itests -MMD -MP -o $@ $< $(BUILD)/libflowrt.a $(LIBS_RT) -lcriterion
$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/libflow.a $(BUILD)/libflowrt.a
	$(call say,cc)
	@mkdir -p $(@D)
	$(Q)$(CC) $(FLAGS) -Wno-missing-prototypes -Itests -MMD -MP -o $@ $< $(BUILD)/libflow.a $(BUILD)/libflowrt.a $(LIBS) -lcriterion
unit-programs: $(UNIT_BIN)
.PHONY: unit-programs
-include $(wildcard $(BUILD)/unit/*.d)
