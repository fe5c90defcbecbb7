// One HTTPS request with libsoup 3. Arguments: name, port, roots.
imports.gi.versions.Soup = '3.0';
const { Soup, Gio } = imports.gi;
const [name, port, roots] = ARGV;
const session = new Soup.Session({ tls_database: Gio.TlsFileDatabase.new(roots), timeout: 10 });
const message = Soup.Message.new('GET', `https://${name}:${port}/`);
message.connect('accept-certificate', (_message, _certificate, flags) => { print('certificate refused, flags ' + flags); return false; });
try {
  session.send_and_read(message, null);
  print('HTTP/1.1 ' + message.get_status());
} catch (e) {
  print(e.message);
  imports.system.exit(1);
}
