import java.net.*;

/** One HTTPS request through all defaults of the JVM. Argument: the address. */
public final class Plain {
  public static void main(String[] a) throws Exception {
    HttpURLConnection c = (HttpURLConnection) new URL(a[0]).openConnection();
    c.setReadTimeout(10000);
    int status = c.getResponseCode();
    System.out.println(status);
    System.exit(status < 400 ? 0 : 1);
  }
}
