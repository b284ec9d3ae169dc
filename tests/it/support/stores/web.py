"""A web server over a folder, and a hub of models over repositories in it; for tests.

python3 web.py PORT FOLDER [TOKEN]

  /www/PATH       FOLDER/www/PATH with tags, ranges and If-Match, as web servers have them
  /old/PATH       the same file from a server that knows only GET, neither ranges nor tags
  /api/models/..  and /ORG/NAME/resolve/..: the repository FOLDER/hub/ORG/NAME, in which a file for each
                  branch holds a commit, and a folder for each commit its files. Files are answered by
                  another host that takes no token, as the Hub does it. With TOKEN it is private.
"""

import hashlib
import json
import os
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

PORT, FOLDER, TOKEN = int(sys.argv[1]), sys.argv[2], (sys.argv[3:] or [None])[0]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        url = urlsplit(self.path)
        path = unquote(url.path).lstrip("/")
        if path.startswith("www/"):
            return self.file(os.path.join(FOLDER, path))
        if path.startswith("old/"):
            return self.old(os.path.join(FOLDER, "www", path[len("old/") :]))
        if path.startswith("cdn/"):
            if self.headers["Authorization"]:
                return self.answer(400, b"only one auth mechanism allowed")
            return self.file(os.path.join(FOLDER, "hub", path[len("cdn/") :]))
        if TOKEN and self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self.answer(401, b'{"error":"Invalid username or password."}')
        # In a revision a slash is escaped.
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/([^/]+)", url.path):
            return self.json(self.commit(*found.groups()) and {"sha": self.commit(*found.groups())})
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/tree/([^/]+)/(.*)", url.path):
            return self.tree(*found.groups(), parse_qs(url.query).get("recursive") == ["true"])
        if found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", url.path):
            name, revision, file = found.groups()
            commit = self.commit(name, revision)
            if not commit or not os.path.isfile(os.path.join(FOLDER, "hub", name, commit, unquote(file))):
                return self.answer(404, b"Entry not found")
            headers = {"Location": f"http://localhost:{PORT}/cdn/{name}/{commit}/{file}"}
            return self.answer(302, b"", {**headers, "X-Repo-Commit": commit})
        self.answer(404, b"")

    def commit(self, name, revision):
        """The commit that a revision is, if there is one."""
        folder = os.path.join(FOLDER, "hub", name)
        revision = unquote(revision)
        if os.path.isdir(os.path.join(folder, revision)):
            return revision
        ref = os.path.join(folder, "refs", revision.replace("/", "-"))
        return open(ref).read().strip() if os.path.isfile(ref) else None

    def tree(self, name, revision, below, recursive):
        root = os.path.join(FOLDER, "hub", name, self.commit(name, revision) or "none")
        top = os.path.join(root, unquote(below))
        if not os.path.isdir(top):
            return self.json(None)
        entries = []
        for folder, folders, files in os.walk(top):
            for kind, names in ("directory", folders), ("file", files):
                for entry in names:
                    path = os.path.join(folder, entry)
                    size = os.path.getsize(path) if kind == "file" else 0
                    oid = hashlib.sha1(path.encode()).hexdigest()
                    entries.append({"type": kind, "oid": oid, "size": size, "path": os.path.relpath(path, root)})
            if not recursive:
                break
        self.json(entries)

    def json(self, value):
        status = 404 if value is None else 200
        body = {"error": "Repository not found"} if value is None else value
        self.answer(status, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def file(self, path):
        if not os.path.isfile(path):
            return self.answer(404, b"")
        data = open(path, "rb").read()
        tag = f'"{hashlib.md5(data).hexdigest()}"'
        headers = {"ETag": tag, "Accept-Ranges": "bytes"}
        if self.headers["If-Match"] not in (None, "*", tag):
            return self.answer(412, b"", headers)
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers["Range"] or "")
        if found and self.command == "GET":
            begin = int(found[1])
            end = min(int(found[2] or len(data)) + 1, len(data))
            if begin >= len(data):
                return self.answer(416, b"", {**headers, "Content-Range": f"bytes */{len(data)}"})
            headers["Content-Range"] = f"bytes {begin}-{end - 1}/{len(data)}"
            return self.answer(206, data[begin:end], headers)
        self.answer(200, data, headers)

    def old(self, path):
        if self.command == "HEAD":
            return self.answer(405, b"")
        self.answer(200, open(path, "rb").read())

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args):
        pass


ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
