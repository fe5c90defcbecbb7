"""HTTPS server on Python's ssl module. The argument is JSON."""
import json
import socket
import ssl
import sys
import threading

conf = json.loads(sys.argv[1])
VERSIONS = {"1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1, "1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def context():
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if conf.get("ciphers"):
        c.set_ciphers(conf["ciphers"])
    c.minimum_version, c.maximum_version = VERSIONS[conf["min"]], VERSIONS[conf["max"]]
    c.load_cert_chain(conf["chain"], conf["key"])
    if conf.get("alpn"):
        c.set_alpn_protocols(conf["alpn"])
    if conf.get("curve"):
        c.set_ecdh_curve(conf["curve"])
    if conf.get("clients"):
        c.verify_mode = ssl.CERT_REQUIRED if conf["mode"] == "require" else ssl.CERT_OPTIONAL
        c.load_verify_locations(conf["clients"])
    alert = {"internal-error": ssl.ALERT_DESCRIPTION_INTERNAL_ERROR, "unrecognized": ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME}.get(conf["trick"])
    if alert is not None:
        c.sni_callback = lambda sock, name, ctx: alert
    return c


def answer(conn, ctx):
    try:
        conn.settimeout(30)
        tls = ctx.wrap_socket(conn, server_side=True) if ctx else conn
        lines = tls.makefile("rb")
        while lines.readline(8192).strip():
            pass
        body = b"the shop is open\n"
        if conf["trick"] == "abrupt":  # the end of the body is the end of the connection, and no close_notify says so
            tls.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body)
        else:
            tls.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            if ctx:
                tls.unwrap()
        lines.close()
        tls.close()
    except (OSError, ValueError) as e:
        print(type(e).__name__, e, flush=True)
    finally:
        conn.close()


ctx = None if conf.get("plain") else context()
listener = socket.create_server(("127.0.0.1", conf["port"]), backlog=64)
while True:
    conn, _ = listener.accept()
    threading.Thread(target=answer, args=(conn, ctx), daemon=True).start()
