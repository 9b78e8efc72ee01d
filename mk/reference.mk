# Pages that flowc and the error pages write; docs/run-snippets compares them.
reference: $(BUILD)/flowc ## write docs/functions.md and docs/errors/README.md anew
	$(BUILD)/flowc doc > docs/functions.md
	docs/errors/index > docs/errors/README.md
.PHONY: reference
