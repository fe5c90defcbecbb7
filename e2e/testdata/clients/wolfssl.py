"""One HTTPS request with Debian's wolfSSL, told to verify chain and name. Arguments: name, port, roots."""
import ctypes
import socket
import sys

name, port, roots = sys.argv[1:4]
w = ctypes.CDLL("libwolfssl.so.35")
for f in ("wolfSSLv23_client_method", "wolfSSL_CTX_new", "wolfSSL_new"):
    getattr(w, f).restype = ctypes.c_void_p
w.wolfSSL_ERR_error_string.restype = ctypes.c_char_p
w.wolfSSL_Init()
ctx = ctypes.c_void_p(w.wolfSSL_CTX_new(ctypes.c_void_p(w.wolfSSLv23_client_method())))
w.wolfSSL_CTX_set_verify(ctx, 1, None)
if w.wolfSSL_CTX_load_verify_locations(ctx, roots.encode(), None) != 1:
    sys.exit("roots not read")
raw = socket.create_connection(("127.0.0.1", int(port)))
raw.settimeout(None)
tls = ctypes.c_void_p(w.wolfSSL_new(ctx))
w.wolfSSL_UseSNI(tls, 0, name.encode(), len(name))
w.wolfSSL_check_domain_name(tls, name.encode())
w.wolfSSL_set_fd(tls, raw.fileno())


def fail(what, r):
    e = w.wolfSSL_get_error(tls, r)
    print(what, e, w.wolfSSL_ERR_error_string(ctypes.c_ulong(e & 0xFFFFFFFFFFFFFFFF), ctypes.create_string_buffer(200)).decode())
    sys.exit(1)


r = w.wolfSSL_connect(tls)
if r != 1:
    fail("connect", r)
request = b"GET / HTTP/1.0\r\nHost: %s\r\n\r\n" % name.encode()
w.wolfSSL_write(tls, request, len(request))
answer = ctypes.create_string_buffer(4096)
r = w.wolfSSL_read(tls, answer, 4095)
if r <= 0:
    fail("read", r)
print(answer.raw[:r].decode("latin-1"))
