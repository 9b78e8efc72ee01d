function process(c) {
  var id = c.input.getValue('id'), name = c.input.getValue('name'), amount = c.input.getValue('amount');
  c.output.setField('tier', amount > 500 && name.length > 5 ? 'gold-' + id % 10 : 'standard');
}
