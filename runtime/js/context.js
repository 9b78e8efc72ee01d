// context.js: the context that a script's functions get, built from the natives of js_api.c.
(function (native) {
  'use strict';
  function empty(v) { return v === null || v === undefined || v === ''; }
  function two(n) { return (n < 10 ? '0' : '') + n; }
  function date(v) {
    var d = v instanceof Date ? v : new Date(v);
    if (isNaN(d.getTime())) throw new TypeError('formatDate: `' + v + '` is no date');
    return d;
  }
  var parts = {
    Y: function (d) { return ('000' + d.getUTCFullYear()).slice(-4); },
    m: function (d) { return two(d.getUTCMonth() + 1); },
    d: function (d) { return two(d.getUTCDate()); },
    H: function (d) { return two(d.getUTCHours()); },
    M: function (d) { return two(d.getUTCMinutes()); },
    S: function (d) { return two(d.getUTCSeconds()); },
    y: function (d) { return two(d.getUTCFullYear() % 100); },
    j: function (d) {
      var n = Math.floor((Date.UTC(d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate()) - Date.UTC(d.getUTCFullYear(), 0, 1)) / 86400000) + 1;
      return ('00' + n).slice(-3);
    },
    F: function (d) { return parts.Y(d) + '-' + parts.m(d) + '-' + parts.d(d); },
    T: function (d) { return parts.H(d) + ':' + parts.M(d) + ':' + parts.S(d); },
    '%': function () { return '%'; }
  };
  var execution = { runId: native.runId(), step: native.stepName() };
  Object.defineProperty(execution, 'row', { get: native.row, enumerable: true });
  return {
    input: { current: native.current, schema: native.schema, getValue: native.getValue },
    output: { setField: native.setField, removeField: native.removeField, addMetadata: native.addMetadata },
    validate: {
      required: function () {
        var good = true;
        for (var i = 0; i < arguments.length; i++)
          if (empty(native.getValue(arguments[i]))) { native.invalid(arguments[i] + ' is required'); good = false; }
        return good;
      },
      businessRule: function (holds, message) {
        if (!holds) native.invalid(message);
        return !!holds;
      },
      custom: function (check, message) {
        var found = check(native.current());
        if (found === true) return true;
        native.invalid(typeof found === 'string' ? found : message);
        return false;
      },
      getErrors: native.errors
    },
    route: { send: native.send, sendCopy: native.sendCopy },
    clean: {
      trim: function (s) { return empty(s) ? s : String(s).trim(); },
      email: function (s) {
        if (empty(s)) return null;
        s = String(s).trim().toLowerCase();
        return /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/.test(s) ? s : null;
      },
      phone: function (s) {
        if (empty(s)) return null;
        s = String(s).trim();
        var digits = s.replace(/[^0-9]/g, '');
        return digits.length < 7 || digits.length > 15 ? null : (s.charAt(0) === '+' ? '+' : '') + digits;
      }
    },
    utils: {
      now: function () { return new Date(); },
      uuid: native.uuid,
      format: function (template) {
        var args = arguments;
        return String(template).replace(/\{(\d+)\}/g, function (whole, n) {
          return +n + 1 < args.length ? String(args[+n + 1]) : whole;
        });
      },
      formatDate: function (v, format) {
        var d = date(v);
        return String(format || '%F').replace(/%(.)/g, function (whole, c) {
          if (!Object.prototype.hasOwnProperty.call(parts, c)) throw new TypeError('formatDate: unknown directive ' + whole);
          return parts[c](d);
        });
      },
      hash: native.hash,
      log: native.log
    },
    step: {},
    execution: execution
  };
})
