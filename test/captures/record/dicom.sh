# DICOM recordings. Each block is one exchange between two implementations; sourced by ../record.sh after lib.sh.
F=$WORK/files
"$PYTHON" "$RECORD_DIR/make_files.py" "$F"
mkdir -p "$WORK/qr" "$WORK/db" "$WORK/received" "$WORK/tls"
sed "s#@DIR@#$WORK#" "$RECORD_DIR/orthanc.json.in" > "$WORK/orthanc.json"
sed "s#@DIR@#$WORK#" "$RECORD_DIR/dcmqrscp.cfg.in" > "$WORK/dcmqrscp.cfg"
PYNET="$PYTHON $RECORD_DIR/dicom_peer.py"
DCMJS="$NODE $RECORD_DIR/dcmjs_peer.ts"
on_dcmjs() { on "$@" >>"$WORK/dcmjs.log" 2>&1; }
RS=$PEERS/rs/bin
ARCHIVE=10.20.0.20
RECEIVER="storescp -q -od $WORK/received +xa +B"

hospital

# --- verification and association ends --------------------------------------------------------------------------------------------
serve archive 11112 storescp -q -aet STORESCP -od "$WORK/received" 11112
begin dicom-echo-dcmtk
on ct echoscu -aet CT01 -aec STORESCP --repeat 3 $ARCHIVE 11112
finish
begin dicom-echo-aborted
on ct echoscu -aet CT01 -aec STORESCP --abort $ARCHIVE 11112
finish
begin dicom-echo-many-contexts
on ct echoscu -aet CT01 -aec STORESCP -ppc 60 -pts 20 $ARCHIVE 11112
finish
begin dicom-echo-rs
on mr "$RS/dicom-echoscu" --calling-ae-title MR01 --called-ae-title STORESCP $ARCHIVE:11112
finish
begin dicom-echo-nmap
on us nmap -n -Pn --script dicom-ping -p 11112 $ARCHIVE >/dev/null
finish
stop_servers

serve archive 104 dcmqrscp -q -c "$WORK/dcmqrscp.cfg" 104
begin dicom-rejected-called-ae
on workstation echoscu -q -aet WS01 -aec WRONGAE $ARCHIVE 104
on workstation echoscu -q -aet WS01 -aec PACS $ARCHIVE 104
finish
stop_servers

serve archive 11112 $DCMJS scp 11112 strict
begin dicom-rejected-calling-ae
on_dcmjs us $DCMJS echo $ARCHIVE 11112 INTRUDER DCMJS
on_dcmjs ct $DCMJS echo $ARCHIVE 11112 CT01 DCMJS
finish
begin dicom-store-dcmjs
on_dcmjs ct $DCMJS store $ARCHIVE 11112 CT01 DCMJS "$F/ct-1.dcm" "$F/mr-1.dcm"
finish
begin dicom-user-identity-dcmjs
on_dcmjs ct $DCMJS identity $ARCHIVE 11112 CT01 DCMJS
finish
begin dicom-user-identity-answered
on ct storescu -q -R -usr WWPHIuser -pwd WWPHIsecret -rsp -aet CT01 -aec DCMJS $ARCHIVE 11112 "$F/ct-1.dcm"
finish
begin dicom-find-dcmjs
on ct findscu -q -aet CT01 -aec DCMJS -S -k 0008,0052=STUDY -k 0010,0010="WWPHI*" -k 0010,0020 -k 0020,000D $ARCHIVE 11112
finish
stop_servers

# A peer that dies with unread data: its kernel answers with a reset.
serve archive 11112 $PYNET scp --port 11112 --aet PYARCHIVE
begin dicom-peer-killed
on mr $PYNET store "$F/mr-1.dcm" --peer $ARCHIVE --port 11112 --aet MR01 --aec PYARCHIVE --wait 2 &
client=$!
sleep 2
kill -STOP "$LAST_SERVER"
sleep 2
kill -KILL "$LAST_SERVER"
wait $client
finish
stop_servers

# --- C-STORE in every transfer syntax ---------------------------------------------------------------------------------------------
serve archive 11112 $RECEIVER -aet STORESCP 11112
begin dicom-store-ct-explicit
on ct storescu -q -R -aet CT01 -aec STORESCP $ARCHIVE 11112 "$F"/ct-[123].dcm
finish
begin dicom-store-implicit
on ct storescu -q -R -xi -aet CT01 -aec STORESCP $ARCHIVE 11112 "$F/ct-implicit.dcm"
finish
begin dicom-store-big-endian
on ct storescu -q -R -xb -aet CT01 -aec STORESCP $ARCHIVE 11112 "$F/ct-big.dcm"
finish
begin dicom-store-deflated
on ct storescu -q -R -xd -aet CT01 -aec STORESCP $ARCHIVE 11112 "$F/ct-deflated.dcm"
finish
begin dicom-store-jpeg
on us storescu -q -R -xy -aet US01 -aec STORESCP $ARCHIVE 11112 "$F/us-jpeg.dcm"
finish
begin dicom-store-rle
on ct storescu -q -R -xr -aet CT01 -aec STORESCP $ARCHIVE 11112 "$F/ct-rle.dcm"
finish
begin dicom-store-jpegls-j2k
on ct storescu -q -R -xt -aet CT01 -aec STORESCP $ARCHIVE 11112 "$F/ct-jpegls.dcm"
on mr $PYNET store "$F/mr-j2k.dcm" --peer $ARCHIVE --port 11112 --aet MR01 --aec STORESCP
finish
begin dicom-store-mixed
on workstation storescu -q -R -aet WS01 -aec STORESCP $ARCHIVE 11112 "$F/us.dcm" "$F/sc.dcm" "$F/pdf.dcm"
finish
begin dicom-store-small-pdu
on ct storescu -q -R -aet CT01 -aec STORESCP -pdu 4096 --max-send-pdu 4096 $ARCHIVE 11112 "$F/ct-1.dcm"
finish
begin dicom-store-rs
on mr "$RS/dicom-storescu" --calling-ae-title MR01 --called-ae-title STORESCP $ARCHIVE:11112 "$F/mr-1.dcm" "$F/mr-japanese.dcm"
finish
begin dicom-store-aborted
on mr $PYNET store "$F/mr-1.dcm" --peer $ARCHIVE --port 11112 --aet MR01 --aec STORESCP --abort
finish
begin dicom-store-torn
on mr $PYNET torn "$F/mr-1.dcm" --peer $ARCHIVE --port 11112 --aet MR01 --aec STORESCP
finish
begin dicom-store-equipment
on ct storescu -q -R -aet CT01 -aec STORESCP $ARCHIVE 11112 "$F/ct-equipment.dcm"
finish
begin dicom-store-program
on workstation storescu -q -R -aet WS01 -aec STORESCP $ARCHIVE 11112 "$F/pdf-program.dcm"
finish
stop_servers

serve archive 11112 $PYNET scp --port 11112 --aet PYARCHIVE --store-status 0xA700
begin dicom-store-refused
on ct storescu -q -R -aet CT01 -aec PYARCHIVE -nh $ARCHIVE 11112 "$F/ct-1.dcm" "$F/ct-2.dcm"
finish
stop_servers

# An archive on a port that nobody expects.
serve archive 50123 $RECEIVER -aet STORESCP 50123
begin dicom-store-odd-port
on ct storescu -q -R -aet CT01 -aec STORESCP $ARCHIVE 50123 "$F/ct-1.dcm"
finish
stop_servers

# --- query and retrieve -----------------------------------------------------------------------------------------------------------
serve archive 104 Orthanc "$WORK/orthanc.json"
sleep 1
begin dicom-store-orthanc
on ct storescu -q -R -aet CT01 -aec ARCHIVE $ARCHIVE 104 "$F"/ct-[123].dcm
on mr $PYNET store "$F"/mr-[123].dcm --peer $ARCHIVE --port 104 --aet MR01 --aec ARCHIVE
finish
begin dicom-rejected-orthanc
on workstation findscu -q -aet WS01 -aec NOTARCHIVE -S -k 0008,0052=STUDY $ARCHIVE 104
finish
begin dicom-find-study-key
on workstation findscu -q -aet WS01 -aec ARCHIVE -S -k 0008,0052=STUDY -k 0010,0020=WWPHI0001 -k 0010,0010 -k 0020,000D -k 0008,0050 $ARCHIVE 104
finish
begin dicom-find-patient-wildcard
on workstation findscu -q -aet WS01 -aec ARCHIVE -P -k 0008,0052=PATIENT -k 0010,0010="*" -k 0010,0020 -k 0010,0030 $ARCHIVE 104
finish
begin dicom-find-rs
on workstation "$RS/dicom-findscu" --calling-ae-title WS01 --called-ae-title ARCHIVE -S -q QueryRetrieveLevel=STUDY -q PatientName='WWPHI*' -q StudyInstanceUID= $ARCHIVE:104 >/dev/null
finish
serve workstation 11112 storescp -q -aet WS01 -od "$WORK/received" 11112
begin dicom-move
on workstation movescu -q -aet WS01 -aec ARCHIVE -aem WS01 -S -k 0008,0052=STUDY -k 0020,000D=1.2.826.0.1.3680043.10.1.77777.1 $ARCHIVE 104
sleep 0.5
finish
begin dicom-move-unknown-destination
on workstation movescu -q -aet WS01 -aec ARCHIVE -aem NOWHERE -S -k 0008,0052=STUDY -k 0020,000D=1.2.826.0.1.3680043.10.1.77777.1 $ARCHIVE 104
finish
begin dicom-get-orthanc
on workstation getscu -q -aet WS01 -aec ARCHIVE -od "$WORK/received" -S -k 0008,0052=STUDY -k 0020,000D=1.2.826.0.1.3680043.10.1.77777.1 $ARCHIVE 104
finish
stop_servers

serve archive 104 dcmqrscp -q -c "$WORK/dcmqrscp.cfg" 104
on ct storescu -q -R -aet CT01 -aec PACS $ARCHIVE 104 "$F"/ct-[123].dcm
serve workstation 11112 $PYNET scp --port 11112 --aet WS01
begin dicom-move-dcmqrscp
on workstation $PYNET move --peer $ARCHIVE --port 104 --aet WS01 --aec PACS --destination WS01 --key StudyInstanceUID=1.2.826.0.1.3680043.10.1.77777.1
finish
begin dicom-get-pynetdicom
on workstation $PYNET get --peer $ARCHIVE --port 104 --aet WS01 --aec PACS --key StudyInstanceUID=1.2.826.0.1.3680043.10.1.77777.1
finish
begin dicom-find-universal-dcmqrscp
on workstation $PYNET find --peer $ARCHIVE --port 104 --aet WS01 --aec PACS --key PatientID= --key StudyInstanceUID=
finish
stop_servers

serve ris 104 wlmscpfs -q -dfp "$F/worklist" 104
begin dicom-worklist
on ct findscu -q -aet CT01 -aec RISWL -W -k 0010,0010 -k 0010,0020 -k "(0040,0100)[0].0008,0060=CT" -k "(0040,0100)[0].0040,0001=CT01" 10.20.0.40 104
on us findscu -q -aet US01 -aec RISWL -W -k 0010,0010="*" -k "(0040,0100)[0].0040,0002" 10.20.0.40 104
finish
stop_servers

serve archive 11112 $PYNET scp --port 11112 --aet PYARCHIVE --matches 30 --delay 0.05
begin dicom-find-cancelled
on workstation $PYNET find --peer $ARCHIVE --port 11112 --aet WS01 --aec PYARCHIVE --key PatientName="*" --cancel-after 3
finish
begin dicom-find-cancelled-dcmtk
on workstation findscu -q -aet WS01 -aec PYARCHIVE --cancel 2 -S -k 0008,0052=STUDY -k 0010,0010="W?PHI*" -k 0020,000D $ARCHIVE 11112
finish
stop_servers

serve archive 11112 $PYNET scp --port 11112 --aet PYARCHIVE
begin dicom-user-identity-passcode
on ct storescu -q -R -usr WWPHIuser -pwd WWPHIsecret -aet CT01 -aec PYARCHIVE $ARCHIVE 11112 "$F/ct-1.dcm"
finish
begin dicom-user-identity-username
on workstation $PYNET find --peer $ARCHIVE --port 11112 --aet WS01 --aec PYARCHIVE --user WWPHIuser --key PatientID=WWPHI0001
finish
begin dicom-async-window
on workstation $PYNET find --peer $ARCHIVE --port 11112 --aet WS01 --aec PYARCHIVE --window 5 --relational --key PatientID=WWPHI0001
finish
begin dicom-mpps
on ct $PYNET mpps --peer $ARCHIVE --port 11112 --aet CT01 --aec PYARCHIVE
finish
serve ct 104 $PYNET listener --port 104 --aet CT01
begin dicom-storage-commitment
on ct $PYNET commit --peer $ARCHIVE --port 11112 --aet CT01 --aec PYARCHIVE --linger 2
finish
stop_servers

address6 archive fd20:ca12::20
address6 ct fd20:ca12::11
serve archive 11112 $PYNET scp --bind :: --port 11112 --aet PYARCHIVE
begin dicom-ipv6
on ct $PYNET store "$F/ct-1.dcm" --peer fd20:ca12::20 --port 11112 --aet CT01 --aec PYARCHIVE
finish
stop_servers

# --- TLS --------------------------------------------------------------------------------------------------------------------------
T=$WORK/tls
openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/O=General Hospital/CN=Test CA" -keyout "$T/ca.key" -out "$T/ca.crt" 2>/dev/null
for side in server client; do
  openssl req -newkey rsa:2048 -nodes -subj "/O=General Hospital/CN=$side.hospital.example" -keyout "$T/$side.key" -out "$T/$side.csr" 2>/dev/null
  openssl x509 -req -in "$T/$side.csr" -CA "$T/ca.crt" -CAkey "$T/ca.key" -CAcreateserial -days 3650 -out "$T/$side.crt" 2>/dev/null
done
serve archive 2762 storescp -q -aet STORESCP -od "$WORK/received" +tls "$T/server.key" "$T/server.crt" +cf "$T/ca.crt" 2762
begin dicom-tls13
on ct storescu -q -R -aet CT01 -aec STORESCP +tls "$T/client.key" "$T/client.crt" +cf "$T/ca.crt" $ARCHIVE 2762 "$F/ct-1.dcm"
finish
stop_servers
serve archive 2762 $PYNET scp --port 2762 --aet PYARCHIVE --tls "$T"
begin dicom-tls12
on mr $PYNET store "$F/mr-1.dcm" --peer $ARCHIVE --port 2762 --aet MR01 --aec PYARCHIVE --tls "$T"
finish
stop_servers

# Both sides show a certificate: the scanner the one that its maker gave it (IEEE 802.1AR), the archive one with its name. TLS 1.2 shows them to everybody.
openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/O=Siemens Healthineers AG/CN=Device CA" -keyout "$T/maker.key" -out "$T/maker.crt" 2>/dev/null
openssl req -newkey rsa:2048 -nodes -subj "/C=DE/O=Siemens Healthineers AG/OU=Computed Tomography/CN=SOMATOM 66023/serialNumber=66023" -keyout "$T/scanner.key" -out "$T/scanner.csr" 2>/dev/null
openssl x509 -req -in "$T/scanner.csr" -CA "$T/maker.crt" -CAkey "$T/maker.key" -CAcreateserial -days 3650 -out "$T/scanner.crt" \
  -extfile <(echo extendedKeyUsage=clientAuth) 2>/dev/null
openssl req -newkey rsa:2048 -nodes -subj "/O=General Hospital/CN=Image archive" -keyout "$T/archive.key" -out "$T/archive.csr" 2>/dev/null
openssl x509 -req -in "$T/archive.csr" -CA "$T/ca.crt" -CAkey "$T/ca.key" -CAcreateserial -days 3650 -out "$T/archive.crt" \
  -extfile <(echo subjectAltName=DNS:pacs01.hospital.example,DNS:pacs01,IP:10.20.0.20) 2>/dev/null
printf 'openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = limit\n[limit]\nMaxProtocol = TLSv1.2\n' > "$T/openssl.cnf"
export OPENSSL_CONF=$T/openssl.cnf
serve archive 2762 storescp -q -aet STORESCP -od "$WORK/received" +tls "$T/archive.key" "$T/archive.crt" +cf "$T/maker.crt" 2762
begin dicom-tls12-mutual
on ct storescu -q -R -aet CT01 -aec STORESCP +tls "$T/scanner.key" "$T/scanner.crt" +cf "$T/ca.crt" $ARCHIVE 2762 "$F/ct-1.dcm"
finish
stop_servers
unset OPENSSL_CONF
net_down
