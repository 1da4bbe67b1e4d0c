"""Asks httplint about header blocks: JSON lines in, the same with "httplint" out; see caching_answers.js.

Needs `pip install httplint`; the tests need only what it printed.
"""
import json, sys
from httplint.message import HttpRequestLinter, HttpResponseLinter


def fields(lines):
    pairs = (line.split(":", 1) for line in lines)
    return [(name.encode("utf-8"), value.strip().encode("utf-8")) for name, value in pairs]


for line in sys.stdin:
    block = json.loads(line)
    request, response = HttpRequestLinter(), HttpResponseLinter(start_time=block.get("at"))
    method, target, _ = block["request"]["start"].split(" ")
    request.process_request_topline(method.encode(), ("https://h.test" + target).encode(), b"1.1")
    request.process_headers(fields(block["request"]["lines"]))
    response.request = request
    response.process_response_topline(b"1.1", block["start"].split(" ")[1].encode(), b"x")
    response.process_headers(fields(block["lines"]))
    request.finish_content(True)
    response.finish_content(True)
    response.post_checks()
    caching = response.caching
    block["httplint"] = {
        "age": caching.age,
        "store_private": caching.store_private,
        "store_shared": caching.store_shared,
        "fresh_private": caching.freshness_lifetime_private,
        "fresh_shared": caching.freshness_lifetime_shared,
    }
    print(json.dumps(block, ensure_ascii=False))
