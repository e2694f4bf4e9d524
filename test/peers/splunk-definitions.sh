#!/usr/bin/env bash
# Splunk's own definitions, from two Python packages (nothing of them runs): the specifications of its configuration files in the packaging
# toolkit, and the data models of the Common Information Model in the test plugin for add-ons.
#   splunk-definitions.sh check     fetches them once; says what is missing
#   splunk-definitions.sh folder    where they are: conf-specs/*.conf.spec, data_models/*.json
set -euo pipefail
home=${WARDWIRE_PEER_CACHE:-$HOME/.cache/wardwire-peers}/splunk-definitions
packages=(splunk-packaging-toolkit==1.2.8 pytest-splunk-addon==8.0.0)
case "$1" in
  folder) printf '%s' "$home" ;;
  check)
    command -v unzip >/dev/null || { echo 'unzip is not installed' >&2; exit 1; }
    mkdir -p "$(dirname "$home")"
    exec 9> "$home.lock"
    flock 9
    [ "$(cat "$home/stamp" 2>/dev/null || true)" != "${packages[*]}" ] || exit 0
    rm -rf "$home"
    mkdir -p "$home/wheels"
    # Wheels of a Python that this machine need not have.
    python3 -m pip -q download --no-deps --only-binary=:all: --python-version 3.13 -d "$home/wheels" "${packages[@]}" >&2 ||
      { echo 'the packages cannot be fetched (no pip, no network?)' >&2; exit 1; }
    for wheel in "$home"/wheels/*.whl; do unzip -qo "$wheel" 'slim/config/conf-specs/*' 'pytest_splunk_addon/data_models/*' -d "$home" 2>/dev/null || true; done
    mv "$home/slim/config/conf-specs" "$home/pytest_splunk_addon/data_models" "$home"
    rm -rf "$home/wheels" "$home/slim" "$home/pytest_splunk_addon"
    printf '%s' "${packages[*]}" > "$home/stamp"
    ;;
esac
