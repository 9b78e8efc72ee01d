# The examples and their answers.
examples: $(BUILD)/flowc ## run the examples and compare their results
	@FLOWC=$(abspath $(BUILD)/flowc) BUILD=$(abspath $(BUILD)) examples/run
.PHONY: examples
