#!/usr/bin/env bash
# Makes the project buildable on a Debian machine: a Node.js and npm that are new enough (in .node/, nothing global), libpcap headers for
# live capture, and the packages of package-lock.json.   tools/setup.sh [test]   ("test": also the Debian programs that tests talk to)
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
say() { printf 'setup: %s\n' "$*"; }

as_root_apt() { # packages …
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  [ -n "${apt_updated:-}" ] || { apt-get update -qq >/dev/null 2>&1 || true; apt_updated=1; }
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1
}

node_is_new_enough() { "$1" -e 'const [a,b]=process.versions.node.split(".");process.exit(a>22||(a==22&&b>=13)?0:1)' 2>/dev/null; }

# --- Node.js and npm ---------------------------------------------------------------------------------------------------------------
if ! command -v npm >/dev/null; then
  say "npm is missing; installing Debian's nodejs and npm"
  as_root_apt nodejs npm || { echo "setup: needs Node.js with npm: install Debian's packages nodejs and npm" >&2; exit 1; }
fi
case "$(uname -m)" in x86_64) arch=x64 ;; aarch64) arch=arm64 ;; *) arch= ;; esac
mkdir -p .node
if ! node_is_new_enough node && [ ! -x ".node/node_modules/node-linux-$arch/bin/node" ]; then
  [ -n "$arch" ] || { echo "setup: needs Node.js 22.13 or newer, and none is packaged for $(uname -m)" >&2; exit 1; }
  say "Node.js $(node --version 2>/dev/null || echo none) is too old; fetching Node.js 24 into .node/"
  npm install --silent --no-audit --no-fund --no-save --prefix .node "node-linux-$arch@24" >/dev/null
fi
own=$(echo "$PWD"/.node/node_modules/node-linux-*)
if [ -x "$own/bin/node" ]; then
  export PATH="$own/bin:$PATH" npm_config_nodedir="$own"
fi
if [ "$(npm --version | cut -d. -f1)" -lt 11 ] && [ ! -x .node/npm/node_modules/.bin/npm ]; then
  say "npm $(npm --version) is too old for the test tools; fetching npm 11 into .node/"
  npm install --silent --no-audit --no-fund --no-save --prefix .node/npm npm@11 >/dev/null
fi
[ ! -x .node/npm/node_modules/.bin/npm ] || export PATH="$PWD/.node/npm/node_modules/.bin:$PATH"

# --- live capture ------------------------------------------------------------------------------------------------------------------
if ! [ -f /usr/include/pcap.h ] || ! command -v g++ >/dev/null || ! command -v make >/dev/null || ! command -v python3 >/dev/null; then
  as_root_apt libpcap-dev g++ make python3 ||
    say "live capture from an interface is off: the libpcap headers or a C++ compiler are missing and this is not root on Debian. To turn it on: apt-get install libpcap-dev g++ make python3, then make clean build. Capture files and 'tcpdump -w - | wardwire run --from -' work without."
fi

# --- packages ----------------------------------------------------------------------------------------------------------------------
stamp=node_modules/.wardwire-installed
want=$(cat package.json package-lock.json | sha256sum; node --version; ls /usr/include/pcap.h 2>/dev/null || true)
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$want" ]; then
  say "installing packages"
  npm install --no-save --loglevel=error --no-audit --no-fund >/dev/null
  printf '%s' "$want" > "$stamp"
fi

# --- programs that tests talk to ---------------------------------------------------------------------------------------------------
if [ "${1:-}" = test ]; then
  missing=()
  for pair in tshark:tshark tcpdump:tcpdump dcmdump:dcmtk rsyslogd:rsyslog lognormalizer:liblognorm-utils ip:iproute2 ethtool:ethtool chromium:chromium openssl:openssl unzip:unzip; do
    command -v "${pair%%:*}" >/dev/null || [ -x "/usr/sbin/${pair%%:*}" ] || missing+=("${pair##*:}")
  done
  [ -e /usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_gtls.so ] || [ -e /usr/lib/aarch64-linux-gnu/rsyslog/lmnsd_gtls.so ] || missing+=(rsyslog-gnutls)
  command -v mvn >/dev/null || missing+=(maven)
  command -v java >/dev/null || missing+=(default-jdk-headless)
  if [ "${#missing[@]}" -gt 0 ]; then
    say "installing ${missing[*]}"
    as_root_apt "${missing[@]}" || say "could not install ${missing[*]} (not root, or no such package): the tests that need them will be named and skipped"
  fi
  for peer in test/peers/*.sh; do
    grep -q '= check' "$peer" || continue
    why=$("$peer" check 2>&1 >/dev/null) || say "$(basename "$peer" .sh): ${why:-cannot be started}: its tests will be named and skipped"
  done
fi
