#!/usr/bin/env bash
# rsyslog with a configuration of the project, in the foreground.   rsyslog-config.sh start CONFIG   (rsyslog.sh check says what is missing)
set -euo pipefail
exec /usr/sbin/rsyslogd -n -f "$2" -iNONE
