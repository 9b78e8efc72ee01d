function proces(c) { }
