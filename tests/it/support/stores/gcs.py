"""Google Cloud Storage as far as its XML API is S3's: a front of the tests' own over moto.

python3 gcs.py PORT

No emulator of Google's store takes the XML API, which clients of object stores use. What differs from S3
are conditions and copies, which are headers of their own, the generation that every answer has, and that
packed content is unpacked for those who don't say that they take it as it is.
"""

import gzip
import io
import sys
import threading

from moto.server import create_backend_app
from werkzeug.serving import run_simple

SIGNED = "AWS4-HMAC-SHA256 Credential=tester/20240101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
store = create_backend_app("s3")
generations = {}
# Conditions are looked at and kept under one lock: a single writer is first.
writing = threading.Lock()


def ask(environ, method=None):
    """What moto answers: status, headers and body."""
    answer = {}

    def start(status, headers, _=None):
        answer.update(status=int(status.split(" ")[0]), headers=dict(headers))

    if method:
        drop = ("HTTP_RANGE", "HTTP_IF_MATCH", "wsgi.input", "CONTENT_LENGTH")
        environ = {name: value for name, value in environ.items() if name not in drop}
        environ.update({"REQUEST_METHOD": method, "QUERY_STRING": "", "CONTENT_LENGTH": "0"})
        environ["wsgi.input"] = io.BytesIO()
    body = b"".join(store(environ, start))
    return answer["status"], answer["headers"], body


def front(environ, start):
    path, query, method = environ["PATH_INFO"], environ.get("QUERY_STRING", ""), environ["REQUEST_METHOD"]
    is_object = len(path.strip("/").split("/", 1)) == 2
    if not environ.get("HTTP_AUTHORIZATION", "Bearer ").startswith("Bearer "):
        return send(start, 401, {}, refusal("AuthenticationRequired"))
    # moto wants to see a signature, and believes every one.
    environ["HTTP_AUTHORIZATION"] = SIGNED
    if source := environ.pop("HTTP_X_GOOG_COPY_SOURCE", None):
        environ["HTTP_X_AMZ_COPY_SOURCE"] = source
    wanted = environ.pop("HTTP_X_GOOG_IF_GENERATION_MATCH", None)
    if not is_object or method in ("GET", "HEAD"):
        status, headers, body = ask(environ)
    else:
        with writing:
            there = ask(environ, "HEAD")[0] == 200
            now = str(generations.get(path, 1) if there else 0)
            if wanted is not None and wanted != now:
                return send(start, 412, {}, refusal("PreconditionFailed"))
            if method == "DELETE" and not there and "uploadId" not in query:
                return send(start, 404, {}, refusal("NoSuchKey"))
            status, headers, body = ask(environ)
            # A part is no version yet.
            if status == 200 and "partNumber" not in query and "uploads" not in query:
                generations[path] = generations.get(path, 1) + 1
    kept = {
        name: value
        for name, value in headers.items()
        if name.lower() in ("etag", "last-modified", "content-type", "content-range", "content-encoding")
    }
    if is_object and status < 300:
        kept["x-goog-generation"] = str(generations.get(path, 1))
    if method == "HEAD":
        kept["Content-Length"] = headers.get("Content-Length", "0")
    takes = environ.get("HTTP_ACCEPT_ENCODING", "")
    if status == 200 and kept.get("Content-Encoding") == "gzip" and "gzip" not in takes and body:
        del kept["Content-Encoding"]
        body = gzip.decompress(body)
    return send(start, status, kept, body)


def refusal(code):
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>It is so.</Message></Error>".encode()


def send(start, status, headers, body):
    headers.setdefault("Content-Length", str(len(body)))
    start(f"{status} -", list(headers.items()))
    return [body]


run_simple("127.0.0.1", int(sys.argv[1]), front, threaded=True)
