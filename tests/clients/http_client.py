"""http.client and urllib.request through the proxy: python http_client.py CASE PROXY CA ORIGIN...

Prints one JSON value a line: what it saw.
"""
import http.client
import io
import json
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request

CASE, PROXY, CA, ORIGINS = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
PROXY_ADDRESS = urllib.parse.urlsplit(PROXY).netloc
# As strict as Python 3.13 is by itself: our certificates must pass.
CONTEXT = ssl.create_default_context(cafile=CA)
CONTEXT.verify_flags |= ssl.VERIFY_X509_STRICT


def say(**value):
    print(json.dumps(value))


def connection(url=None, **tunnel):
    """To the proxy; with a URL through a tunnel to its origin."""
    parts = urllib.parse.urlsplit(url or "http:")
    if parts.scheme == "https":
        made = http.client.HTTPSConnection(PROXY_ADDRESS, timeout=20, context=CONTEXT)
    else:
        made = http.client.HTTPConnection(PROXY_ADDRESS, timeout=20)
    if url:
        made.set_tunnel(parts.hostname, parts.port, **tunnel)
    return made


def answer(made, name):
    got = made.getresponse()
    say(name=name, status=got.status, reason=got.reason, version=got.version, fields=got.getheaders(),
        body=got.read().decode("latin-1"))


def tunnel():
    for number, origin in enumerate(ORIGINS):
        made = connection(origin, headers={"User-Agent": "tunnel/1", "X-Tunnel": f"t{number}"})
        made.request("HEAD", f"/anything?head={number}")
        answer(made, "HEAD")
        made.request("POST", f"/anything?post={number}", body="a=1", headers={"Content-Type": "text/plain"})
        answer(made, "POST")
        made.close()


def no_host():
    made = connection()
    made.putrequest("GET", ORIGINS[0] + "/no-host", skip_host=True, skip_accept_encoding=True)
    made.putheader("X-Kept", "1")
    made.endheaders()
    answer(made, "no-host")


def folded():
    made = connection()
    made.putrequest("GET", ORIGINS[0] + "/folded")
    made.putheader("X-Two", "first", "second")
    made.endheaders()
    answer(made, "folded")


def bodies():
    made = connection()
    cases = {
        "str": {"body": "text \u00e9"},
        "file": {"body": io.BytesIO(b"file " * 2000)},
        "iterable": {"body": iter([b"one ", b"two ", b"three"])},
        "encoded": {"body": iter([b"four ", b"five"]), "headers": {"Transfer-Encoding": "chunked"},
                    "encode_chunked": True},
    }
    for name, keywords in cases.items():
        made.request("PUT", f"{ORIGINS[0]}/{name}", **keywords)
        answer(made, name)


def answers():
    for path in ["/404", "/302", "/old"]:
        made = connection()
        made.request("GET", ORIGINS[0] + path)
        answer(made, path)


def opener():
    made = urllib.request.ProxyHandler({"http": PROXY, "https": PROXY})
    return urllib.request.build_opener(made, urllib.request.HTTPSHandler(context=CONTEXT))


def urllib_info():
    for origin in ORIGINS:
        got = opener().open(origin + "/response-headers?X-Case-Kept=yes&X-Two=a&X-Two=b", timeout=20)
        say(url=got.geturl(), status=got.status, info=got.info().items(), body=got.read().decode())


def broken():
    """What http.client and urllib make of each odd answer."""
    for url in ORIGINS:
        try:
            got = opener().open(url, timeout=20)
            say(url=url, status=got.status, body=len(got.read()))
        except urllib.error.HTTPError as error:
            say(url=url, status=error.code, text=error.read().decode(), info=error.info().items())
        except http.client.IncompleteRead as error:
            say(url=url, error="IncompleteRead", partial=error.partial.decode(), expected=error.expected)
        except Exception as error:
            say(url=url, error=type(error).__name__, says=str(error))


def distrusting():
    """With the system's roots, which our authority is not among."""
    address = urllib.parse.urlsplit(ORIGINS[0])
    made = http.client.HTTPSConnection(PROXY_ADDRESS, timeout=20, context=ssl.create_default_context())
    made.set_tunnel(address.hostname, address.port)
    try:
        made.request("GET", "/")
    except Exception as error:
        say(error=type(error).__name__, says=str(error))


{name.replace("_", "-"): made for name, made in list(globals().items()) if callable(made)}[CASE]()
