"""requests through the proxy: python requests_client.py CASE PROXY CA ORIGIN...

Prints one JSON value a line: what it sent as prepared, and what it saw.
"""
import base64
import hashlib
import io
import json
import sys

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth
from urllib3.util.retry import Retry

CASE, PROXY, CA, ORIGINS = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
PROXIES = {"http": PROXY, "https": PROXY}


def say(**value):
    print(json.dumps(value))


def session():
    made = requests.Session()
    made.trust_env = False
    made.proxies = PROXIES
    made.verify = CA
    return made


class TokenAuth(AuthBase):
    """As in the documentation of requests."""

    def __init__(self, token):
        self.token = token

    def __call__(self, request):
        request.headers["X-TokenAuth"] = self.token
        return request


def call(name, method, path, **keywords):
    """Each call on a connection of its own, as requests.get and its like do."""
    with session() as one:
        answer = one.request(method, ORIGINS[0] + path, **keywords)
    prepared = answer.request
    body = prepared.body
    if isinstance(body, str):
        body = body.encode()
    if body is not None and not isinstance(body, bytes):
        body = b""
    try:
        echo = answer.json()
    except ValueError:
        echo = None
    say(
        name=name,
        method=prepared.method,
        url=prepared.url,
        prepared=list(prepared.headers.items()),
        body=base64.b64encode(body or b"").decode(),
        streamed=hasattr(prepared.body, "read") or hasattr(prepared.body, "__next__"),
        status=answer.status_code,
        answered=list(answer.headers.items()),
        echo=echo,
        history=[one.status_code for one in answer.history],
    )


def calls():
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"]:
        call(method, method, f"/anything/{method}?show_env=1")
    call("HEAD", "HEAD", "/anything/HEAD?show_env=1")
    call("OPTIONS", "OPTIONS", "/anything/OPTIONS?show_env=1")
    env = {"show_env": "1"}
    call("params-dict", "GET", "/anything/params-dict", params={**env, "a": ["1", "2"], "b": "c d", "none": None})
    call("params-tuples", "GET", "/anything/params-tuples", params=[("show_env", "1"), ("a", "1"), ("a", "2")])
    call("params-bytes", "GET", "/anything/params-bytes", params=b"show_env=1&raw=%41%2Fx")
    call("data-dict", "POST", "/anything/data-dict", params=env, data={"a": ["1", "2"], "b": "\u00e9"})
    call("data-tuples", "POST", "/anything/data-tuples", params=env, data=[("a", "1"), ("a", "2")])
    call("data-bytes", "POST", "/anything/data-bytes", params=env, data=b"\x00\xff\r\n\r\nraw")
    call("data-file", "POST", "/anything/data-file", params=env, data=io.BytesIO(b"from a file" * 1000))
    call("json", "POST", "/anything/json", params=env, json={"n": 1, "t": "\u00e9"})
    call("multipart", "POST", "/anything/multipart", params=env, data={"f": "v"},
         files={"file": ("name.txt", b"content\x00\xff", "text/x-own", {"X-Part": "1"})})
    call("headers", "GET", "/anything/headers", params=env,
         headers={"x-lower": "1", "X-UPPER": "two words", "User-Agent": "own/1", "Accept": None, "X-Empty": ""})
    call("cookies", "GET", "/anything/cookies", params=env, cookies={"a": "1", "b": "2"})
    call("token", "GET", "/anything/token", params=env, auth=TokenAuth("t0k3n"))


def auth():
    call("basic", "GET", "/basic-auth/ann/secret", auth=HTTPBasicAuth("ann", "secret"))
    call("basic-wrong", "GET", "/basic-auth/ann/other", auth=("ann", "secret"))
    call("digest", "GET", "/digest-auth/auth/ann/secret", auth=HTTPDigestAuth("ann", "secret"))


def redirects():
    call("redirect", "GET", "/redirect/2")
    call("not-followed", "GET", "/redirect-to?url=/get&status_code=307", allow_redirects=False)
    with session() as one:
        answer = one.get(ORIGINS[0] + "/cookies/set?flavour=oat&size=2")
        say(name="cookies", cookies=dict(one.cookies), echo=answer.json(), history=len(answer.history))


def unverified():
    with session() as one:
        one.verify = False
        requests.packages.urllib3.disable_warnings()
        say(status=one.get(ORIGINS[0] + "/get?verify=False").status_code)


def keep_alive():
    with session() as one:
        for number in range(4):
            say(status=one.get(f"{ORIGINS[0]}/small.txt?kept={number}").status_code)


def retries():
    with session() as one:
        retry = Retry(total=3, status_forcelist=[503], backoff_factor=0)
        one.mount("http://", HTTPAdapter(max_retries=retry))
        answer = one.get(ORIGINS[0] + "/retried")
        say(status=answer.status_code, text=answer.text, tries=len(answer.raw.retries.history) + 1)


def timeout():
    with session() as one:
        try:
            one.get(ORIGINS[0] + "/silent", timeout=(2, 0.5))
        except requests.exceptions.ReadTimeout as error:
            say(error=type(error).__name__)


def upload():
    pieces = [b"piece %d;" % number * 500 for number in range(40)]
    with session() as one:
        answer = one.post(ORIGINS[0] + "/anything/generator?show_env=1", data=iter(pieces))
        echo = answer.json()
        say(sent=hashlib.sha256(b"".join(pieces)).hexdigest(), length=sum(map(len, pieces)),
            echoed=hashlib.sha256(echo["data"].encode()).hexdigest(), headers=echo["headers"])


def download():
    digest, pieces, length = hashlib.sha256(), 0, 0
    with session() as one, one.get(ORIGINS[0] + "/large", stream=True) as answer:
        for piece in answer.iter_content(10_000):
            digest.update(piece)
            pieces, length = pieces + 1, length + len(piece)
        say(status=answer.status_code, digest=digest.hexdigest(), pieces=pieces, length=length)


def errors():
    """What requests makes of an answer, or of none; ORIGINS are URLs."""
    for url in ORIGINS:
        with session() as one:
            try:
                answer = one.get(url, timeout=20)
                say(url=url, status=answer.status_code, text=answer.text,
                    proxy_status=answer.headers.get("Proxy-Status"))
            except requests.RequestException as error:
                say(url=url, error=type(error).__name__, says=str(error))


def distrusting():
    with session() as one:
        one.verify = True
        try:
            one.get(ORIGINS[0] + "/get")
        except requests.RequestException as error:
            say(error=type(error).__name__, says=str(error))


{name.replace("_", "-"): made for name, made in list(globals().items()) if callable(made)}[CASE]()
