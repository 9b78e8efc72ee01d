function process(c) { c.output.setField('x', /^(a+)+$/.test(c.input.getValue('s'))); }
