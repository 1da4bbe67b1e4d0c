"""Python's websockets through the proxy, both ends: python websockets_client.py CASE PROXY CA

CASE is "plain" or "deflate" (RFC 7692). The server echoes; the client sends texts and octets, pings, and closes
with 1001.
Prints one JSON value a line: the server's port, what came back, how it was closed on both ends.
"""
import asyncio
import json
import sys

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

CASE, PROXY = sys.argv[1], sys.argv[2]
COMPRESSION = "deflate" if CASE == "deflate" else None


def say(**value):
    print(json.dumps(value), flush=True)


async def main():
    closed = asyncio.get_running_loop().create_future()

    async def echo(socket):
        async for message in socket:
            await socket.send(message)
        closed.set_result((socket.close_code, socket.close_reason))

    async with serve(echo, "127.0.0.1", 0, compression=COMPRESSION, max_size=None) as server:
        port = server.sockets[0].getsockname()[1]
        say(port=port)
        uri = f"ws://127.0.0.1:{port}/echo"
        async with connect(uri, proxy=PROXY, compression=COMPRESSION, max_size=None) as socket:
            sent = ['{"a": 1}', "grüße " * 2000, b"\x00\xff", bytes(range(256)) * 1024, ["in ", "three ", "pieces"]]
            same = []
            for message in sent:
                await socket.send(message)
                whole = "".join(message) if isinstance(message, list) else message
                same.append(await socket.recv() == whole)
            await (await socket.ping(b"are you there"))
            await socket.close(1001, "going away")
            say(same=same, code=socket.close_code, extensions=[str(e.name) for e in socket.protocol.extensions])
        code, reason = await asyncio.wait_for(closed, 10)
        say(server_code=code, reason=reason)


asyncio.run(main())
