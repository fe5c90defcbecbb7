// HTTPS requests with the defaults of this Node.js, 0.8 to the newest: one for each line "NAME PORT" of the input, and a
// line of output for each. The argument is the file of roots.
var fs = require('fs'), https = require('https');
var roots = String(fs.readFileSync(process.argv[2])).split(/(?=-----BEGIN)/).filter(Boolean);

function ask(name, port, say) {
  var options = {host: name, port: port, path: '/', method: 'GET', ca: roots, agent: false};
  // The agents of 0.8 and 0.10 drop ca, and 0.8 verifies on request alone.
  if (/^v0\.(8|10)\./.test(process.version)) {
    options.rejectUnauthorized = true;
    options.agent = new https.Agent(options);
  }
  var request = https.request(options, function (response) {
    var status = 'HTTP/1.1 ' + response.statusCode;
    response.on('data', function () {});
    response.on('end', function () { say(status); });
    response.on('close', function () { say(status); });
    if (response.resume) response.resume();
  });
  request.on('error', function (e) { say((e.code || '') + ' ' + (e.message || e)); });
  request.setTimeout(10000, function () { say('timeout'); request.abort(); });
  request.end();
}

var rest = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', function (d) {
  var lines = (rest + d).split('\n');
  rest = lines.pop();
  lines.forEach(function (line) {
    var said = false, words = line.split(' ');
    ask(words[0], Number(words[1]), function (s) {
      if (!said) console.log(s.replace(/\s+/g, ' '));
      said = true;
    });
  });
});
process.stdin.on('end', function () { process.exit(0); });
process.stdin.resume();
