"""GETs a URL as a program does that knows nothing of proxies: python run_client.py LIBRARY URL [COUNT]

Prints one JSON value: what it saw.
"""
import json
import sys
import urllib.parse

LIBRARY, URL, COUNT = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1


def requests():
    import requests

    return requests.get(URL, timeout=20).status_code


def httpx():
    import httpx

    return httpx.get(URL, timeout=20).status_code


def urllib_request():
    import urllib.request

    answer = urllib.request.urlopen(URL, timeout=20)
    answer.read()
    return answer.status


def http_client():
    """Many requests on one connection, so that whoever looks for connections can see it."""
    import http.client

    made = http.client.HTTPConnection(urllib.parse.urlsplit(URL).netloc, timeout=20)
    for _ in range(COUNT):
        made.request("GET", "/")
        answer = made.getresponse()
        answer.read()
    return answer.status


print(json.dumps({"status": globals()[LIBRARY]()}))
