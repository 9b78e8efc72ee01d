function process(c) { }
function initialize(c) { c.no.where(); }
