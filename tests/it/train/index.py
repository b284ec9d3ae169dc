"""Asks `pip.py`, the argument, for pip from indexes of this process's own."""
import base64
import hashlib
import http.server
import importlib.util
import os
import sys
import tempfile
import threading

spec = importlib.util.spec_from_file_location("bring", sys.argv[1])
bring = importlib.util.module_from_spec(spec)
spec.loader.exec_module(bring)

WHEEL = b"what a wheel holds doesn't matter here"
GOOD = hashlib.sha256(WHEEL).hexdigest()
BAD = hashlib.sha256(b"another").hexdigest()
LOGIN = "Basic " + base64.b64encode(b"ada:pass word").decode()


def page(promise):
    link = "<a href='../../files/pip-{0}-py3-none-any.whl#sha256={1}' {2}>pip {0}</a>"
    return "".join([
        link.format("9.0.1", promise, ""),
        link.format("25.10", promise, "data-requires-python='&gt;=3.8'"),
        link.format("25.2", promise, ""),
        link.format("99.0", promise, "data-requires-python='&gt;=9.0'"),
        link.format("98.0", promise, "data-yanked=''"),
        "<a href='pip-97.0.tar.gz'>pip 97.0</a>",
    ]).encode()


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        pages = {"/good/pip/": page(GOOD), "/bad/pip/": page(BAD), "/none/pip/": b"",
                 "/files/pip-25.10-py3-none-any.whl": WHEEL}
        allowed = self.headers.get("Authorization") == LOGIN
        content = pages.get(self.path) if allowed else None
        self.send_response(401 if not allowed else 200 if content is not None else 404)
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *_):
        pass


def ask(**settings):
    """The wheel's name, or why there is none."""
    os.environ.clear()
    os.environ.update({"HOME": "/nowhere", "PATH": "/nowhere", "PIP_CONFIG_FILE": os.devnull, **settings})
    with tempfile.TemporaryDirectory() as folder:
        try:
            return os.path.basename(bring.index(folder))
        except bring.Lacking as error:
            return str(error)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
host = f"127.0.0.1:{server.server_port}"
at = f"http://ada:pass%20word@{host}"
newest = "pip-25.10-py3-none-any.whl"

with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
    file.write(f"[global]\nindex-url = {at}/good\n")
    file.flush()
    told = [
        (ask(), "pip's settings name no index"),
        (ask(PIP_INDEX_URL=f"{at}/good/"), newest),
        (ask(PIP_CONFIG_FILE=file.name), newest),
        (ask(PIP_CONFIG_FILE=file.name, PIP_NO_INDEX="1"), "pip's settings name no index"),
        (ask(UV_DEFAULT_INDEX=f"mine={at}/good"), newest),
        (ask(PIP_INDEX_URL=f"{at}/none", PIP_EXTRA_INDEX_URL=f"{at}/good"), newest),
        (ask(PIP_INDEX_URL=f"{at}/none"), f"no wheel of it is at http://{host}/none/pip/"),
        (ask(PIP_INDEX_URL=f"{at}/bad"),
         f"http://{host}/bad/pip/: {newest} is not what http://{host}/bad/pip/ promises"),
        (ask(PIP_INDEX_URL=f"http://{host}/good"),
         f"http://{host}/good/pip/: HTTP Error 401: Unauthorized"),
    ]
for one, expected in told:
    assert one == expected, (one, expected)
