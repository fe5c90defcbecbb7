// Opens a connection for each argument "port protocol suite", with everything
// that current Java disables switched on, sends a request and prints the first line of the answer.
import java.io.*;
import java.security.Security;
import java.security.cert.X509Certificate;
import javax.net.ssl.*;

class OldClient {
    public static void main(String[] args) throws Exception {
        Security.setProperty("jdk.tls.disabledAlgorithms", "");
        Security.setProperty("jdk.certpath.disabledAlgorithms", "");
        Security.setProperty("jdk.tls.legacyAlgorithms", "");
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new X509TrustManager() {
            public void checkClientTrusted(X509Certificate[] c, String a) {}
            public void checkServerTrusted(X509Certificate[] c, String a) {}
            public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
        }}, null);
        for (String arg : args) {
            String[] f = arg.split(" ");
            try (SSLSocket s = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", Integer.parseInt(f[0]))) {
                s.setSoTimeout(10000);
                s.setEnabledProtocols(f[1].split(","));
                s.setEnabledCipherSuites(new String[] {f[2]});
                s.getOutputStream().write("GET / HTTP/1.1\r\nHost: old\r\n\r\n".getBytes());
                String line = new BufferedReader(new InputStreamReader(s.getInputStream())).readLine();
                System.out.println(arg + ": " + line + " " + s.getSession().getProtocol() + " " + s.getSession().getCipherSuite());
            } catch (Exception e) {
                System.out.println(arg + ": " + e);
            }
        }
    }
}
