// Node's own HTTP/1.1 client through a proxy: node early_client.js CASE PROXY CA ORIGIN
// Prints what it saw: interim answers, the answer, and the trailer fields.
'use strict';
const http = require('http');

const [, proxy, , origin] = process.argv.slice(2);
const { hostname, port } = new URL(proxy);
const headers = { Host: new URL(origin).host, Trailer: 'X-Mine', 'Transfer-Encoding': 'chunked' };
const seen = { interim: [], body: '' };
const request = http.request({ hostname, port, method: 'POST', path: `${origin}/node`, headers });
request.on('information', (interim) => seen.interim.push([interim.statusCode, interim.headers.link]));
request.on('response', (response) => {
  response.on('data', (data) => { seen.body += data; });
  response.on('end', () => {
    console.log(JSON.stringify({ ...seen, status: response.statusCode, trailers: response.rawTrailers }));
  });
});
request.write('from node');
request.addTrailers({ 'X-Mine': 'of node' });
request.end();
