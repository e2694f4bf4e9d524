# HL7 v2 recordings. Each block is one exchange between two implementations; sourced by ../record.sh after lib.sh.
M=$MESSAGES
PYHL7="$PYTHON $RECORD_DIR/hl7_peer.py"
NODEHL7="$NODE $RECORD_DIR/hl7_peer.ts"
RAW="$PYTHON $RECORD_DIR/raw_mllp.py"
ENGINE=10.20.0.50

hospital

serve engine 2575 $HAPI serve 2575 AA
begin hl7-adt-python-hapi
on ris $PYHL7 send $ENGINE 2575 "$M/adt-a01.hl7" "$M/adt-a08.hl7" "$M/adt-a03.hl7"
finish
begin hl7-orm-node-hapi
on ris $NODEHL7 send $ENGINE 2575 "$M/orm-o01.hl7"
finish
begin hl7-oru-pcd-python-hapi
on monitor $PYHL7 repeat $ENGINE 2575 5 0.2 "$M/oru-pcd01.hl7"
finish
stop_servers

serve engine 6661 $NODEHL7 serve 6661 AA
begin hl7-oru-lab-hapi-node
on lab $HAPI send $ENGINE 6661 "$M/oru-lab.hl7" >/dev/null
finish
begin hl7-batch-node
on ris $NODEHL7 batch $ENGINE 6661 "$M/adt-a01.hl7" "$M/adt-a08.hl7"
finish
stop_servers
serve engine 6661 $NODEHL7 serve 6661 AE
begin hl7-nack-ae-node
on ris $PYHL7 send $ENGINE 6661 "$M/orm-o01.hl7"
finish
stop_servers

serve engine 6661 $NODEHL7 serve 6661 AA
# node-hl7-server sends the acknowledgment of a connection's first message again in front of that of the second.
begin hl7-ack-repeated-python-node
on ris $PYHL7 send $ENGINE 6661 "$M/adt-a01.hl7" "$M/adt-a08.hl7"
finish
stop_servers

serve engine 2575 $PYHL7 serve 2575 AA
begin hl7-pcd-order-node-python
on ris $NODEHL7 send $ENGINE 2575 "$M/rgv-pcd03.hl7"
finish
begin hl7-pcd-alarm-node-python
on monitor $NODEHL7 send $ENGINE 2575 "$M/oru-pcd04.hl7"
finish
begin hl7-continued-node-python
on lab $NODEHL7 send $ENGINE 2575 "$M/oru-continued-1.hl7" "$M/oru-continued-2.hl7"
finish
begin hl7-siu-mdm-hapi-python
on ris $HAPI send $ENGINE 2575 "$M/siu-s12.hl7" "$M/mdm-t02.hl7" "$M/mfn-m02.hl7" >/dev/null
finish
stop_servers
serve engine 2575 $PYHL7 serve 2575 AR
begin hl7-nack-ar-python
on lab $NODEHL7 send $ENGINE 2575 "$M/oru-lab.hl7"
finish
stop_servers
serve engine 2575 $PYHL7 serve 2575 none
begin hl7-unanswered
on lab $PYHL7 send $ENGINE 2575 "$M/oru-lab.hl7"
finish
stop_servers

serve engine 2575 $HAPI serve 2575 RSP
begin hl7-qbp-rsp-python-hapi
on workstation $PYHL7 send $ENGINE 2575 "$M/qbp-q22.hl7"
finish
stop_servers
for code in CA CE CR; do
  serve engine 2575 $HAPI serve 2575 $code
  begin "hl7-commit-${code,,}-python-hapi"
  on ris $PYHL7 send $ENGINE 2575 "$M/adt-enhanced.hl7"
  finish
  stop_servers
done

serve engine 2575 $RAW serve 2575
for variant in lf crlf no-trailing-cr no-cr-after-fs junk-between one-segment dribble; do
  begin "hl7-framing-$variant"
  on ris $RAW send $ENGINE 2575 $variant "$M/adt-a01.hl7" "$M/adt-a08.hl7"
  finish
done
stop_servers
serve engine 2575 $RAW serve 2575 commit
begin hl7-mllp-release-2
on ris $RAW send $ENGINE 2575 plain "$M/adt-a01.hl7"
finish
stop_servers

T=$WORK/tls
mkdir -p "$T"
[ -e "$T/server.crt" ] || openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/O=General Hospital/CN=engine.hospital.example" -keyout "$T/server.key" -out "$T/server.crt" 2>/dev/null
serve engine 2576 $NODEHL7 serve 2576 AA "$T"
begin hl7-tls
on ris $NODEHL7 tls $ENGINE 2576 "$M/adt-a01.hl7"
finish
stop_servers
net_down
