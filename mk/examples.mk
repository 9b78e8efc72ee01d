# Examples.
examples: $(BUILD)/flowc ## run the examples and compare their results
	@examples/run $(abspath $(BUILD)/flowc)
.PHONY: examples
