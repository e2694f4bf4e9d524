#!/usr/bin/env bash
# Splunk's own renderer and validator of dashboards, from the npm registry (half a gigabyte, so it is no dependency of the project).
#   splunk-dashboards.sh check            installs and bundles it once; says what is missing
#   splunk-dashboards.sh folder           where it is: page.js for a browser, validate.cjs, node_modules
#   splunk-dashboards.sh validate SCHEMA  dashboards by name on standard input, their errors on standard output
set -euo pipefail
here=$(dirname "$(realpath "$0")")/splunk-dashboards
home=${WARDWIRE_PEER_CACHE:-$HOME/.cache/wardwire-peers}/splunk-dashboards
case "$1" in
  check)
    command -v chromium >/dev/null || { echo 'chromium is not installed' >&2; exit 1; }
    command -v npm >/dev/null || { echo 'npm is not installed' >&2; exit 1; }
    mkdir -p "$home"
    exec 9> "$home.lock"
    flock 9
    stamp=$(cat "$here"/* | sha256sum)
    [ "$(cat "$home/stamp" 2>/dev/null || true)" != "$stamp" ] || exit 0
    rm -f "$home/stamp" "$home/schema.json"
    cp "$here"/* "$home"
    cd "$home"
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 || { echo 'the packages cannot be installed (no network?)' >&2; exit 1; }
    find node_modules -name '*.map' -delete
    node_modules/.bin/esbuild page.jsx --bundle --minify --jsx=automatic --outfile=page.js --log-level=error --loader:.woff=dataurl \
      --loader:.woff2=dataurl --loader:.svg=dataurl --loader:.png=dataurl '--define:process.env.NODE_ENV="production"' --define:global=globalThis >&2
    printf '%s' "$stamp" > "$home/stamp"
    ;;
  folder) printf '%s' "$home" ;;
  validate) exec node "$home/validate.cjs" "$2" ;;
esac
