#!/usr/bin/env bash
# Installs the real servers and the foreign clients that the end-to-end tests run against.
#
#   scripts/install-servers.sh            install what is missing, then print the versions
#   scripts/install-servers.sh --check    print the versions, fail where something is missing
#
# Debian or Ubuntu, as root. Node.js runtimes, taken for the OpenSSL they carry, go to
# ${TLSWHY_TOOLS:-$HOME/.cache/tlswhy-tools}. Running it again does nothing and is fast.
set -euo pipefail

packages=(
  nginx libnginx-mod-stream apache2 haproxy lighttpd lighttpd-mod-openssl stunnel4 hitch caddy
  openssl gnutls-bin openjdk-17-jdk-headless python3
  postfix dovecot-imapd dovecot-pop3d vsftpd
  postgresql mariadb-server slapd redis-server openssh-server
  curl chromium ca-certificates iproute2 iptables tcpdump libnss3-tools
)
# 0.10.48 carries OpenSSL 1.0.1u, 4.9.1 carries 1.0.2o, 8.17.0 carries 1.0.2s: the last builds that
# still speak RC4, 3DES and single DES. 24.21.0 carries OpenSSL 3.5 and with it the hybrid X25519MLKEM768.
node_versions=(0.10.48 4.9.1 8.17.0 24.21.0)

# shellcheck source=scripts/packages.sh
. "$(dirname "$0")/packages.sh"

print_versions() {
  export PATH=$PATH:/usr/sbin:/sbin
  local pg v
  version nginx nginx -v
  version apache2 apache2 -v
  version haproxy haproxy -v
  version lighttpd lighttpd -v
  version stunnel stunnel4 -version
  version hitch hitch --version
  version caddy caddy version
  version openssl openssl version
  version gnutls gnutls-serv --version
  version java java -version
  version javac javac -version
  version node node --version
  version python3 python3 --version
  version postfix postconf -d mail_version
  version dovecot dovecot --version
  version vsftpd dpkg-query -W vsftpd
  pg=$(find /usr/lib/postgresql -path '*/bin/postgres' 2>/dev/null | sort -V | tail -n 1)
  version postgresql "${pg:-postgres}" --version
  version mariadb mariadbd --version
  version slapd slapd -VV
  version redis redis-server --version
  version sshd ssh -V
  version curl curl --version
  version chromium dpkg-query -W chromium
  version ip ip -V
  version iptables iptables --version
  version tcpdump tcpdump --version
  version certutil dpkg-query -W libnss3-tools
  for m in nginx/modules/ngx_stream_module.so apache2/modules/mod_ssl.so lighttpd/mod_openssl.so; do
    [ -e "/usr/lib/$m" ] || { printf '%-18s MISSING (/usr/lib/%s)\n' module "$m"; broken=1; }
  done
  for v in "${node_versions[@]}"; do
    version "node-$v" "$tools/node-$v/node" -p 'process.version + " with OpenSSL " + process.versions.openssl'
  done
  [ $broken = 0 ] || die "something is missing, see above"
}

case ${1:-} in
  "")
    install_packages "${packages[@]}"
    for v in "${node_versions[@]}"; do install_node "$v"; done
    ;;
  --check) ;;
  *) die "unknown argument: $1" ;;
esac
print_versions
