"""A small server in OpenAI's style, whose answers are streams of events.

python3 openai.py PORT GO: it writes the first word of an answer, and the others once there is the file GO
"""

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WORDS = ["one", "two", "three"]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # The head and the body of an answer are two packets, and the second one waits for nothing.
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, document, status=200):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        models = {"object": "list", "data": [{"id": "chat", "object": "model"}]}
        is_models = self.path == "/v1/models"
        self.answer(models if is_models else {"error": {"message": "no such route"}}, 200 if is_models else 404)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not body.get("stream"):
            message = {"role": "assistant", "content": " ".join(WORDS)}
            return self.answer({"model": body["model"], "choices": [{"index": 0, "message": message}]})
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for at, word in enumerate(WORDS):
            while at > 0 and not os.path.exists(sys.argv[2]):
                time.sleep(0.01)
            choice = {"index": 0, "delta": {"content": word}}
            self.event(json.dumps({"model": body["model"], "choices": [choice]}))
        self.event("[DONE]")
        self.wfile.write(b"0\r\n\r\n")

    def event(self, text):
        data = f"data: {text}\n\n".encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
