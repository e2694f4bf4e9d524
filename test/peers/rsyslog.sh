#!/usr/bin/env bash
# A real rsyslog receiver on 127.0.0.1, in the foreground.
#   rsyslog.sh check                                  says what is missing
#   rsyslog.sh start UDP TCP TLS MUTUAL OUT WORK_DIR  ports; MUTUAL is TLS that demands a client certificate. WORK_DIR holds certificates.sh's files.
# Every message becomes one line of JSON in OUT: raw message, header as rsyslog read it, and the fields of a CEF text as liblognorm read them.
set -euo pipefail
modules=$(ls -d /usr/lib/*/rsyslog 2>/dev/null | head -1)
if [ "$1" = check ]; then
  command -v rsyslogd >/dev/null || [ -x /usr/sbin/rsyslogd ] || { echo 'rsyslog is not installed' >&2; exit 1; }
  [ -e "$modules/lmnsd_gtls.so" ] || { echo 'rsyslog-gnutls is not installed' >&2; exit 1; }
  [ -e "$modules/mmnormalize.so" ] || { echo 'rsyslog has no mmnormalize' >&2; exit 1; }
  command -v openssl >/dev/null || { echo 'openssl is not installed' >&2; exit 1; }
  exit 0
fi
udp=$2 tcp=$3 tls=$4 mutual=$5 out=$6 work=$7
cat > "$work/rsyslog.conf" <<C
global(workDirectory="$work" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="off"
       defaultNetstreamDriverCAFile="$work/ca.pem" defaultNetstreamDriverCertFile="$work/server.pem" defaultNetstreamDriverKeyFile="$work/server.key")
module(load="imudp") module(load="imptcp") module(load="imtcp") module(load="mmnormalize")
template(name="record" type="string" string="{\"raw\":\"%rawmsg:::json%\",\"time\":\"%timestamp:::date-rfc3339%\",\"host\":\"%hostname:::json%\",\"app\":\"%app-name:::json%\",\"msgid\":\"%msgid:::json%\",\"severity\":%syslogseverity%,\"facility\":\"%syslogfacility-text%\",\"text\":\"%msg:::json%\",\"fields\":%\$!all-json%}\n")
ruleset(name="keep") {
  action(type="mmnormalize" rule=["rule=:%cef:cef%"])
  action(type="omfile" file="$out" template="record")
}
input(type="imudp" address="127.0.0.1" port="$udp" ruleset="keep")
input(type="imptcp" address="127.0.0.1" port="$tcp" ruleset="keep")
input(type="imtcp" address="127.0.0.1" port="$tls" ruleset="keep" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")
input(type="imtcp" address="127.0.0.1" port="$mutual" ruleset="keep" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="x509/certvalid")
C
exec /usr/sbin/rsyslogd -n -f "$work/rsyslog.conf" -iNONE
