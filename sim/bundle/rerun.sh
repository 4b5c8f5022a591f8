#!/bin/sh
# Makes the run of this bundle again, and compares every file of it byte by byte.
# Needs: Python @PYTHON@ (3.11 or newer at least), network for the packages, some 2 GB of disk.
# Use: sh rerun.sh [FOLDER [--trust FILE.py]], a new folder for the environment and the run; by
# default ./again. Python files of whoever made the run have to be trusted: read them first.
# Exits with 0 if all bytes are the same, with 1 if any file differs.
set -eu
cd "$(dirname "$0")"
again=${1:-again}
[ $# -eq 0 ] || shift
if [ -e "$again" ]; then
  echo "$again: exists; give the name of a new folder: sh rerun.sh FOLDER" >&2
  exit 2
fi
python=
for one in python@MINOR@ python3; do
  if "$one" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$one
    break
  fi
done
if [ -z "$python" ]; then
  echo "expected Python 3.11 or newer, got none" >&2
  exit 2
fi
version=$("$python" -c 'import platform; print(platform.python_version())')
if [ "$version" != "@PYTHON@" ]; then
  echo "note: made with Python @PYTHON@, made again with $version:"
  echo "manifest.json, and the report that holds it, will differ in that"
fi
"$python" -m venv "$again/environment"
"$again/environment/bin/python" -m pip install --quiet --disable-pip-version-check \
  -r environment/requirements.lock
"$again/environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
  "environment/@WHEEL@"
unset PYTHONPATH
"$again/environment/bin/overblock" verify run --again "$again/run" "$@" || [ $? -eq 1 ]
# The page of a bundle has no day: two of the same result are the same.
rm -f "$again/run/timing.json"
"$again/environment/bin/overblock" report "$again/run" --quiet
n=0
differ=0
(cd run && find . -type f | sort) > "$again/files"
while IFS= read -r file; do
  n=$((n + 1))
  if ! cmp -s "run/$file" "$again/run/$file"; then
    echo "$file: differs"
    differ=$((differ + 1))
  fi
done < "$again/files"
if [ "$differ" -eq 0 ]; then
  echo "all $n files are the same, byte for byte"
else
  echo "$differ of $n files differ"
  exit 1
fi
