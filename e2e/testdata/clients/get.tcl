# One HTTPS request with Tcl's http and tls, told to verify the chain; it checks no names and sends none. Arguments: name,
# port, roots.
package require http
package require tls
lassign $argv name port roots
http::register https 443 [list ::tls::socket -require 1 -cafile $roots]
set token [http::geturl https://$name:$port/ -timeout 10000]
if {[http::status $token] ne "ok"} {
  puts "[http::status $token] [http::error $token]"
  exit 1
}
puts [http::code $token]
