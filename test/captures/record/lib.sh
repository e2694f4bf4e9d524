# Functions that recording scripts share: hosts in network namespaces on one bridge, servers on them, and tcpdump on the bridge.
#   net_up; host ct 10.20.0.11 88:4b:39:00:11:01; serve archive 104 storescp …; begin dicom-echo; on ct echoscu …; finish; net_down
set -uo pipefail
RECORD_DIR=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
REPO=$(realpath "$RECORD_DIR/../../..")
RECORDED=${RECORDED:-$REPO/test/captures/recorded}
PEERS=${WARDWIRE_PEER_CACHE:-$HOME/.cache/wardwire-peers}
PYTHON=$PEERS/py/bin/python
NODE=$(echo "$REPO"/.node/node_modules/node-linux-*/bin/node)
[ -x "$NODE" ] || NODE=node
MESSAGES=$RECORD_DIR/messages
WORK=$(mktemp -d /tmp/wardwire-record.XXXXXX)
export CLASSPATH="$PEERS/hapi/lib/*"
HAPI="env -C $WORK java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 $RECORD_DIR/HapiPeer.java"
SWITCH=wwr-switch
HOSTS=()
SERVER_PIDS=()
CAPTURE_PID=

say() { printf 'record: %s\n' "$*" >&2; }

# A switch without hosts. Removes what an interrupted recording left.
net_up() {
  net_down
  ip netns add "$SWITCH"
  ip netns exec "$SWITCH" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
  ip -n "$SWITCH" link add br0 type bridge mcast_snooping 0
  ip -n "$SWITCH" link set br0 up promisc on
}

# A host on the switch: NAME IP MAC. Offloads are off, so that frames and checksums are those of a real wire.
host() {
  local name=$1 address=$2 mac=$3 ns="wwr-$1"
  ip netns add "$ns"
  ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 net.ipv4.ip_unprivileged_port_start=0
  ip -n "$SWITCH" link add "to-$name" type veth peer name eth0 address "$mac" netns "$ns"
  ip -n "$SWITCH" link set "to-$name" master br0 up
  ip -n "$ns" link set lo up
  ip -n "$ns" link set eth0 up
  ip -n "$ns" address add "$address/24" dev eth0
  ip netns exec "$ns" ethtool -K eth0 tx off tso off gso off gro off >/dev/null 2>&1
  ip netns exec "$SWITCH" ethtool -K "to-$name" tx off tso off gso off gro off >/dev/null 2>&1
  HOSTS+=("$name")
}

# An IPv6 address for a host: NAME ADDRESS.
address6() {
  ip netns exec "wwr-$1" sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0
  ip -n "wwr-$1" address add "$2/64" dev eth0 nodad
}

on() { local name=$1; shift; ip netns exec "wwr-$name" "$@"; }

# Start a server on a host and wait until its port listens: HOST PORT COMMAND…
serve() {
  local name=$1 port=$2; shift 2
  ip netns exec "wwr-$name" "$@" >>"$WORK/$name-$port.log" 2>&1 &
  SERVER_PIDS+=($!)
  LAST_SERVER=$!
  for _ in $(seq 100); do
    ip netns exec "wwr-$name" ss -Hltn "sport = :$port" | grep -q . && return 0
    sleep 0.1
  done
  say "server on $name:$port did not start: $(tail -3 "$WORK/$name-$port.log")"
  return 1
}

stop_servers() {
  local pid
  for pid in "${SERVER_PIDS[@]}"; do kill "$pid" 2>/dev/null; done
  for pid in "${SERVER_PIDS[@]}"; do wait "$pid" 2>/dev/null; done
  SERVER_PIDS=()
}

# Record what crosses the switch into recorded/NAME.pcap, from now on.
begin() {
  CAPTURE=${2:-$RECORDED/$1.pcap}
  local name
  for name in "${HOSTS[@]}"; do ip -n "wwr-$name" neighbour flush all 2>/dev/null; done
  rm -f "$CAPTURE"
  ip netns exec "$SWITCH" tcpdump --immediate-mode -Z root -B 32768 -s 0 -U -n -i br0 -w "$CAPTURE" 'arp or ip or (ip6 and tcp)' 2>"$WORK/tcpdump.log" &
  CAPTURE_PID=$!
  for _ in $(seq 50); do [ -s "$CAPTURE" ] && grep -q listening "$WORK/tcpdump.log" && break; sleep 0.1; done
}

finish() {
  sleep 0.4
  kill -INT "$CAPTURE_PID" 2>/dev/null
  wait "$CAPTURE_PID" 2>/dev/null
  CAPTURE_PID=
  say "$(basename "$CAPTURE"): $(stat -c %s "$CAPTURE") bytes, $(grep -o '[0-9]* packets captured' "$WORK/tcpdump.log")"
}

net_down() {
  local name
  for name in $(ip netns list | awk '/^wwr-/ {print $1}'); do ip netns del "$name"; done
  HOSTS=()
}

clean_up() {
  stop_servers
  [ -n "$CAPTURE_PID" ] && kill -INT "$CAPTURE_PID" 2>/dev/null
  net_down
  [ -n "${KEEP_WORK:-}" ] && say "logs are in $WORK" || rm -rf "$WORK"
}
trap clean_up EXIT

# The hospital: addresses and hardware makers that every recording uses.
hospital() {
  net_up
  host ct 10.20.0.11 88:4b:39:10:22:01      # Siemens AG, Healthcare Sector
  host mr 10.20.0.12 44:4b:5d:20:41:17      # GE Healthcare
  host us 10.20.0.13 00:08:fb:03:7a:52      # SonoSite
  host archive 10.20.0.20 10:65:30:aa:20:01 # Dell
  host workstation 10.20.0.30 18:60:24:5c:30:02 # Hewlett Packard
  host ris 10.20.0.40 00:50:56:8f:40:03     # VMware
  host engine 10.20.0.50 00:0c:29:8f:50:04  # VMware
  host monitor 10.20.0.60 00:09:fb:46:60:a1 # Philips Patient Monitoring
  host lab 10.20.0.70 00:60:19:70:11:c3     # Roche Diagnostics
}
