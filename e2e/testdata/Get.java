import java.io.*;
import java.net.*;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.*;
import javax.net.ssl.*;

/** One HTTPS request with JSSE's defaults. Arguments: name, port. The property get.cas names the CA file. */
public final class Get {
  public static void main(String[] a) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    int n = 0;
    try (InputStream in = new FileInputStream(System.getProperty("get.cas"))) {
      for (var c : CertificateFactory.getInstance("X.509").generateCertificates(in)) store.setCertificateEntry("ca" + n++, c);
    }
    TrustManagerFactory tmf = TrustManagerFactory.getInstance("PKIX");
    tmf.init(store);
    SSLContext ctx = SSLContext.getInstance("TLS");
    ctx.init(null, tmf.getTrustManagers(), null);
    try (Socket raw = new Socket("127.0.0.1", Integer.parseInt(a[1]));
        SSLSocket s = (SSLSocket) ctx.getSocketFactory().createSocket(raw, a[0], Integer.parseInt(a[1]), true)) {
      SSLParameters p = s.getSSLParameters();
      p.setEndpointIdentificationAlgorithm("HTTPS");
      s.setSSLParameters(p);
      s.setSoTimeout(10000);
      s.getOutputStream().write(("GET / HTTP/1.1\r\nHost: " + a[0] + "\r\nConnection: close\r\n\r\n").getBytes());
      String line = new BufferedReader(new InputStreamReader(s.getInputStream())).readLine();
      System.out.println(s.getSession().getProtocol() + " " + line);
      System.exit(line != null && line.contains(" 200") ? 0 : 1);
    } catch (IOException e) {
      System.out.println(e);
      System.exit(1);
    }
  }
}
