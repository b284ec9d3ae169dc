"""A model server for tests, in the protocol of Vertex AI's custom containers: answers
{"predictions": [{"y": x * FACTOR, "by": NAME}]} for {"instances": [{"x": x}]}.

python3 server.py PORT NAME [FAULT=VALUE...]: faults that real servers have only sometimes:
  start=S     is ready only S seconds after its start
  slow=S      waits S seconds before each answer
  fail=FILE   answers 500 while there is this file
  die=FILE    ends at the next request once there is this file
  broken=1    ends before it is ready, with a word about why
  half=FILE   ends in the middle of an answer while there is this file
  factor=N    the factor, 2 otherwise
  host=IP     listens there instead of on 127.0.0.1
"""

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT, NAME = int(sys.argv[1]), sys.argv[2]
FAULTS = dict(word.split("=", 1) for word in sys.argv[3:])
READY_AT = time.monotonic() + float(FAULTS.get("start", 0))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # The head and the body of an answer are two packets, and the second one waits for nothing.
    disable_nagle_algorithm = True

    def do_GET(self):
        ready = time.monotonic() >= READY_AT
        self.answer(200 if ready else 503, {"name": NAME})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(float(FAULTS.get("slow", 0)))
        if os.path.exists(FAULTS.get("die", "")):
            os._exit(3)
        if os.path.exists(FAULTS.get("fail", "")):
            return self.answer(500, {"error": "out of order"})
        try:
            rows = [row["x"] for row in json.loads(body)["instances"]]
        except (KeyError, TypeError, ValueError) as error:
            return self.answer(400, {"error": f"no row: {error}"})
        factor = float(FAULTS.get("factor", 2))
        answer = {"predictions": [{"y": x * factor, "by": NAME} for x in rows]}
        if os.path.exists(FAULTS.get("half", "")):
            data = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])
            self.wfile.flush()
            self.close_connection = True
            return None
        return self.answer(200, answer)

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass


if "broken" in FAULTS:
    sys.exit("no module named models")
ThreadingHTTPServer.request_queue_size = 128
ThreadingHTTPServer((FAULTS.get("host", "127.0.0.1"), PORT), Handler).serve_forever()
