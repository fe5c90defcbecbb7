// HTTPS requests with Pike's own SSL, told to verify: one for each line "NAME PORT" of the input, and a line of output for
// each. The argument is the file of roots.
string ask(string name, int port, array(array(string)) roots) {
  SSL.Context ctx = SSL.Context();
  ctx->set_trusted_issuers(roots);
  ctx->verify_certificates = 1;
  ctx->auth_level = SSL.Constants.AUTHLEVEL_require;
  Stdio.File raw = Stdio.File();
  if (!raw->connect("127.0.0.1", port)) return "no connection";
  SSL.File tls = SSL.File(raw, ctx);
  tls->set_blocking();
  if (!tls->connect(name)) return "connect: " + strerror(tls->errno());
  if (tls->write("GET / HTTP/1.0\r\nHost: " + name + "\r\n\r\n") <= 0) return "write: " + strerror(tls->errno());
  string answer = tls->read(2000, 1);
  if (!answer || !sizeof(answer)) return "read: " + strerror(tls->errno());
  return (answer / "\r\n")[0];
}

int main(int argc, array(string) argv) {
  array(array(string)) roots = ({});
  // One root that it cannot read would make it refuse all of them.
  foreach (Standards.PEM.Messages(Stdio.read_file(argv[1]))->get_certificates(), string der)
    if (!catch { SSL.Context()->set_trusted_issuers(({ ({ der }) })); }) roots += ({ ({ der }) });
  while (string line = Stdio.stdin->gets()) {
    array(string) words = line / " ";
    string said;
    mixed trouble = catch { said = ask(words[0], (int) words[1], roots); };
    if (trouble) said = describe_error(trouble);
    write("%s\n", replace(said, ({ "\n", "\r" }), " "));
  }
  return 0;
}
