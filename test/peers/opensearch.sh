#!/usr/bin/env bash
# One OpenSearch 3.8 node on 127.0.0.1, in the foreground, with every module: ingest processors, scripts, all field types, aggregations.
#   opensearch.sh check                 fetches it once; says what is missing
#   opensearch.sh start PORT WORK_DIR
# It stands in where the Elasticsearch builds of the registry lack something. Elastic's client refuses it: talk plain HTTP.
# Needs a JDK 21 or later: JAVA21_HOME, else the newest of the system's.
set -euo pipefail
here=$(dirname "$(realpath "$0")")/opensearch
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
  [ "$(cat "$cache/opensearch/stamp" 2>/dev/null || true)" != "$stamp" ] || exit 0
  command -v mvn >/dev/null || { echo 'maven is not installed' >&2; exit 1; }
  rm -rf "$cache/opensearch"
  mvn -q -B -Dmaven.repo.local="$cache/maven" -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$cache/opensearch/libs" >&2 ||
    { echo 'OpenSearch cannot be fetched (no network?)' >&2; exit 1; }
  "$java/bin/javac" -cp "$cache/opensearch/libs/*" -d "$cache/opensearch/classes" "$here/Serve.java" >&2
  printf '%s' "$stamp" > "$cache/opensearch/stamp"
  exit 0
fi
exec "$java/bin/java" -Xmx512m -XX:TieredStopAtLevel=1 -cp "$cache/opensearch/classes:$cache/opensearch/libs/*" Serve "$3" "$2"
