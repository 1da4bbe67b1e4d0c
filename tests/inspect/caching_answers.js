// Asks http-cache-semantics about header blocks: JSON lines in, the same with "semantics" out.
//
//   node caching_answers.js < blocks | python3 caching_answers.py > caching.jsonl
//
// Needs `npm install http-cache-semantics`; the tests need only what it printed. Set-Cookie is left out of the
// question, for the library keeps such answers out of shared caches by an opinion of its own ("cacheable
// according to the RFC, but IMHO it'd be unwise"), and so is its least lifetime for `immutable`.
const CachePolicy = require('http-cache-semantics');

const fields = (lines) => {
  const all = {};
  for (const line of lines) {
    const name = line.slice(0, line.indexOf(':')).toLowerCase();
    const value = line.slice(line.indexOf(':') + 1).trim();
    if (name !== 'set-cookie') all[name] = name in all ? `${all[name]}, ${value}` : value;
  }
  return all;
};

for (const line of require('fs').readFileSync(0, 'utf8').trim().split('\n')) {
  const block = JSON.parse(line);
  const [method, url] = block.request.start.split(' ');
  const request = { method, url, headers: fields(block.request.lines) };
  const response = { status: Number(block.start.split(' ')[1]), headers: fields(block.lines) };
  class Then extends CachePolicy {
    now() { return block.at ? block.at * 1000 : Date.parse(response.headers.date) || 0; }
  }
  block.semantics = {};
  for (const shared of [false, true]) {
    const policy = new Then(request, response, { shared, immutableMinTimeToLive: 0 });
    const lifetime = Math.floor(policy.maxAge());
    block.semantics[shared ? 'shared' : 'private'] = { stores: policy.storable(), lifetime };
  }
  console.log(JSON.stringify(block));
}
