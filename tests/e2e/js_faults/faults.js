var keep = [];
function process(c) {
  switch (c.input.getValue('what')) {
    case 'loop': for (;;) ;
    case 'catch': for (;;) { try { for (;;) ; } catch (e) {} }
    case 'deep': return (function f(n) { return f(n + 1) + 1; })(0);
    case 'mem': for (;;) keep.push(new Array(100000).join('x') + keep.length);
    case 'regex': return /^(a+)+$/.test('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab');
    case 'name': return c.input.getValue('wat');
    case 'out': return c.output.setField('wat', 1);
    case 'type': c.output.setField('x', 'abc'); break;
    case 'frac': c.output.setField('x', 1.5); break;
    case 'big': c.output.setField('x', 1e17); break;
    case 'null': c.output.setField('x', null); break;
    case 'throw': throw 'text';
    case 'obj': throw { a: 1 };
    case 'port': c.route.send('nowhere'); break;
    case 'half': c.output.setField('s', '\ud800'); break;
    case 'nul': c.output.setField('s', 'a\u0000b'); c.output.setField('x', 1); break;
    case 'file': c.output.setField('s', typeof require + typeof print + typeof Duktape + typeof process); c.output.setField('x', 1); break;
    case 'proto': Object.prototype.toString = null; Object.prototype.x = 1; Date = 5; c.output.setField('x', 3); break;
    case 'date': c.output.setField('s', String(new Date(0)) + Math.random()); c.output.setField('x', 3); break;
    case 'ok': c.output.setField('x', 1); c.output.setField('s', 'é😀'.length + 'é😀'); break;
  }
}
