"""Asks mitmproxy about filters and flows; prints flowfilter.json but for "ours" and "why" of the cases that differ.

Needs `pip install mitmproxy`; the tests need only what it printed.
"""
import json, sys, base64
from mitmproxy import flow, flowfilter, http, version, websocket
from mitmproxy.test import tflow
from wsproto.frame_protocol import Opcode

def make(ident, method, scheme, host, port, path, req_headers, req_body, resp, error=None, marked="", replay=None, ws=None, client=("127.0.0.1", 51234)):
    f = tflow.tflow()
    f.client_conn.peername = client
    f.server_conn.address = (host, port)
    hostname = host if port == {"http": 80, "https": 443}[scheme] else f"{host}:{port}"
    headers = [(b"Host", hostname.encode())] + [(k.encode(), v.encode()) for k, v in req_headers]
    f.request = http.Request(host=host, port=port, method=method.encode(), scheme=scheme.encode(), authority=b"", path=path.encode(), http_version=b"HTTP/1.1", headers=http.Headers(headers), content=req_body, trailers=None, timestamp_start=1.0, timestamp_end=2.0)
    if resp:
        status, resp_headers, body = resp
        f.response = http.Response(http_version=b"HTTP/1.1", status_code=status, reason=b"X", headers=http.Headers([(k.encode(), v.encode()) for k, v in resp_headers]), content=body, trailers=None, timestamp_start=3.0, timestamp_end=4.0)
    else:
        f.response = None
    f.error = flow.Error(error) if error else None
    f.marked = marked
    f.is_replay = replay
    f.metadata = {}
    f.comment = ""
    if ws:
        f.websocket = websocket.WebSocketData()
        f.websocket.messages = [websocket.WebSocketMessage(Opcode.TEXT, from_client, text.encode(), 1.0) for from_client, text in ws]
    wire = {
        "id": ident, "method": method, "scheme": scheme, "host": hostname, "path": path, "client": "%s:%d" % client,
        "request": [["Host", hostname]] + [list(h) for h in req_headers], "request_body": base64.b64encode(req_body).decode(),
        "status": resp[0] if resp else None, "response": [list(h) for h in resp[1]] if resp else None,
        "response_body": base64.b64encode(resp[2]).decode() if resp else "",
        "error": error, "marked": bool(marked), "replay": replay == "request", "messages": ws or [],
    }
    return f, wire

J = "application/json"
FLOWS = [
    make(1, "GET", "https", "api.shop.test", 443, "/v1/items?page=2", [("Accept", J), ("X-Id", "abc")], b"", (200, [("Content-Type", J), ("Cache-Control", "no-store")], b'{"items":[1,2],"says":"Fine"}')),
    make(2, "POST", "https", "api.shop.test", 443, "/v1/cart", [("Content-Type", "application/x-www-form-urlencoded"), ("Cookie", "sid=abc123")], b"qty=2&coupon=", (201, [("Content-Type", J), ("Set-Cookie", "sid=9; Path=/"), ("Location", "/v1/cart/7")], b'{"id":7}')),
    make(3, "DELETE", "https", "api.shop.test", 443, "/v1/cart/3", [], b"", (204, [], b"")),
    make(4, "GET", "http", "cdn.shop.test", 8080, "/app.9f3c.js", [("Accept", "*/*")], b"", (304, [("Content-Type", "text/javascript; charset=utf-8"), ("ETag", '"x"')], b"")),
    make(5, "GET", "http", "cdn.shop.test", 8080, "/a.png", [], b"", None, error="connection refused"),
    make(6, "GET", "https", "img.shop.test", 443, "/A.PNG?get(Info|Routers)", [], b"", (200, [("Content-Type", "image/png")], b"\x89PNG\r\n\x00\xff\xfe")),
    make(7, "PUT", "https", "api.shop.test", 443, "/v1/price/7?currency=EUR", [("Content-Type", J), ("Authorization", "Bearer t0k")], b'{"price":12.5}', (500, [("Content-Type", "text/html"), ("Server", "nginx")], b"<h1>Price service unavailable</h1>\nTimeoutError: upstream\n"), marked=":red_circle:"),
    make(8, "GET", "https", "live.shop.test", 443, "/ws", [("Upgrade", "websocket"), ("Connection", "Upgrade")], b"", (101, [("Upgrade", "websocket")], b""), ws=[(True, "subscribe price"), (False, '{"price":7}')]),
    make(9, "OPTIONS", "https", "api.shop.test", 443, "/v1/cart", [("Origin", "https://shop.test"), ("Access-Control-Request-Method", "POST")], b"", (404, [("Content-Type", "text/plain")], b"Not Found")),
    make(10, "GET", "https", "pinned.app.test", 443, "/", [], b"", None),
    make(11, "POST", "https", "api.shop.test", 443, "/v1/cart", [("Content-Type", J)], b'{"qty":2}', (200, [("Content-Type", J), ("X-Long", "a" * 300)], b'{"error":"out of stock"}'), replay="request", client=("192.168.1.20", 40000)),
    make(12, "GET", "http", "127.0.0.1", 19081, "/login", [("Referer", "http://127.0.0.1:19081/a~b'c")], b"", (301, [("Location", "/signin"), ("Content-Type", "text/css")], b"moved"), client=("::1", 40001)),
    make(13, "get", "https", "shop.test", 443, "/caf%C3%A9?x=1&y=%20", [("X-Multi", "1"), ("X-Multi", "2")], b"", (200, [("content-type", "font/woff2")], b"wOF2")),
    make(14, "GET", "https", "shop.test", 443, "/items/17", [], b"", (502, [("Content-Type", "text/html")], b"Bad Gateway"), error="server closed"),
]
ATOMS = ["~a", "~e", "~q", "~s", "~all", "~http", "~tcp", "~udp", "~dns", "~websocket", "~marked", "~replay", "~replayq", "~replays",
    "~u api", "~u API", "~u /v1/cart$", "~u items/\\d+", "~u png", "~u ^https", "~u shop.test/", "~u 8080", "~u .", "~u \"v1/cart\"", "~u 'page=2'", "~u currency=E.R", "~u get",
    "~m GET", "~m post|put", "~m ^get$", "~m O", "~d api", "~d ^shop", "~d test$", "~d 127", "~d ^cdn.shop.test$", "~d SHOP",
    "~c 200", "~c 404", "~c 500", "~c 101", "~c 999",
    "~h X-Id", "~h x-id", "~h nginx", "~h Content-Type", "~hq Accept", "~hq ^Host:", "~hs Set-Cookie", "~hs no-store", "~h \"sid=\\w+\"", "~hq Content-Type..application", "~hs ^Server", "~h X-Multi..2",
    "~t json", "~t JSON", "~tq json", "~ts html", "~ts ^text/", "~ts charset", "~t form", "~ts utf-8$",
    "~b price", "~b Price", "~bq qty", "~bs qty", "~bs stock", "~b \"out of\"", "~b Timeout.*upstream", "~b service.*Timeout", "~bs PNG", "~b \\d+", "~bq subscribe", "~bs subscribe", "~b ^wOF2$",
    "~src 127.0.0.1", "~src :4000", "~dst api", "~dst :443", "~dst 8080", "~src ^192", "~meta x", "~comment x", "~marker red",
    "api", "cart", "\"v1/cart\"", "V1", "a.png", "items/\\d+$", "^http:", "page=2", "caf%C3%A9"]
PAIRS = ["~u api & ~c 200", "~u api ~c 200", "~u api | ~e", "~e | ~c 404", "!~e", "!~q & ~u cart", "! ~q", "!(~u cart)", "!(~u cart | ~e)", "(~u cart) & (~m POST)", "~m POST ~u cart ~c 201",
    "~u cart | ~c 404 & ~m GET", "~c 404 & ~m GET | ~u cart", "~m GET ~c 200 | ~c 404", "~c 200 | ~c 404 ~m GET", "cart | items", "cart items", "cart & !~c 200", "~u /v1/cart & !(~m POST | ~m DELETE)",
    "~c 200|~e", "~c 200 |~e", "~e|~marked", "~u cart|items", "~u cart&~e", "(~u cart|~e)", "((~u cart) | (~u items))", "!!~e", "!(!~e)", "~q | ~s", "~q & ~e", "~q & !~e", "~a & ~c 200", "~a | ~websocket",
    "~t json & ~bs stock", "~u get(Info|Routers)", "~u \"get(Info|Routers)\"", "~u \"get\\(Info\"", "~replay & ~src 192", "~marked | ~replay", "(~q)", "(~marked)", "(~c 200 | ~e)", "(~e | ~q)", "!(~a)", "~all & !~http",
    "~s & ~bq (", "~u", "~c x", "~zz", "~u (", "\"", "~u \"", "(~e", "~e)", "& ~e", "~e &", "| ~e", "~e ~", "~u [", "~b (?P<n>a)", "~u (?=x)", "~u \"(?=cart)\"", "~b \"(a)\\1\"", "~h \"(?i)x-id\"", "~u café",
    "~m GET & ~d api & ~c 200 & ~t json", "~d api (~c 200 | ~c 201) !~m GET", "~d shop & !~a & !~q", "~tcp | ~u cart", "!~tcp", "~dns & ~all", "~hq Cookie & ~hs Cookie", "~bs . & ~ts html", "~b price & !~websocket", "~u test/$", "~u \"^https://shop\\.test/$\""]
filters = ATOMS + PAIRS + ["!" + a for a in ATOMS[:60]] + [f"{a} & {b}" for a, b in zip(ATOMS[::2], ATOMS[1::2])] + [f"{a} | {b}" for a, b in zip(ATOMS, ATOMS[7:])] + [f"({a}) {b}" for a, b in zip(ATOMS[3:], ATOMS)]
seen, cases = set(), []
for text in filters:
    if text in seen: continue
    seen.add(text)
    try:
        f = flowfilter.parse(text)
        answers = "".join("1" if f(one) else "0" for one, _ in FLOWS)
    except Exception as error:
        answers = None
    cases.append({"filter": text, "answers": answers})
json.dump({"made_by": "mitmproxy " + version.VERSION, "flows": [wire for _, wire in FLOWS], "cases": cases}, sys.stdout, ensure_ascii=False)
