import java.io.*;
import java.net.*;
import java.net.http.*;
import java.security.*;
import java.security.cert.CertificateFactory;
import javax.net.ssl.*;

/**
 * HTTPS requests with the defaults of the JDK, one for each line "NAME PORT" of the input and one line of output for each,
 * because a JVM takes longer to start than to ask. Every request has a context of its own, so that none resumes the session
 * of another. Arguments: url, http or bc; roots.
 */
public final class Many {
  public static void main(String[] args) throws Exception {
    String provider = "SunJSSE";
    if (args[0].equals("bc")) {
      Security.insertProviderAt((Provider) Class.forName("org.bouncycastle.jce.provider.BouncyCastleProvider").getConstructor().newInstance(), 1);
      Security.insertProviderAt((Provider) Class.forName("org.bouncycastle.jsse.provider.BouncyCastleJsseProvider").getConstructor().newInstance(), 1);
      provider = "BCJSSE";
    }
    KeyStore roots = KeyStore.getInstance(KeyStore.getDefaultType());
    roots.load(null, null);
    int n = 0;
    try (InputStream in = new FileInputStream(args[1])) {
      for (var c : CertificateFactory.getInstance("X.509").generateCertificates(in)) roots.setCertificateEntry("root" + n++, c);
    }
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line; (line = lines.readLine()) != null; ) {
      String[] x = line.split(" ");
      String out;
      try {
        out = ask(args[0], provider, roots, URI.create("https://" + x[0] + ":" + x[1] + "/"));
      } catch (Throwable e) {
        StringBuilder b = new StringBuilder();
        for (Throwable c = e; c != null; c = c.getCause()) b.append(c).append(" / ");
        out = b.toString().replaceAll("\\s+", " ");
      }
      System.out.println(out);
    }
    System.exit(0);
  }

  static String ask(String how, String provider, KeyStore roots, URI to) throws Exception {
    TrustManagerFactory t = how.equals("bc") ? TrustManagerFactory.getInstance("PKIX", provider) : TrustManagerFactory.getInstance("PKIX");
    t.init(roots);
    SSLContext ctx = SSLContext.getInstance("TLS", provider);
    ctx.init(null, t.getTrustManagers(), null);
    if (how.equals("http")) {
      HttpClient c = HttpClient.newBuilder().sslContext(ctx).connectTimeout(java.time.Duration.ofSeconds(10)).build();
      return "HTTP/1.1 " + c.send(HttpRequest.newBuilder(to).timeout(java.time.Duration.ofSeconds(10)).build(), HttpResponse.BodyHandlers.ofString()).statusCode();
    }
    HttpsURLConnection c = (HttpsURLConnection) to.toURL().openConnection();
    c.setSSLSocketFactory(ctx.getSocketFactory());
    c.setConnectTimeout(10000);
    c.setReadTimeout(10000);
    return "HTTP/1.1 " + c.getResponseCode();
  }
}
