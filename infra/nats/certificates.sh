#!/bin/sh
# Makes an authority of its own and a server certificate that it signs, for hosts and addresses that clients
# dial: certificates.sh DIR HOST…   Needs openssl 3. Never overwrites. A client's certificate, where the server
# asks for one (--verify-clients): the last three commands with another name and without subjectAltName.
set -eu
umask 077
dir=$1
shift
[ $# -gt 0 ] || { echo "usage: $0 DIR HOST…" >&2; exit 2; }
[ ! -e "$dir/ca-key.pem" ] || { echo "$dir/ca-key.pem exists: nothing is overwritten" >&2; exit 1; }
mkdir -p "$dir"
names=""
for host in "$@"; do
  case $host in
    *[!0-9.]*) names="$names,DNS:$host" ;;
    *) names="$names,IP:$host" ;;
  esac
done
key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }
key "$dir/ca-key.pem"
openssl req -x509 -new -key "$dir/ca-key.pem" -subj "/CN=mapek authority" -days 3650 -out "$dir/ca.pem"
key "$dir/server-key.pem"
openssl req -new -key "$dir/server-key.pem" -subj "/CN=$1" -addext "subjectAltName=${names#,}" -out "$dir/server.csr"
openssl x509 -req -in "$dir/server.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca-key.pem" -CAcreateserial \
  -copy_extensions copy -days 825 -out "$dir/server.pem" 2>/dev/null
rm "$dir/server.csr"
echo "$dir/ca.pem is for clients; keep $dir/ca-key.pem apart from the server."
