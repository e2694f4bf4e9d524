#!/usr/bin/env bash
# Elastic's own validator of integration packages (package-spec/main.go).
#   package-spec.sh check      builds it once; says what is missing
#   package-spec.sh run PATH   judges a folder or a zip
set -euo pipefail
here=$(dirname "$(realpath "$0")")/package-spec
cache=${WARDWIRE_PEER_CACHE:-$HOME/.cache/wardwire-peers}
export PATH=$PATH:/usr/local/go/bin
if [ "$1" = check ]; then
  mkdir -p "$cache"
  exec 9> "$cache/package-spec.lock"
  flock 9
  stamp=$(cat "$here"/main.go "$here"/go.mod "$here"/go.sum | sha256sum)
  [ "$(cat "$cache/package-spec.stamp" 2>/dev/null || true)" != "$stamp" ] || exit 0
  command -v go >/dev/null || { echo 'go (1.26 or later) is not installed' >&2; exit 1; }
  go -C "$here" build -o "$cache/package-spec" . >&2 || { echo "Elastic's package validator cannot be built (no network?)" >&2; exit 1; }
  printf '%s' "$stamp" > "$cache/package-spec.stamp"
  exit 0
fi
shift
exec "$cache/package-spec" "$@"
