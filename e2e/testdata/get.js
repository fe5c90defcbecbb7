// One HTTPS request with this runtime's defaults, old ones included. Arguments: CA file, name, port and, if wanted, a cipher list.
var fs = require('fs'), https = require('https');
var cas = String(fs.readFileSync(process.argv[2])).split(/(?=-----BEGIN)/).filter(Boolean);
var opt = {
  host: '127.0.0.1', port: +process.argv[4], servername: process.argv[3], headers: {host: process.argv[3]},
  ca: cas, rejectUnauthorized: true, agent: false, method: 'GET', path: '/'
};
if (process.argv[5]) opt.ciphers = process.argv[5];
var req = https.request(opt, function (res) {
  console.log('status', res.statusCode);
  res.on('data', function () {});
  res.on('end', function () { process.exit(res.statusCode < 400 ? 0 : 1); });
});
req.on('error', function (e) { console.log(e.code || '', e.message); process.exit(1); });
req.end();
