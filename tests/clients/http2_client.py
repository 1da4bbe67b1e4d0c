"""HTTP/2, gRPC and WebSocket clients: http2_client.py CASE PROXY CA ORIGIN_CERTIFICATE ORIGIN_KEY ORIGIN...

Prints one JSON value a line: what it saw.
"""
import asyncio
import hashlib
import json
import socket
import ssl
import sys
from concurrent import futures
from urllib.parse import urlsplit

case, proxy, ca, certificate, key, *origins = sys.argv[1:]


def say(**values):
    print(json.dumps(values), flush=True)


def text(value):
    return value.decode("latin-1") if isinstance(value, bytes) else value


def digest(body):
    return hashlib.sha256(body).hexdigest()


def tunnel(host, port):
    """A socket on which CONNECT was answered."""
    there = urlsplit(proxy)
    plain = socket.create_connection((there.hostname, there.port), 30)
    plain.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head:
        head += plain.recv(1)
    assert head.startswith(b"HTTP/1.1 200"), head
    return plain


def httpx():
    import httpx

    context = ssl.create_default_context(cafile=ca)
    with httpx.Client(http2=True, proxy=proxy, verify=context, timeout=30) as client:
        for origin in origins:
            answer = client.post(f"{origin}/anything", content=b"from httpx", headers=[("X-Two", "a"), ("X-Two", "b")])
            say(version=answer.http_version, status=answer.status_code, echo=answer.json())


class Raw:
    """hyper-h2 on a tunnel of its own."""

    def __init__(self, origin):
        import h2.config
        import h2.connection

        there = urlsplit(origin)
        self.authority = there.netloc
        context = ssl.create_default_context(cafile=ca)
        context.set_alpn_protocols(["h2"])
        self.tls = context.wrap_socket(tunnel(there.hostname, there.port), server_hostname=there.hostname)
        assert self.tls.selected_alpn_protocol() == "h2"
        settings = h2.config.H2Configuration(header_encoding=None)
        self.h2 = h2.connection.H2Connection(settings)
        self.h2.initiate_connection()
        self.flush()

    def flush(self):
        self.tls.sendall(self.h2.data_to_send())

    def fields(self, method, path, *more):
        pseudo = [(":method", method), (":authority", self.authority), (":scheme", "https"), (":path", path)]
        return pseudo + list(more)

    def events(self):
        data = self.tls.recv(65536)
        events = self.h2.receive_data(data) if data else []
        self.flush()
        return events if data else None


def raw():
    """Field order, a trailer section and what comes back."""
    import h2.events

    one = Raw(origins[0])
    fields = [("x-b", "1"), ("x-a", "2"), ("x-b", "3"), ("te", "trailers"), ("cookie", "a=1"), ("cookie", "b=2")]
    one.h2.send_headers(1, one.fields("POST", "/anything?raw", *fields))
    one.h2.send_data(1, b"from h2")
    one.h2.send_headers(1, [("x-sum", "7")], end_stream=True)
    one.flush()
    body, head, trailers = b"", None, []
    while True:
        for event in one.events():
            if isinstance(event, h2.events.ResponseReceived):
                head = [[text(name), text(value)] for name, value in event.headers]
            elif isinstance(event, h2.events.DataReceived):
                body += event.data
                one.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                one.flush()
            elif isinstance(event, h2.events.TrailersReceived):
                trailers = [[text(name), text(value)] for name, value in event.headers]
            elif isinstance(event, h2.events.StreamEnded):
                return say(head=head, body=body.decode(), trailers=trailers)
            elif isinstance(event, h2.events.StreamReset):
                return say(reset=int(event.error_code))


def streams():
    """Many requests at once on one connection, each with a body of its own that must come back."""
    import httpx

    async def one(client, number):
        body = bytes([number % 251]) * (40_000 + number)
        answer = await client.post(f"{origins[0]}/echo", content=body)
        return answer.http_version == "HTTP/2" and answer.content == body

    async def main():
        context = ssl.create_default_context(cafile=ca)
        limits = httpx.Limits(max_connections=1)
        async with httpx.AsyncClient(http2=True, http1=False, proxy=proxy, verify=context, timeout=60, limits=limits) as client:
            return await asyncio.gather(*(one(client, number) for number in range(200)))

    results = asyncio.run(main())
    say(equal=sum(results), of=len(results))


def grpc():
    import grpc

    def whole(request, context):
        context.set_trailing_metadata((("x-trailer", "kept"),))
        return request[::-1]

    def several(request, context):
        for number in range(3):
            yield request + str(number).encode()

    def refused(request, context):
        context.abort(grpc.StatusCode.NOT_FOUND, "no such thing: 100 %")

    handlers = {
        "Whole": grpc.unary_unary_rpc_method_handler(whole),
        "Several": grpc.unary_stream_rpc_method_handler(several),
        "Refused": grpc.unary_unary_rpc_method_handler(refused),
    }
    server = grpc.server(futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", handlers),))
    with open(key, "rb") as private, open(certificate, "rb") as public:
        credentials = grpc.ssl_server_credentials([(private.read(), public.read())])
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    with open(ca, "rb") as roots:
        trusting = grpc.ssl_channel_credentials(roots.read())
    options = [("grpc.http_proxy", proxy), ("grpc.enable_http_proxy", 1)]
    with grpc.secure_channel(f"localhost:{port}", trusting, options) as channel:
        answer, call = channel.unary_unary("/test.Echo/Whole").with_call(b"abc", timeout=30)
        say(answer=answer.decode(), trailers=[list(pair) for pair in call.trailing_metadata()])
        say(answers=[part.decode() for part in channel.unary_stream("/test.Echo/Several")(b"n", timeout=30)])
        try:
            channel.unary_unary("/test.Echo/Refused")(b"x", timeout=30)
        except grpc.RpcError as error:
            say(code=error.code().name, details=error.details())
    server.stop(None).wait()


# In one thread: the library's sync client reads and writes one TLS connection from two, which Python's ssl does
# not bear before 3.13. An opening then hangs now and then, without any proxy too.
def websockets():
    import asyncio

    from websockets.asyncio.client import connect
    from websockets.asyncio.server import serve

    async def echo(there):
        async for message in there:
            await there.send(message)

    inside = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    inside.load_cert_chain(certificate, key)
    outside = ssl.create_default_context(cafile=ca)

    async def both():
        async with serve(echo, "127.0.0.1", 0, ssl=inside, compression="deflate", max_size=None) as server:
            port = server.sockets[0].getsockname()[1]
            for compression in (None, "deflate"):
                address = f"wss://localhost:{port}/{compression}"
                settings = {"ssl": outside, "proxy": proxy, "compression": compression, "max_size": None}
                async with connect(address, **settings) as there:
                    seen = []
                    for message in ("hello", "hello again", b"\x00\xff" * 10, b"z" * 1_000_000):
                        await there.send(message)
                        seen.append(await asyncio.wait_for(there.recv(), 30) == message)
                    beat = await asyncio.wait_for(await there.ping("beat"), 30)
                    await there.send(["in ", "three ", "pieces"])
                    seen.append(await asyncio.wait_for(there.recv(), 30))
                    await there.close(1001, "going away")
                    say(compression=compression, seen=seen, pong=beat >= 0, code=there.close_code)

    asyncio.run(both())


globals()[case]()
