#!/usr/bin/env bash
# nginx.sh DIR: writes DIR/nginx.conf, one server a port, with the keys of
# DIR/pki. The ports and what is wrong with each are also in run.sh.
set -euo pipefail
dir=$1
mkdir -p "$dir/tmp"

server() { # PORT KEY DIRECTIVES
  echo "  server { listen 0.0.0.0:$1 ssl; ssl_certificate $dir/pki/$2.chain.pem; ssl_certificate_key $dir/pki/$2.key; $3 }"
}
# Sessions are off, so that each connection is a full handshake.
{
  cat <<CONF
load_module modules/ngx_stream_module.so;
worker_processes auto;
daemon off;
pid $dir/nginx.pid;
error_log $dir/nginx.log error;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path $dir/tmp; proxy_temp_path $dir/tmp; fastcgi_temp_path $dir/tmp; uwsgi_temp_path $dir/tmp; scgi_temp_path $dir/tmp;
  ssl_session_tickets off;
  ssl_session_cache off;
  default_type text/plain;
CONF
  ok='location / { return 200 "ok\n"; }'
  modern='ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers HIGH:!aNULL;'
  server 8443 rsa "$modern $ok"
  server 8444 rsa "ssl_protocols TLSv1.2; ssl_ciphers HIGH:!aNULL; $ok"
  server 8445 rsa "$modern ssl_ecdh_curve secp384r1; $ok"
  server 8450 rsa "ssl_certificate $dir/pki/p256.chain.pem; ssl_certificate_key $dir/pki/p256.key; ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers HIGH:!aNULL:!eNULL; ssl_prefer_server_ciphers on; $ok"
  server 9001 rsa "ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0; $ok"
  server 9002 rsa "ssl_protocols TLSv1.2; ssl_ciphers CAMELLIA256-SHA256:CAMELLIA128-SHA; $ok"
  server 9003 rsa "ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE; ssl_ecdh_curve secp521r1; $ok"
  server 9004 ed25519 "$modern $ok"
  server 9005 rsa "ssl_protocols TLSv1; ssl_ciphers CAMELLIA256-SHA:@SECLEVEL=0; $ok"
  server 9007 rsa "ssl_protocols TLSv1.3; ssl_ecdh_curve X448; $ok"
  cat <<CONF
}
stream {
CONF
  server 9006 rsa "$modern ssl_alpn imap; return ok;"
  echo "}"
} > "$dir/nginx.conf"
