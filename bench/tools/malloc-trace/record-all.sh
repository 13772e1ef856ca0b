#!/usr/bin/env bash
# Records the traces of bench/data again: on your machine they differ in detail. Needs gcc, glibc, and the programs.
#
#   bench/tools/malloc-trace/record-all.sh [folder for the traces, bench/data by default]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(git -C "$here" rev-parse --show-toplevel)
data=${1:-$here/../../data}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gcc -O2 -Wall -shared -fPIC -o "$work/record.so" "$here/record.c"
text=/usr/share/common-licenses/GPL-3
# A pyenv shim is a shell script: the interpreter itself is what is recorded.
python=$(python3 -c 'import sys; print(sys.executable)')

# record NAME MOST SKIP COMMAND...: a program may run others; the largest file is the program's own.
record() {
  local name=$1 most=$2 skip=$3
  shift 3
  MALLOC_TRACE_OUT="$work/$name" LD_PRELOAD="$work/record.so" "$@" > /dev/null
  echo "== $name"
  node "$here/convert.mjs" "$(ls -S "$work/$name".* | head -1)" "$data/$name.zstrace.gz" "$most" "$skip"
}

record git-grep 1000000 0 git -C "$root" --no-pager grep --threads=3 -c export
record git-log 60000 0 git -C "$root" --no-pager log --stat -40
UV_THREADPOOL_SIZE=2 record node-zlib 60000 "${NODE_SKIP:-900000}" node --v8-pool-size=1 "$here/programs/words.mjs" "$text"
record perl-words 1000000 0 perl "$here/programs/words.pl" "$text"
PYTHONMALLOC=malloc record python-json 100000 0 "$python" "$here/programs/words.py" "$text"
record sqlite-memory 1000000 0 sqlite3 :memory: -init "$here/programs/words.sql" .quit
