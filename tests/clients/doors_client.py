"""Python's clients at the other doors of the proxy; prints what they saw, one JSON value a line.

doors_client.py CASE PROXY-ADDRESS CA USER PASSWORD URL...
"""

import json
import sys

import requests
import urllib3
from requests.auth import HTTPProxyAuth
from urllib3.contrib.socks import SOCKSProxyManager

CASE, PROXY, CA, USER, PASSWORD = sys.argv[1:6]
URLS = sys.argv[6:]


def say(**value):
    print(json.dumps(value), flush=True)


def get(session, url):
    try:
        answer = session.get(url, timeout=30)
        say(status=answer.status_code, body=answer.text)
    except requests.RequestException as error:
        say(error=type(error).__name__, says=str(error))


def through(scheme, given=True):
    session = requests.Session()
    session.trust_env = False
    session.verify = CA
    who = f"{USER}:{PASSWORD}@" if given and USER else ""
    session.proxies = dict.fromkeys(("http", "https"), f"{scheme}://{who}{PROXY}")
    return session


def socks():
    for scheme in ("socks5", "socks5h"):
        for url in URLS:
            get(through(scheme), url)


def manager():
    pool = SOCKSProxyManager(f"socks5h://{PROXY}", username=USER or None, password=PASSWORD or None, ca_certs=CA)
    for url in URLS:
        answer = pool.request("GET", url, timeout=30)
        say(status=answer.status, body=answer.data.decode())


def tls():
    with urllib3.ProxyManager(
        f"https://{PROXY}",
        ca_certs=CA,
        proxy_headers=urllib3.make_headers(proxy_basic_auth=f"{USER}:{PASSWORD}") if USER else None,
    ) as pool:
        for url in URLS:
            answer = pool.request("GET", url, timeout=30)
            say(status=answer.status, body=answer.data.decode())


def proxy_auth():
    """HTTPProxyAuth puts the credentials into the request itself: http alone, as requests has it."""
    session = through("http", given=False)
    session.auth = HTTPProxyAuth(USER, PASSWORD)
    for url in URLS:
        get(session, url)


{"socks": socks, "manager": manager, "tls": tls, "proxy_auth": proxy_auth}[CASE]()
