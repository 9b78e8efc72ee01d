function process(c) { var x = ; }
