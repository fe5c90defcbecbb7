import java.io.FileInputStream;
import java.net.URL;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

// Fetches a URL with the proxy that the system properties name: java Fetch.java CA.pem URL
public class Fetch {
    public static void main(String[] args) throws Exception {
        KeyStore roots = KeyStore.getInstance(KeyStore.getDefaultType());
        roots.load(null, null);
        int n = 0;
        for (var c : CertificateFactory.getInstance("X.509").generateCertificates(new FileInputStream(args[0]))) {
            roots.setCertificateEntry("root" + n++, c);
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(roots);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        HttpsURLConnection c = (HttpsURLConnection) new URL(args[1]).openConnection();
        c.setSSLSocketFactory(context.getSocketFactory());
        if (c.getResponseCode() >= 400) {
            System.exit(1);
        }
    }
}
