import java.io.*;
import java.net.*;
import java.security.*;
import java.security.cert.*;
import java.util.*;
import javax.net.ssl.*;

/** A small HTTPS server on JSSE. Arguments are key=value, or the bare word throwing-keys. */
public final class Shop {
  static final Map<String, String> args = new HashMap<>();

  public static void main(String[] argv) throws Exception {
    for (String a : argv) {
      int i = a.indexOf('=');
      args.put(i < 0 ? a : a.substring(0, i), i < 0 ? "" : a.substring(i + 1));
    }
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keyManagers(), trustManagers(), null);
    SSLServerSocket server = (SSLServerSocket) context.getServerSocketFactory()
        .createServerSocket(Integer.parseInt(args.get("port")), 64, InetAddress.getByName(args.getOrDefault("address", "127.0.0.1")));
    SSLParameters p = server.getSSLParameters();
    p.setProtocols(args.get("versions").split(","));
    if (args.containsKey("suites")) p.setCipherSuites(args.get("suites").split(","));
    if (args.containsKey("alpn")) p.setApplicationProtocols(args.get("alpn").split(","));
    if (args.containsKey("names")) p.setSNIMatchers(List.of(SNIHostName.createSNIMatcher(args.get("names"))));
    if (args.containsKey("clients")) p.setNeedClientAuth(true);
    server.setSSLParameters(p);
    while (true) {
      SSLSocket s = (SSLSocket) server.accept();
      Thread t = new Thread(() -> answer(s));
      t.setDaemon(true);
      t.start();
    }
  }

  static KeyStore load(String file) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = new FileInputStream(file)) {
      store.load(in, "changeit".toCharArray());
    }
    return store;
  }

  static X509ExtendedKeyManager keyManager(String file) throws Exception {
    KeyManagerFactory f = KeyManagerFactory.getInstance("SunX509");
    f.init(load(file), "changeit".toCharArray());
    return (X509ExtendedKeyManager) f.getKeyManagers()[0];
  }

  static KeyManager[] keyManagers() throws Exception {
    X509ExtendedKeyManager site = keyManager(args.get("keys"));
    if (args.containsKey("throwing-keys")) {
      return new KeyManager[] {new Wrapped(site) {
        @Override public String chooseServerAlias(String type, Principal[] issuers, Socket s) {
          throw new IllegalStateException("the key store went away");
        }
      }};
    }
    if (args.containsKey("sign")) {
      X509ExtendedKeyManager other = keyManager(args.get("sign"));
      return new KeyManager[] {new Wrapped(site) {
        @Override public PrivateKey getPrivateKey(String alias) {
          return other.getPrivateKey(alias);
        }
      }};
    }
    return new KeyManager[] {site};
  }

  static TrustManager[] trustManagers() throws Exception {
    if (!args.containsKey("clients")) return null;
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    try (InputStream in = new FileInputStream(args.get("clients"))) {
      int n = 0;
      for (var c : CertificateFactory.getInstance("X.509").generateCertificates(in)) store.setCertificateEntry("ca" + n++, c);
    }
    TrustManagerFactory f = TrustManagerFactory.getInstance("PKIX");
    f.init(store);
    return f.getTrustManagers();
  }

  static void answer(SSLSocket s) {
    try (s) {
      s.setSoTimeout(30000);
      s.startHandshake();
      BufferedReader in = new BufferedReader(new InputStreamReader(s.getInputStream()));
      String line = in.readLine();
      if (line == null) return;
      while (line != null && !line.isEmpty()) line = in.readLine();
      byte[] body = "the shop is open\n".getBytes();
      OutputStream out = s.getOutputStream();
      out.write(("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + body.length + "\r\n\r\n").getBytes());
      out.write(body);
      out.flush();
    } catch (Exception e) {
      System.out.println(s.getRemoteSocketAddress() + ": " + e);
    }
  }

  /** Everything as the site's own key manager has it; subclasses change one answer. */
  static class Wrapped extends X509ExtendedKeyManager {
    final X509ExtendedKeyManager inner;
    Wrapped(X509ExtendedKeyManager inner) { this.inner = inner; }
    @Override public String[] getClientAliases(String t, Principal[] i) { return inner.getClientAliases(t, i); }
    @Override public String chooseClientAlias(String[] t, Principal[] i, Socket s) { return inner.chooseClientAlias(t, i, s); }
    @Override public String[] getServerAliases(String t, Principal[] i) { return inner.getServerAliases(t, i); }
    @Override public String chooseServerAlias(String t, Principal[] i, Socket s) { return inner.chooseServerAlias(t, i, s); }
    @Override public X509Certificate[] getCertificateChain(String a) { return inner.getCertificateChain(a); }
    @Override public PrivateKey getPrivateKey(String a) { return inner.getPrivateKey(a); }
  }
}
