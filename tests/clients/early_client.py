"""h11 over a socket to a proxy: early_client.py CASE PROXY CA ORIGIN

http.client neither sends nor shows trailer fields; h11 is what httpx and hypercorn speak HTTP/1.1 with.
Prints what it saw: interim answers, the answer, and the trailer fields.
"""

import json
import socket
import ssl
import sys
from urllib.parse import urlsplit

import h11

_, case, proxy, ca, origin = sys.argv
there, target = urlsplit(proxy), urlsplit(origin)
connection = socket.create_connection((there.hostname, there.port), timeout=30)
path = f"{origin}/python"
if target.scheme == "https":
    connection.sendall(f"CONNECT {target.netloc} HTTP/1.1\r\nHost: {target.netloc}\r\n\r\n".encode())
    opened = b""
    while not opened.endswith(b"\r\n\r\n"):
        opened += connection.recv(1)
    context = ssl.create_default_context(cafile=ca)
    connection = context.wrap_socket(connection, server_hostname=target.hostname)
    path = "/python"

client = h11.Connection(our_role=h11.CLIENT)
fields = [("Host", target.netloc), ("Transfer-Encoding", "chunked"), ("Trailer", "X-Mine")]
for event in (
    h11.Request(method="POST", target=path, headers=fields),
    h11.Data(data=b"from python"),
    h11.EndOfMessage(headers=[("X-Mine", "of python")]),
):
    connection.sendall(client.send(event))

seen = {"interim": [], "body": ""}
while True:
    event = client.next_event()
    if event is h11.NEED_DATA:
        client.receive_data(connection.recv(65536))
    elif isinstance(event, h11.InformationalResponse):
        seen["interim"].append([event.status_code, dict(event.headers)[b"link"].decode()])
    elif isinstance(event, h11.Response):
        seen["status"] = event.status_code
    elif isinstance(event, h11.Data):
        seen["body"] += event.data.decode()
    elif isinstance(event, h11.EndOfMessage):
        raw = event.headers.raw_items()
        seen["trailers"] = [part.decode() for pair in raw for part in pair]
        break
print(json.dumps(seen))
