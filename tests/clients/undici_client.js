// undici and Node's own fetch: node undici_client.js CASE PROXY CA ORIGIN...
// Prints one JSON value a line: what it saw.
'use strict';
const fs = require('fs');

const [name, proxy, ca, ...origins] = process.argv.slice(2);
const say = (value) => console.log(JSON.stringify(value));

const cases = {
  // undici's ProxyAgent sends CONNECT for plain origins too.
  async agent() {
    const { ProxyAgent, request } = require('undici');
    const dispatcher = new ProxyAgent({ uri: proxy, requestTls: { ca: fs.readFileSync(ca) } });
    for (const origin of origins) {
      const headers = { 'X-Mixed-Case': 'Kept', 'x-two': ['a', 'b'], 'content-type': 'text/plain' };
      const answer = await request(`${origin}/anything?undici`, { method: 'POST', headers, body: 'from undici', dispatcher });
      say({ status: answer.statusCode, headers: answer.headers, echo: await answer.body.json() });
    }
    await dispatcher.close();
  },

  async distrusting() {
    const { ProxyAgent, request } = require('undici');
    const dispatcher = new ProxyAgent(proxy);
    try {
      await request(origins[0], { dispatcher });
      say({});
    } catch (error) {
      say({ code: (error.cause ?? error).code, message: error.message });
    }
    await dispatcher.destroy();
  },

  // Many requests, so that whoever looks for connections can see this one.
  async fetch() {
    for (let number = 0; number < 200; number++) await (await fetch(origins[0])).text();
    say({ version: process.versions.node });
  },
};

cases[name]();
