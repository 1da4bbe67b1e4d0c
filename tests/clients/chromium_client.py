"""Chromium over the DevTools protocol: what it stores, sends and refuses of the cases in chromium_cases.json.

    chromium_client.py CASES CERTIFICATE KEY PROFILE

Is the origin too, as a parent proxy for whatever host is asked: a CONNECT goes on in TLS. Prints its port, reads the
address of the proxy under test, and prints a JSON line for each case.
"""
import asyncio, json, pathlib, ssl, sys
from urllib.parse import urlsplit
import websockets

CASES = json.load(open(sys.argv[1], encoding="utf-8"))
LIMIT = 15
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--remote-debugging-port=0",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps",
    "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,Translate,OptimizationHints",
    "--proxy-bypass-list=<-loopback>",
]


def answer(method, path):
    """The response to a path: /cookie/N, /cors/N, /page."""
    _, kind, number, *_ = path.split("?")[0].split("/") + ["", ""]
    if kind == "cookie":
        case = CASES["cookies"][int(number)]
        return response(200, ["Access-Control-Allow-Origin: *"] + ["Set-Cookie: " + line for line in case["set"]])
    if kind == "before":
        case = CASES["cookies"][int(number)]
        return response(200, ["Set-Cookie: " + case["before"]["set"]])
    if kind == "login":
        return response(200, ["Set-Cookie: id=1; Secure; SameSite=None; Path=/"])
    if kind == "cors":
        case = CASES["cors"][int(number)]
        if method == "OPTIONS":
            return response(case.get("preflight_status", 204), case.get("preflight", []))
        return response(case.get("status", 200), case.get("answer", []))
    return response(200, ["Content-Type: text/html"], b"<!doctype html><title>page</title>")


def response(status, lines, body=b"ok"):
    body = b"" if status in (204, 304) else body
    lines = list(lines) + ([] if status in (204, 304) else [f"Content-Length: {len(body)}"])
    if not any(line.startswith("Content-Type") for line in lines):
        lines.append("Content-Type: text/html")
    head = f"HTTP/1.1 {status} x\r\n" + "".join(line + "\r\n" for line in lines) + "Cache-Control: no-store\r\n\r\n"
    return head.encode("latin-1") + body


async def serve(reader, writer, context):
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            method, target, _ = head.split("\r\n")[0].split(" ")
            length = [line.split(":")[1] for line in head.split("\r\n") if line.lower().startswith("content-length:")]
            if length:
                await reader.readexactly(int(length[0]))
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
                await writer.start_tls(context)
                continue
            path = target if target.startswith("/") else urlsplit(target).path
            writer.write(answer(method, path))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
        pass
    finally:
        writer.close()


class DevTools:
    """One connection to the browser: calls by number, events by session."""

    def __init__(self, socket):
        self.socket, self.number, self.waiting, self.events = socket, 0, {}, []
        self.changed = asyncio.Condition()
        self.reader = asyncio.create_task(self.read())

    async def read(self):
        async for text in self.socket:
            message = json.loads(text)
            if "id" in message:
                self.waiting.pop(message["id"]).set_result(message)
            else:
                async with self.changed:
                    self.events.append(message)
                    self.changed.notify_all()

    async def call(self, method, session=None, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        future = self.waiting[self.number] = asyncio.get_running_loop().create_future()
        await self.socket.send(json.dumps(message))
        said = await asyncio.wait_for(future, LIMIT)
        if "error" in said:
            raise RuntimeError(f"{method}: {said['error']}")
        return said["result"]

    async def wait(self, wanted):
        """The first event for which `wanted` gives something."""
        def found():
            return next((hit for hit in map(wanted, self.events) if hit), None)
        async with self.changed:
            await asyncio.wait_for(self.changed.wait_for(found), LIMIT)
            return found()


def event(method, test=lambda params: True):
    return lambda message: message["method"] == method and test(message["params"]) and message["params"]


async def navigate(tools, session, url):
    """Opens a page and waits until it is there."""
    tools.events.clear()
    loader = (await tools.call("Page.navigate", session, url=url))["loaderId"]
    await tools.wait(event("Page.lifecycleEvent", lambda p: p["name"] == "load" and p["loaderId"] == loader))


async def script(tools, session, text):
    said = await tools.call("Runtime.evaluate", session, expression=text, awaitPromise=True, returnByValue=True)
    return said["result"].get("value")


async def extra(tools, url):
    """What the network service told of the response to a URL."""
    sent = await tools.wait(event("Network.requestWillBeSent", lambda p: p["request"]["url"] == url))
    of = lambda p: p["requestId"] == sent["requestId"]
    return await tools.wait(event("Network.responseReceivedExtraInfo", of))


async def cookie(tools, session, number, case):
    host = case.get("host", "shop.test")
    url = f"{case.get('scheme', 'https')}://{host}/cookie/{number}"
    await tools.call("Storage.clearCookies")
    before = case.get("before")
    if before:
        await navigate(tools, session, f"{before.get('scheme', 'https')}://{host}/before/{number}")
    if case.get("from"):
        await navigate(tools, session, f"https://{case['from']}/page")
        tools.events.clear()
        await script(tools, session, f"fetch({json.dumps(url)}, {{mode: 'no-cors', credentials: 'include'}}).then(() => 1, () => 0)")
    else:
        await navigate(tools, session, url)
    told = await extra(tools, url)
    kept = (await tools.call("Storage.getCookies"))["cookies"]
    return {
        "blocked": [{"line": one.get("cookieLine"), "reasons": one["blockedReasons"]} for one in told["blockedCookies"]],
        "kept": [{key: one.get(key) for key in ("name", "value", "domain", "path", "expires", "secure", "httpOnly", "sameSite", "session")} for one in kept],
    }


async def cors(tools, session, number, case):
    page, api = case.get("page", "https://app.test"), case.get("api", "https://api.test")
    url = f"{api}/cors/{number}"
    await navigate(tools, session, f"{api}/login")
    # A document from a data: URL has no origin; its requests say null.
    await navigate(tools, session, "data:text/html,page" if case.get("opaque") else f"{page}/page")
    await script(tools, session, f"fetch({json.dumps(url)}, {json.dumps(case.get('fetch', {}))}).then(r => r.text()).catch(() => 0)")
    first = lambda p: p["request"]["url"] == url and p["request"]["method"] == case.get("fetch", {}).get("method", "GET")
    sent = await tools.wait(event("Network.requestWillBeSent", first))
    over = lambda m: m["method"] in ("Network.loadingFailed", "Network.loadingFinished") and m["params"]["requestId"] == sent["requestId"] and m
    ended = await tools.wait(over)
    status = ended["params"].get("corsErrorStatus") or {}
    return {"allowed": ended["method"] == "Network.loadingFinished", "error": status.get("corsError"),
            "parameter": status.get("failedParameter"), "text": ended["params"].get("errorText")}


def prepare(profile):
    """Third-party cookies are let through, so that it is SameSite that decides."""
    folder = pathlib.Path(profile, "Default")
    folder.mkdir(parents=True)
    settings = {"profile": {"cookie_controls_mode": 0, "block_third_party_cookies": False}}
    (folder / "Preferences").write_text(json.dumps(settings))


async def browse(proxy):
    prepare(sys.argv[4])
    command = ["chromium", *FLAGS, f"--proxy-server={proxy}", f"--user-data-dir={sys.argv[4]}", "about:blank"]
    browser = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE)
    try:
        address = None
        while not address:
            line = (await asyncio.wait_for(browser.stderr.readline(), LIMIT)).decode()
            if not line:
                raise RuntimeError("Chromium did not start")
            if "DevTools listening on " in line:
                address = line.split("DevTools listening on ")[1].strip()
        async with websockets.connect(address, max_size=None, proxy=None) as socket:
            tools = DevTools(socket)
            drain = asyncio.create_task(browser.stderr.read())
            print(json.dumps({"browser": (await tools.call("Browser.getVersion"))["product"]}), flush=True)
            target = (await tools.call("Target.createTarget", url="about:blank"))["targetId"]
            session = (await tools.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
            for domain in ("Page", "Network"):
                await tools.call(f"{domain}.enable", session)
            await tools.call("Page.setLifecycleEventsEnabled", session, enabled=True)
            for kind, run in (("cookies", cookie), ("cors", cors)):
                for number, case in enumerate(CASES[kind]):
                    try:
                        said = await run(tools, session, number, case)
                    except Exception as error:
                        said = {"failed": f"{type(error).__name__} {error}"}
                    print(json.dumps({"kind": kind, "case": number, **said}), flush=True)
            drain.cancel()
    finally:
        browser.kill()
        await browser.wait()


async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server = await asyncio.start_server(lambda r, w: serve(r, w, context), "127.0.0.1", 0, limit=1 << 20)
    print(json.dumps({"origin": server.sockets[0].getsockname()[1]}), flush=True)
    proxy = await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    await browse(proxy.strip())
    server.close()


asyncio.run(main())
