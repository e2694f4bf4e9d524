#!/usr/bin/env bash
# Makes certificates for a test receiver: certificates.sh DIR
#   ca.pem             the authority of server.pem/server.key (for the name localhost) and client.pem/client.key
#   server-chain.pem   server.pem and ca.pem, as servers send them that show their authority
#   other-ca.pem       an authority that signed nothing here
set -euo pipefail
mkdir -p "$1" && cd "$1"
key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out "$1" 2>/dev/null; }
authority() { key "$1.key" && openssl req -x509 -new -key "$1.key" -days 30 -subj "/CN=$1" -out "$1.pem"; }
signed() { # name extensions
  key "$1.key"
  openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile <(printf '%s' "$2") -out "$1.pem" 2>/dev/null
}
authority ca
authority other-ca
signed server 'subjectAltName=DNS:localhost'
cat server.pem ca.pem > server-chain.pem
signed client 'extendedKeyUsage=clientAuth'
chmod -R a+rX .
