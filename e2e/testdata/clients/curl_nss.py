"""One HTTPS request with the libcurl of Debian that is built with NSS. Arguments: name, port, roots."""
import ctypes
import sys

URL, CAINFO, ERRORBUFFER, FAILONERROR, TIMEOUT, WRITEFUNCTION = 10002, 10065, 10010, 45, 13, 20011
name, port, roots = (a.encode() for a in sys.argv[1:4])
curl = ctypes.CDLL("libcurl-nss.so.4")
curl.curl_easy_init.restype = ctypes.c_void_p
curl.curl_easy_strerror.restype = ctypes.c_char_p
curl.curl_global_init(3)
h = ctypes.c_void_p(curl.curl_easy_init())
why = ctypes.create_string_buffer(1024)
sink = ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p)(lambda p, n, m, u: n * m)
for option, value in (
    (URL, b"https://%s:%s/" % (name, port)), (CAINFO, roots), (ERRORBUFFER, why), (WRITEFUNCTION, sink),
    (FAILONERROR, ctypes.c_long(1)), (TIMEOUT, ctypes.c_long(10)),
):
    curl.curl_easy_setopt(h, option, value)
code = curl.curl_easy_perform(h)
print("curl: (%d) %s" % (code, (why.value or curl.curl_easy_strerror(code)).decode()))
sys.exit(code)
