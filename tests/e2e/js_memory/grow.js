var keep = [];
function process(c) {
  if (c.input.getValue('n') === 1) for (var i = 0; i < 100; i++) keep.push(new Array(100000).join('xy') + i);
  c.output.setField('x', keep.length);
}
