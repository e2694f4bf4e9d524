#!/usr/bin/env bash
# Records every capture in recorded/ anew (needs root and about three minutes):   test/captures/record.sh [dicom] [hl7] [http]
# Times, ports and generated UIDs differ from run to run: afterwards update the golden cases (WARDWIRE_UPDATE_GOLDEN=1 vitest run test/golden)
# and read what changed.
set -uo pipefail
cd "$(dirname "$(realpath "$0")")"
[ "$(id -u)" = 0 ] || { echo "record: needs root, for network namespaces" >&2; exit 1; }
record/peers.sh
source record/lib.sh
mkdir -p "$RECORDED"
for part in "${@:-dicom hl7 http}"; do
  for name in $part; do source "record/$name.sh"; done
done
