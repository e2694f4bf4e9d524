#!/usr/bin/env bash
# Elasticsearch 8.19 (core, HTTPS, security) on 127.0.0.1, in the foreground.
#   elasticsearch8.sh check                 fetches it once; says what is missing
#   elasticsearch8.sh start PORT WORK_DIR   WORK_DIR holds certificates.sh's files
# Users, all with the password changeme1: admin (everything); sensor and installer with the roles that README.md documents; partial,
# who may write only wardwire.dicom. The build in the registry has no ingest processors and fewer field types than the full one.
set -euo pipefail
version=8.19.21
cache=${WARDWIRE_PEER_CACHE:-$HOME/.cache/wardwire-peers}
zip=$cache/maven/org/elasticsearch/distribution/integ-test-zip/elasticsearch/$version/elasticsearch-$version.zip
if [ "$1" = check ]; then
  for program in java unzip openssl; do command -v $program >/dev/null || { echo "$program is not installed" >&2; exit 1; }; done
  [ ! -f "$zip" ] || exit 0
  command -v mvn >/dev/null || { echo 'maven is not installed' >&2; exit 1; }
  mkdir -p "$cache"
  exec 9> "$cache/maven.lock"
  flock 9
  [ -f "$zip" ] || mvn -q -B -Dmaven.repo.local="$cache/maven" dependency:get -Dtransitive=false \
    -Dartifact=org.elasticsearch.distribution.integ-test-zip:elasticsearch:$version:zip >&2 || { echo 'Elasticsearch 8 cannot be fetched (no network?)' >&2; exit 1; }
  exit 0
fi
port=$2 data=$3 home=$3/elasticsearch-$version
[ -d "$home" ] || unzip -q "$zip" -d "$data"
cp "$data/server-chain.pem" "$data/server.key" "$home/config/"
cat > "$home/config/elasticsearch.yml" <<Y
discovery.type: single-node
network.host: 127.0.0.1
http.port: $port
transport.port: $((port + 1))
path.data: $data/data
path.logs: $data/logs
cluster.routing.allocation.disk.threshold_enabled: false
http.max_content_length: 1mb
xpack.security.enabled: true
xpack.security.http.ssl: {enabled: true, key: server.key, certificate: server-chain.pem}
xpack.security.transport.ssl.enabled: false
Y
cat > "$home/config/roles.yml" <<'Y'
sensor:
  cluster: [monitor]
  indices: [{names: ['logs-wardwire.*-*'], privileges: [auto_configure, create_doc]}]
installer:
  cluster: [manage_index_templates, manage_ingest_pipelines]
partial:
  indices: [{names: ['logs-wardwire.dicom-*'], privileges: [auto_configure, create_doc]}]
Y
hash='$2a$10$DnsFVe.vazVCHBUKXU7OLOydOVM6UN3lxTDHhj0vkObbatRZ0dpjq' # of changeme1
printf "%s:$hash\n" admin sensor installer partial > "$home/config/users"
printf '%s\n' superuser:admin sensor:sensor installer:installer partial:partial > "$home/config/users_roles"
export ES_JAVA_HOME=${ES_JAVA_HOME:-$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")}
export ES_JAVA_OPTS=${ES_JAVA_OPTS:--Xms512m -Xmx512m -XX:TieredStopAtLevel=1}
[ "$(id -u)" = 0 ] || exec "$home/bin/elasticsearch"
# The server refuses to run as root.
chown -R nobody "$data"
exec setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME="$data" "$home/bin/elasticsearch"
