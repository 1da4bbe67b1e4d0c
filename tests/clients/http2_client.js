// Node's own HTTP/2 client through CONNECT: node http2_client.js CASE PROXY CA ORIGIN...
// Prints one JSON value a line: what it saw.
'use strict';
const fs = require('fs');
const http = require('http');
const http2 = require('http2');
const tls = require('tls');

const [name, proxy, ca, ...origins] = process.argv.slice(2);
const say = (value) => console.log(JSON.stringify(value));
const roots = fs.readFileSync(ca);

function tunnel(origin) {
  const { hostname, port } = new URL(origin);
  const there = new URL(proxy);
  const options = { host: there.hostname, port: there.port, method: 'CONNECT', path: `${hostname}:${port}` };
  return new Promise((resolve, reject) => {
    http.request(options).on('connect', (answer, socket) => {
      if (answer.statusCode !== 200) return reject(new Error(`CONNECT: ${answer.statusCode}`));
      const secured = tls.connect({ socket, servername: hostname, ca: roots, ALPNProtocols: ['h2'] });
      secured.once('secureConnect', () => resolve(secured)).once('error', reject);
    }).on('error', reject).end();
  });
}

function exchange(session, headers, body, trailers) {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { waitForTrailers: Boolean(trailers) });
    const seen = { interim: [], body: '', trailers: {} };
    stream.on('headers', (interim) => seen.interim.push(interim[':status']));
    stream.on('response', (head) => { seen.status = head[':status']; seen.via = head.via; });
    stream.on('data', (data) => { seen.body += data; });
    stream.on('trailers', (fields) => { seen.trailers = { ...fields }; });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.on('close', () => resolve({ ...seen, code: stream.rstCode }));
    stream.on('error', reject);
    stream.end(body);
  });
}

const cases = {
  // An origin of Node's own that answers 103 first and ends in trailers.
  async whole() {
    const [certificate, key] = origins;
    const server = http2.createSecureServer({ cert: fs.readFileSync(certificate), key: fs.readFileSync(key) });
    server.on('stream', (stream, headers) => {
      let body = '';
      let trailers = {};
      stream.on('data', (data) => { body += data; });
      stream.on('trailers', (fields) => { trailers = { ...fields }; });
      stream.on('end', () => {
        stream.additionalHeaders({ ':status': 103, link: '</a>; rel=preload' });
        stream.respond({ ':status': 200, 'x-order': '1' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': 'abc' }));
        stream.end(JSON.stringify({ via: headers.via, body, trailers: trailers['x-mine'] }));
      });
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const origin = `https://localhost:${server.address().port}`;
    const socket = await tunnel(origin);
    const session = http2.connect(origin, { createConnection: () => socket });
    const head = { ':method': 'POST', ':path': '/whole', 'x-one': '1', te: 'trailers' };
    say({ origin, ...(await exchange(session, head, 'from node', { 'x-mine': 'kept' })) });
    // The proxy keeps its connection to the origin for others: do not wait for that to close.
    process.exit(0);
  },
};

cases[name]().catch((error) => { console.error(error); process.exit(1); });
