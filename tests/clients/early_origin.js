// An HTTP/1.1 origin of Node's own, plain and in TLS: node early_origin.js CERTIFICATE KEY
// Each request is answered by 103 Early Hints, then by 200 that tells what came, and ends in a trailer field.
// Prints its two ports as JSON, and ends when its stdin does.
'use strict';
const fs = require('fs');
const http = require('http');
const https = require('https');

const [certificate, key] = process.argv.slice(2);

function answer(request, response) {
  let body = '';
  request.on('data', (data) => { body += data; });
  request.on('end', () => {
    response.writeEarlyHints({ link: '</a.css>; rel=preload' });
    response.writeHead(200, { Trailer: 'X-Sum', 'X-Via': request.headers.via });
    response.write('first ');
    response.addTrailers({ 'X-Sum': 'of the answer' });
    response.end(JSON.stringify({ body, trailers: request.rawTrailers }));
  });
}

const servers = [
  http.createServer(answer),
  https.createServer({ cert: fs.readFileSync(certificate), key: fs.readFileSync(key) }, answer),
];
const listening = servers.map((server) => new Promise((resolve) => server.listen(0, '127.0.0.1', resolve)));
Promise.all(listening).then(() => {
  const [plain, secure] = servers.map((server) => server.address().port);
  console.log(JSON.stringify({ plain, secure }));
});
process.stdin.on('end', () => process.exit()).resume();
