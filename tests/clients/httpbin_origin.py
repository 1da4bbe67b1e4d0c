"""httpbin on two free ports, plain and in TLS; prints them, and ends when its stdin closes."""
import json
import logging
import os
import ssl
import sys
import threading

# It warns that it has no page at /, which nobody asks for.
logging.disable(logging.WARNING)

import httpbin
from werkzeug.serving import WSGIRequestHandler, make_server


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def make_environ(self):
        # httpbin takes chunked requests from gunicorn only, as if no other server could decode them.
        return {**super().make_environ(), "SERVER_SOFTWARE": "gunicorn/as-werkzeug"}


def serve(context):
    server = make_server(
        "127.0.0.1", 0, httpbin.app, threaded=True, request_handler=Handler, ssl_context=context
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
print(json.dumps({"plain": serve(None), "secure": serve(context)}), flush=True)
sys.stdin.read()
os._exit(0)
