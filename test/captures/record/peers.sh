#!/usr/bin/env bash
# Puts the peers that Debian does not package into the cache folder: pynetdicom and python-hl7 (PyPI), HAPI HL7v2 and
# HAPI FHIR (Maven), dicomweb-client and fhirpy (PyPI), DICOM-rs (crates.io).
set -euo pipefail
PEERS=${WARDWIRE_PEER_CACHE:-$HOME/.cache/wardwire-peers}
mkdir -p "$PEERS"
for program in tcpdump ethtool ip dcmqrscp Orthanc miniupnpd curl java mvn; do
  command -v "$program" >/dev/null || { echo "peers: $program is missing: apt-get install tcpdump ethtool iproute2 dcmtk orthanc orthanc-dicomweb miniupnpd curl default-jdk-headless maven" >&2; exit 1; }
done
if [ ! -x "$PEERS/py/bin/python" ]; then
  python3 -m venv "$PEERS/py"
  "$PEERS/py/bin/pip" install -q pynetdicom==3.0.4 pydicom==3.0.2 hl7==0.4.5 numpy pillow pylibjpeg pylibjpeg-openjpeg
fi
if [ ! -e "$PEERS/hapi/lib/hapi-base-2.6.0.jar" ]; then
  mkdir -p "$PEERS/hapi"
  cat > "$PEERS/hapi/pom.xml" <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>wardwire</groupId><artifactId>hapi-peer</artifactId><version>1</version>
<dependencies>
<dependency><groupId>ca.uhn.hapi</groupId><artifactId>hapi-base</artifactId><version>2.6.0</version></dependency>
<dependency><groupId>ca.uhn.hapi</groupId><artifactId>hapi-structures-v25</artifactId><version>2.6.0</version></dependency>
<dependency><groupId>ca.uhn.hapi</groupId><artifactId>hapi-structures-v26</artifactId><version>2.6.0</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>2.0.9</version></dependency>
</dependencies></project>
POM
  (cd "$PEERS/hapi" && mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib)
fi
if [ ! -x "$PEERS/web/bin/python" ]; then
  python3 -m venv "$PEERS/web"
  "$PEERS/web/bin/pip" install -q dicomweb-client==0.61.2 fhirpy==2.3.1
fi
if [ ! -e "$PEERS/fhir/lib/hapi-fhir-server-8.8.0.jar" ]; then
  mkdir -p "$PEERS/fhir"
  cat > "$PEERS/fhir/pom.xml" <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>wardwire</groupId><artifactId>fhir-peer</artifactId><version>1</version>
<dependencies>
<dependency><groupId>ca.uhn.hapi.fhir</groupId><artifactId>hapi-fhir-server</artifactId><version>8.8.0</version></dependency>
<dependency><groupId>ca.uhn.hapi.fhir</groupId><artifactId>hapi-fhir-client</artifactId><version>8.8.0</version></dependency>
<dependency><groupId>ca.uhn.hapi.fhir</groupId><artifactId>hapi-fhir-structures-r4</artifactId><version>8.8.0</version></dependency>
<dependency><groupId>ca.uhn.hapi.fhir</groupId><artifactId>hapi-fhir-caching-caffeine</artifactId><version>8.8.0</version></dependency>
<dependency><groupId>org.eclipse.jetty.ee10</groupId><artifactId>jetty-ee10-servlet</artifactId><version>12.0.34</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>2.0.17</version></dependency>
</dependencies></project>
POM
  (cd "$PEERS/fhir" && mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib)
fi
for tool in dicom-echoscu dicom-storescu dicom-findscu; do
  [ -x "$PEERS/rs/bin/$tool" ] || nice cargo install --locked -q --root "$PEERS/rs" "$tool"
done
