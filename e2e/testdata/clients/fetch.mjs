// Requests with the fetch() of Node.js, Deno or Bun: one for each line "NAME PORT" of the input, and a line of output for
// each. The roots come from the environment.
const input = globalThis.Deno ? Deno.stdin.readable : process.stdin;
const text = new TextDecoder();
// Bun 1.1 reads the first certificate alone of NODE_EXTRA_CA_CERTS.
const options = globalThis.Bun
  ? { tls: { ca: (await Bun.file(process.env.NODE_EXTRA_CA_CERTS).text()).split(/(?=-----BEGIN)/).filter(Boolean) } }
  : {};

async function ask(name, port) {
  try {
    const response = await fetch(`https://${name}:${port}/`, options);
    await response.text();
    return 'HTTP/1.1 ' + response.status;
  } catch (e) {
    return `${e} ${e.code ?? ''} ${e.cause ? `${e.cause.code ?? ''} ${e.cause.message ?? e.cause}` : ''}`;
  }
}

let rest = '';
for await (const chunk of input) {
  rest += text.decode(chunk);
  for (let end; (end = rest.indexOf('\n')) >= 0; rest = rest.slice(end + 1)) {
    console.log((await ask(...rest.slice(0, end).split(' '))).replace(/\s+/g, ' '));
  }
}
