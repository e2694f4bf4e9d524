# DICOMweb and FHIR recordings. Each block is one exchange between two implementations; sourced by ../record.sh after lib.sh.
F=$WORK/files
[ -e "$F/ct-1.dcm" ] || "$PYTHON" "$RECORD_DIR/make_files.py" "$F"
mkdir -p "$WORK/web-db"
for authentication in false true; do
  sed "s#@DIR@#$WORK#; s#@AUTHENTICATION@#$authentication#" "$RECORD_DIR/orthanc-web.json.in" > "$WORK/orthanc-web-$authentication.json"
done
WEB="$PEERS/web/bin/python $RECORD_DIR/web_peer.py"
FHIR="env -C $WORK CLASSPATH=$PEERS/fhir/lib/* java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 $RECORD_DIR/FhirPeer.java"
QUIET="-s -o /dev/null --max-time 20"
CURL="curl $QUIET"
ROOT=1.2.826.0.1.3680043.10.1.77777
HOST=10.20.0.20:8042
BASE=http://$HOST/dicom-web
STUDY=$ROOT.1
SERIES=$STUDY.1
INSTANCE=$SERIES.1
quietly() { "$@" >>"$WORK/http.log" 2>&1; }

hospital

# --- DICOMweb ---------------------------------------------------------------------------------------------------------------------
serve archive 8042 Orthanc "$WORK/orthanc-web-false.json"
sleep 1
begin http-stow-python
quietly on ct $WEB store $BASE "$F"/ct-[123].dcm
finish
begin http-qido-python
quietly on workstation $WEB search $BASE
finish
begin http-wado-python
quietly on workstation $WEB retrieve $BASE $STUDY $SERIES $INSTANCE
finish
begin http-view-python
quietly on workstation $WEB view $BASE $STUDY $SERIES $INSTANCE 80
finish

# A page and the server's own interface are plain HTTP; the searches come on the same connection.
begin http-qido-curl
on workstation $CURL http://$HOST/app/explorer.html --next $QUIET http://$HOST/system --next $QUIET "$BASE/studies?00100020=WWPHI0001&includefield=StudyDescription,00080061&limit=5" \
  --next $QUIET "$BASE/studies/$STUDY/series" --next $QUIET -H "Accept: application/dicom+xml" "$BASE/instances?PatientName=*"
finish
begin http-wado-uri-curl
on workstation $CURL "http://$HOST/wado?requestType=WADO&studyUID=$STUDY&seriesUID=$SERIES&objectUID=$INSTANCE&contentType=application/dicom"
on workstation $CURL "http://$HOST/wado?requestType=WADO&studyUID=$STUDY&seriesUID=$SERIES&objectUID=$INSTANCE"
finish
begin http-pipelined
quietly on workstation $WEB pipeline 10.20.0.20 8042 "/dicom-web/studies?PatientID=WWPHI0001" /dicom-web/studies/$STUDY/metadata /dicom-web/studies/$STUDY/series
finish

# An upload without a length, and one of a file that is a program too.
multipart() {
  local file
  for file in "$@"; do printf -- '--frontier\r\nContent-Type: application/dicom\r\n\r\n'; cat "$file"; printf '\r\n'; done
  printf -- '--frontier--\r\n'
}
quietly $WEB program "$F/mr-1.dcm" "$WORK/program.dcm"
multipart "$F/mr-2.dcm" "$WORK/program.dcm" > "$WORK/program.multipart"
multipart "$F/us.dcm" > "$WORK/us.multipart"
begin http-stow-program
on us $CURL -H 'Content-Type: multipart/related; type="application/dicom"; boundary=frontier' --data-binary "@$WORK/program.multipart" $BASE/studies
finish
begin http-stow-chunked
on us $CURL -H 'Content-Type: multipart/related; type="application/dicom"; boundary=frontier' -H "Transfer-Encoding: chunked" -H "Expect:" --data-binary "@$WORK/us.multipart" $BASE/studies
finish

# Somebody who does not know under which path a server offers DICOMweb.
begin http-enumeration
on lab $CURL "http://$HOST/dicomweb/studies?limit=1" --next $QUIET "http://$HOST/wado-rs/studies?limit=1" --next $QUIET "http://$HOST/pacs/rs/studies?limit=1" \
  --next $QUIET "http://$HOST/orthanc/dicom-web/studies?limit=1" --next $QUIET "http://$HOST/dcm4chee-arc/aets/DCM4CHEE/rs/studies?limit=1" \
  --next $QUIET "http://$HOST/qido/studies?limit=1" --next $QUIET "http://$HOST/rs/studies?limit=1" --next $QUIET "$BASE/studies?limit=1"
finish

# Orthanc has no deletion in its DICOMweb, but in its own interface.
STUDY_ID=$(on workstation curl -s "http://$HOST/tools/find" -d "{\"Level\":\"Study\",\"Query\":{\"StudyInstanceUID\":\"$STUDY\"}}" | grep -o '[0-9a-f]\{8\}\(-[0-9a-f]\{8\}\)\{4\}' | head -1)
begin http-delete
on workstation $CURL "$BASE/studies?PatientID=WWPHI0001" --next $QUIET -X DELETE "http://$HOST/studies/$STUDY_ID"
finish
for file in "$F"/ct-[123].dcm "$F"/mr-[123].dcm "$F"/us.dcm; do on ct $CURL --data-binary "@$file" "http://$HOST/instances"; done
begin http-delete-burst
for id in $(on workstation curl -s "http://$HOST/instances" | grep -o '[0-9a-f]\{8\}\(-[0-9a-f]\{8\}\)\{4\}' | tail -6); do
  on lab $CURL -X DELETE "http://$HOST/instances/$id"
done
finish
stop_servers

serve archive 8042 Orthanc "$WORK/orthanc-web-true.json"
sleep 1
begin http-denied
on us $CURL "$BASE/studies?PatientID=WWPHI0001"
on us $CURL -u WWPHIuser:WWPHIwrong "$BASE/studies?PatientID=WWPHI0001"
on workstation $CURL -u WWPHIuser:WWPHIsecret "$BASE/studies?PatientID=WWPHI0001"
finish
stop_servers

# --- UPnP -------------------------------------------------------------------------------------------------------------------------
# A gateway that describes itself.
cat > "$WORK/miniupnpd.conf" <<CONF
ext_ifname=eth0
ext_ip=9.9.9.9
listening_ip=eth0
http_port=5000
manufacturer_name=Capsule Technologies
model_name=Axon
model_number=AX-600
friendly_name=WWPHI of ward 3
serial=AX20381177
uuid=00000000-0000-0000-0000-00409d4c1a07
CONF
serve monitor 5000 miniupnpd -d -f "$WORK/miniupnpd.conf" -P "$WORK/miniupnpd.pid"
begin http-upnp-miniupnpd
on workstation $CURL http://10.20.0.60:5000/rootDesc.xml
finish
stop_servers

# --- FHIR -------------------------------------------------------------------------------------------------------------------------
serve engine 8080 $FHIR serve 8080
begin http-fhir-hapi
quietly on ris $FHIR use http://10.20.0.50:8080/fhir
finish
begin http-fhir-python
quietly on workstation $WEB fhir http://10.20.0.50:8080/fhir
finish
stop_servers
serve engine 8080 $FHIR serve 8080 protected
begin http-fhir-denied
quietly on ris $FHIR login http://10.20.0.50:8080/fhir WWPHIuser WWPHIsecret
finish
stop_servers
net_down
