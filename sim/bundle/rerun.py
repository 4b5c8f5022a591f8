"""The script of a bundle that makes the run again on another machine.

In: the version of Python, and the name of the program's wheel. Out: a script for any shell. What it
compares, it compares byte by byte with ``cmp``: it does not ask the program whether it was right.
"""

from __future__ import annotations

_SCRIPT = """\
#!/bin/sh
# Makes the run of this bundle again, and compares every file of it byte by byte.
# Needs: Python @PYTHON@ (3.11 or newer at least), network for the packages, some 2 GB of disk.
# Use: sh rerun.sh [FOLDER], a new folder for the environment and the run; by default ./again.
# Exits with 0 if all bytes are the same, with 1 if any file differs.
set -eu
cd "$(dirname "$0")"
again=${1:-again}
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
"$again/environment/bin/python" -m pip install --quiet --disable-pip-version-check \\
  -r environment/requirements.lock
"$again/environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \\
  "environment/@WHEEL@"
unset PYTHONPATH
"$again/environment/bin/overblock" verify run --again "$again/run" || [ $? -eq 1 ]
"$again/environment/bin/overblock" report "$again/run" --quiet
n=0
differ=0
for file in $(cd run && find . -type f | sort); do
  n=$((n + 1))
  if ! cmp -s "run/$file" "$again/run/$file"; then
    echo "$file: differs"
    differ=$((differ + 1))
  fi
done
if [ "$differ" -eq 0 ]; then
  echo "all $n files are the same, byte for byte"
else
  echo "$differ of $n files differ"
  exit 1
fi
"""


def rerun_script(python: str, wheel: str) -> str:
    """Return the script.

    Parameters
    ----------
    python
        Version with which the result was made.
    wheel
        Name of the file with the program.
    """
    minor = ".".join(python.split(".")[:2])
    values = {
        "@PYTHON@": python,
        "@MINOR@": minor,
        "@WHEEL@": wheel,
    }
    script = _SCRIPT
    for name, value in values.items():
        script = script.replace(name, value)
    return script
