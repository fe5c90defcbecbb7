"""One HTTPS request with the ssl module's defaults. Arguments: CA file, name, port."""
import socket
import ssl
import sys

ctx = ssl.create_default_context(cafile=sys.argv[1])
with socket.create_connection(("127.0.0.1", int(sys.argv[3])), timeout=10) as raw:
    with ctx.wrap_socket(raw, server_hostname=sys.argv[2]) as s:
        s.sendall(b"GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % sys.argv[2].encode())
        line = s.makefile("rb").readline().decode("latin-1")
print(s.version(), line)
sys.exit(0 if line.startswith(("HTTP/1.1 2", "HTTP/1.0 2")) else 1)
