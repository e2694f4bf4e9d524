#!/usr/bin/env bash
# One Elasticsearch 9.5 node (core and HTTP, no security) on 127.0.0.1, in the foreground.
#   elasticsearch9.sh check                 fetches it once; says what is missing
#   elasticsearch9.sh start PORT WORK_DIR
# Needs a JDK 21 or later: JAVA21_HOME, else the newest of the system's.
set -euo pipefail
here=$(dirname "$(realpath "$0")")/elasticsearch9
cache=${WARDWIRE_PEER_CACHE:-$HOME/.cache/wardwire-peers}
java_home() { # the folder of a JDK that is new enough
  local candidate
  for candidate in "${JAVA21_HOME:-}" $(ls -d /usr/lib/jvm/*/ 2>/dev/null | sort -rV); do
    candidate=${candidate%/}
    [ -x "$candidate/bin/javac" ] || continue
    [ "$("$candidate/bin/javac" -version 2>&1 | grep -oE '[0-9]+' | head -1)" -lt 21 ] || { echo "$candidate"; return; }
  done
  echo 'a JDK 21 or later is not installed (JAVA21_HOME)' >&2
  return 1
}
java=$(java_home)
if [ "$1" = check ]; then
  mkdir -p "$cache"
  exec 9> "$cache/maven.lock"
  flock 9
  stamp=$(cat "$here"/pom.xml "$here"/Serve.java <("$java/bin/java" -version 2>&1) | sha256sum)
  [ "$(cat "$cache/elasticsearch9/stamp" 2>/dev/null || true)" != "$stamp" ] || exit 0
  command -v mvn >/dev/null || { echo 'maven is not installed' >&2; exit 1; }
  rm -rf "$cache/elasticsearch9"
  mvn -q -B -Dmaven.repo.local="$cache/maven" -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$cache/elasticsearch9/libs" >&2 ||
    { echo 'Elasticsearch 9 cannot be fetched (no network?)' >&2; exit 1; }
  "$java/bin/javac" -cp "$cache/elasticsearch9/libs/*" -d "$cache/elasticsearch9/classes" "$here/Serve.java" >&2
  printf '%s' "$stamp" > "$cache/elasticsearch9/stamp"
  exit 0
fi
mkdir -p "$3/config"
exec "$java/bin/java" -Xmx512m -XX:TieredStopAtLevel=1 -Dport="$2" -Dhome="$3" -cp "$cache/elasticsearch9/classes:$cache/elasticsearch9/libs/*" org.junit.runner.JUnitCore Serve
