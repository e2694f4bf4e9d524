#!/usr/bin/env bash
# Programs that judge content for SIEMs, in a Python environment of their own (Python 3.11 or later).
#   judges.sh check          installs them once; says what is missing
#   judges.sh run PROGRAM …  python, sigma, contentctl, splunk-appinspect, eql
# splunk-appinspect and contentctl are Splunk's own checks, eql is Elastic's engine for that language, pySigma's SQLite backend runs Sigma.
set -euo pipefail
home=${WARDWIRE_PEER_CACHE:-$HOME/.cache/wardwire-peers}/judges
packages=(splunk-appinspect==4.3.1 contentctl==5.6.2 sigma-cli==3.1.0 pysigma==1.5.1 pysigma-backend-splunk==2.1.0
  pysigma-backend-elasticsearch==2.1.1 pysigma-backend-sqlite==2.0.0 eql==1.0.1)
if [ "$1" = check ]; then
  mkdir -p "$(dirname "$home")"
  exec 9> "$home.lock"
  flock 9
  [ "$(cat "$home/stamp" 2>/dev/null || true)" != "${packages[*]}" ] || exit 0
  python=
  for candidate in "${PYTHON311:-}" python3 python3.11 python3.12 python3.13; do
    [ -z "$candidate" ] || ! "$candidate" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { python=$candidate; break; }
  done
  [ -n "$python" ] || { echo 'Python 3.11 or later with venv is not installed' >&2; exit 1; }
  rm -rf "$home"
  "$python" -m venv "$home" >&2
  "$home/bin/pip" -q install "${packages[@]}" >&2 || { echo 'the judges cannot be installed (no network?)' >&2; exit 1; }
  printf '%s' "${packages[*]}" > "$home/stamp"
  exit 0
fi
program=$2
shift 2
exec "$home/bin/$program" "$@"
