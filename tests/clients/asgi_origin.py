"""An origin that speaks HTTP/2, HTTP/1.1, WebSocket (over both) and event streams, in TLS on a free port.

hypercorn serves it. Prints {"secure": PORT}, then one JSON value a line for what a page reported; ends
when its stdin closes.
"""
import asyncio
import json
import os
import socket
import sys
import threading

from hypercorn.asyncio import serve
from hypercorn.config import Config

RESOURCES = 50
EVENTS = 5

PAGE = """<!doctype html><title>page</title><body><script>
const many = [...Array(%d).keys()].map((n) => fetch(`/resource/${n}`).then((answer) => answer.text()));
const resources = Promise.all(many).then((texts) => texts.filter((text, n) => text === `resource ${n}`).length);
const echo = new Promise((resolve, reject) => {
  const socket = new WebSocket(`wss://${location.host}/echo`);
  const seen = [];
  socket.onopen = () => { socket.send('text'); socket.send(new Uint8Array([1, 2, 3])); };
  socket.onmessage = async (event) => {
    seen.push(typeof event.data === 'string' ? event.data : (await event.data.arrayBuffer()).byteLength);
    if (seen.length === 2) socket.close(1000, 'enough');
  };
  socket.onclose = (event) => resolve([...seen, event.code, event.wasClean]);
  socket.onerror = () => reject(new Error('WebSocket'));
});
const events = new Promise((resolve) => {
  const source = new EventSource('/events');
  const seen = [];
  source.addEventListener('tick', (event) => {
    seen.push(event.data);
    if (seen.length === %d) { source.close(); resolve(seen); }
  });
});
Promise.all([resources, echo, events])
  .then(([resources, echo, events]) => ({ resources, echo, events }), (error) => ({ error: String(error) }))
  .then((report) => fetch('/report', { method: 'POST', body: JSON.stringify(report) }));
</script>""" % (RESOURCES, EVENTS)


async def body_of(receive):
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def answer(send, body, kind=b"text/plain", more=()):
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), *more]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def events(send):
    headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for number in range(EVENTS):
        event = f"event: tick\nid: {number}\ndata: tick {number}\n\n".encode()
        await send({"type": "http.response.body", "body": event, "more_body": True})
    # A page that has what it wanted closes the stream.
    try:
        await asyncio.wait_for(asyncio.Event().wait(), 20)
    except asyncio.TimeoutError:
        await send({"type": "http.response.body", "body": b""})


async def echo(receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    while True:
        message = await receive()
        if message["type"] != "websocket.receive":
            return
        await send({"type": "websocket.send", "text": message.get("text"), "bytes": message.get("bytes")})


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["type"] == "websocket":
        return await echo(receive, send)
    path = scope["path"]
    if path == "/":
        return await answer(send, PAGE.encode(), b"text/html")
    if path.startswith("/resource/"):
        return await answer(send, b"resource " + path.rpartition("/")[2].encode())
    if path == "/events":
        return await events(send)
    body = await body_of(receive)
    if path == "/report":
        print(body.decode(), flush=True)
        return await answer(send, b"")
    if path == "/echo":
        return await answer(send, body, b"application/octet-stream")
    seen = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]]
    told = {"version": scope["http_version"], "method": scope["method"], "headers": seen, "length": len(body)}
    await answer(send, json.dumps(told).encode(), b"application/json")


async def main(certificate, key):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.certfile, config.keyfile = certificate, key
    config.accesslog = config.errorlog = None
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait_for_end():
        sys.stdin.read()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=wait_for_end, daemon=True).start()
    listener.listen(128)
    print(json.dumps({"secure": listener.getsockname()[1]}), flush=True)
    await serve(app, config, shutdown_trigger=ended.wait)


asyncio.run(main(*sys.argv[1:3]))
os._exit(0)
