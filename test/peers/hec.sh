#!/usr/bin/env bash
# The Splunk HEC receiver of the OpenTelemetry Collector (hec/main.go) on 127.0.0.1, in the foreground.
#   hec.sh check           builds it once; says what is missing
#   hec.sh start FLAGS…    see hec/main.go; prints "ready on"
set -euo pipefail
here=$(dirname "$(realpath "$0")")/hec
cache=${WARDWIRE_PEER_CACHE:-$HOME/.cache/wardwire-peers}
export PATH=$PATH:/usr/local/go/bin
if [ "$1" = check ]; then
  command -v openssl >/dev/null || { echo 'openssl is not installed' >&2; exit 1; }
  mkdir -p "$cache"
  exec 9> "$cache/hec-peer.lock"
  flock 9
  stamp=$(cat "$here"/main.go "$here"/go.mod "$here"/go.sum | sha256sum)
  [ "$(cat "$cache/hec-peer.stamp" 2>/dev/null || true)" != "$stamp" ] || exit 0
  command -v go >/dev/null || { echo 'go (1.22 or later) is not installed' >&2; exit 1; }
  go -C "$here" build -o "$cache/hec-peer" . >&2 || { echo 'the HEC receiver cannot be built (no network?)' >&2; exit 1; }
  printf '%s' "$stamp" > "$cache/hec-peer.stamp"
  exit 0
fi
shift
exec "$cache/hec-peer" "$@"
