# Reads the runtime's public headers and writes a C program that prints the size of every struct and the offset of each of
# its members: awk -f table.awk runtime/include/*.h
function declarator(d,  name) {
  if (match(d, /\( *\* *[A-Za-z_][A-Za-z0-9_]* *\)/)) name = substr(d, RSTART, RLENGTH)
  else { sub(/\[.*/, "", d); name = d; sub(/ *$/, "", name); sub(/.*[^A-Za-z0-9_]/, "", name) }
  gsub(/[^A-Za-z0-9_]/, "", name)
  return name
}
function member(text,  n, i, part, name) {
  gsub(/[ \n]+/, " ", text)
  if (text !~ /[A-Za-z]/) return
  # A function's parameters have commas of their own.
  if (text ~ /\( *\*/) { n = 1; part[1] = text } else n = split(text, part, ",")
  for (i = 1; i <= n; i++) {
    name = declarator(part[i])
    printf "  printf(\"%s.%s %%lu\\n\", (unsigned long)__builtin_offsetof(%s, %s));\n", type, name, spelled, name
  }
}
BEGIN { print "#include \"flowrt.h\"\nint printf(const char *, ...);\nint main(void) {\n  printf(\"FRT_ABI %lu\\n\", (unsigned long)FRT_ABI);" }
FNR == 1 { inside = 0 }
{
  line = $0
  while (comment || match(line, /\/\*/)) {
    if (comment) { if (!(i = index(line, "*/"))) { line = ""; break } line = substr(line, i + 2); comment = 0; continue }
    head = substr(line, 1, RSTART - 1); rest = substr(line, RSTART + 2)
    if (i = index(rest, "*/")) line = head " " substr(rest, i + 2); else { line = head; comment = 1; break }
  }
  if (!inside && match(line, /^(typedef )?struct Frt[A-Za-z0-9]+ \{/)) {
    type = line; sub(/^(typedef )?struct /, "", type); sub(/ .*/, "", type)
    spelled = "struct " type; body = ""; inside = 1
    sub(/^[^{]*\{/, "", line)
    printf "  printf(\"%s %%lu\\n\", (unsigned long)sizeof(%s));\n", type, spelled
  }
  if (!inside) next
  if (i = index(line, "}")) { body = body " " substr(line, 1, i - 1); inside = 0 } else body = body " " line
  if (!inside) { n = split(body, members, ";"); for (k = 1; k <= n; k++) member(members[k]) }
}
END { print "  return 0;\n}" }
