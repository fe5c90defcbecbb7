// HTTPS server for Node.js from 0.10 on, hence the old style. The argument is JSON.
var fs = require('fs'), http = require('http'), https = require('https');
var conf = JSON.parse(process.argv[2]);

function answer(req, res) {
  var body = 'the shop is open\n';
  res.writeHead(200, {'Content-Type': 'text/plain', 'Content-Length': body.length, 'Connection': 'close'});
  res.end(body);
}
function note(what) { return function (e) { console.log(what, e && e.code || '', e && e.message || ''); }; }

var server;
if (conf.plain) {
  server = http.createServer(answer);
} else {
  var opt = conf.tls;
  opt.key = fs.readFileSync(conf.key);
  opt.cert = fs.readFileSync(conf.chain);
  if (conf.clients) opt.ca = [fs.readFileSync(conf.clients)];
  if (conf.dh) opt.dhparam = fs.readFileSync(conf.dh);
  if (/^v0\./.test(process.version)) {
    // 0.10 sends the first certificate of "cert" alone and looks for the rest in "ca".
    var more = String(opt.cert).split('-----END CERTIFICATE-----').slice(1, -1);
    opt.ca = (opt.ca || []).concat(more.map(function (c) { return c.trim() + '\n-----END CERTIFICATE-----\n'; }));
  }
  if (conf.trick === 'failing-sni') opt.SNICallback = function (name, done) { done(new Error('no answer from the certificate store')); };
  server = https.createServer(opt, answer);
  server.on('tlsClientError', note('tlsClientError'));
  server.on('clientError', function (e, s) { note('clientError')(e); if (s && s.destroy) s.destroy(); });
}
process.on('uncaughtException', note('uncaughtException'));
server.listen(conf.port, '127.0.0.1');
