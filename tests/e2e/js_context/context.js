function initialize(context) { context.step.seen = 0; }
function process(context) {
  var c = context, i = c.input, o = c.output, v = c.validate, u = c.utils;
  var row = i.current();
  c.step.seen++;
  v.required('name', 'email');
  v.businessRule(row.amount >= 0, 'amount must not be negative');
  v.custom(function (r) { return r.id !== 8 || 'no eights'; }, 'unused');
  if (v.getErrors().length) return true;
  if (row.id === 5) return false;
  o.setField('seen', c.step.seen);
  o.setField('row', c.execution.row);
  o.setField('email', c.clean.email(i.getValue('email')));
  o.setField('phone', c.clean.phone('+49 (0)30 / 123-456'));
  o.setField('name', c.clean.trim(row.name));
  o.setField('text', u.format('{1}-{0}', row.id, i.schema()[3].name + ':' + i.schema()[3].type));
  o.setField('day', u.formatDate(row.at, '%d.%m.%Y %H:%M'));
  o.setField('hash', u.hash('abc').slice(0, 8));
  o.setField('is_new', u.now().getTime() === Date.now() && u.uuid().length === 36 && c.execution.runId.length === 36);
  o.setField('gone', 'x');
  o.removeField('gone');
  o.addMetadata('from', c.execution.step.indexOf('call') >= 0);
  o.addMetadata('n', row.id);
  if (row.amount > 100) c.route.send('vip');
  if (row.id === 2) c.route.sendCopy('vip');
}
function cleanup(context) { context.utils.log('seen ' + context.step.seen); }
