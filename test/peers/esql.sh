#!/usr/bin/env bash
# Elastic's offline parser for ES|QL, in a Python environment of its own (Python 3.12 or later). It checks syntax, fields and types; it runs nothing.
#   esql.sh check      installs it once; says what is missing
#   esql.sh run FILE…  the Python of that environment
set -euo pipefail
home=${WARDWIRE_PEER_CACHE:-$HOME/.cache/wardwire-peers}/esql
package=detection-rules-esql-py==0.1.0
if [ "$1" = check ]; then
  mkdir -p "$(dirname "$home")"
  exec 9> "$home.lock"
  flock 9
  [ "$(cat "$home/stamp" 2>/dev/null || true)" != "$package" ] || exit 0
  python=
  for candidate in "${PYTHON312:-}" python3 python3.12 python3.13 "$HOME"/.pyenv/versions/3.1[2-9]*/bin/python3; do
    [ -z "$candidate" ] || ! "$candidate" -c 'import sys, venv; sys.exit(sys.version_info < (3, 12))' 2>/dev/null || { python=$candidate; break; }
  done
  [ -n "$python" ] || { echo 'Python 3.12 or later with venv is not installed' >&2; exit 1; }
  rm -rf "$home"
  "$python" -m venv "$home" >&2
  "$home/bin/pip" -q install "$package" >&2 || { echo 'the ES|QL parser cannot be installed (no network?)' >&2; exit 1; }
  printf '%s' "$package" > "$home/stamp"
  exit 0
fi
shift
exec "$home/bin/python" "$@"
