#!/bin/sh
# The examples of stdlib as tests: stdlib_examples.sh FLOWC. Each `#   expression` line must be true.
# Prints those that are not, then how many were looked at; 1 when one is false or does not compile.
flowc=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
script=$(mktemp) || exit 2
trap 'rm -f "$script"' EXIT
{
  echo 'values [{one = 1}] | select'
  cat "$root"/stdlib/*.flow | sed -n 's/^#   //p' | awk '{ printf "%s  c%d = (%s)", (NR > 1 ? ",\n" : ""), NR, $0 } END { print "" }'
  echo '| write csv("-", header = false)'
} >"$script"
answers=$("$flowc" run "$script") || exit 1
echo "$answers" | tr ',' '\n' | awk -v script="$script" '
  BEGIN { getline line < script }
  { getline line < script; n++; if ($0 != "true") { print $0 ":" line; bad++ } }
  END { print n " examples, " bad + 0 " wrong"; exit bad > 0 }'
