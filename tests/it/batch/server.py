"""A model server for tests, in TF Serving's protocol: answers {"y": 2x} for rows {"x": x}.

python3 server.py PORT [NAME=VALUE...]: faults that real servers have only sometimes:
  die=N       exits with 3 at the Nth batch, once (a file named died remembers it)
  busy=N      answers 429 to every Nth request
  short=1     leaves a prediction out where a row is {"x": 13}
  garbage=1   answers with no JSON where a row is {"x": 17}
  oom=N       answers 429 to more than N rows, as TensorFlow does whose accelerator is full
  gone=FILE   answers 404 to everything once there is this file
  moved=1     answers every batch with a redirect to this machine's own port 9
  missing=1   answers 404 where a row is {"x": 19}, as for a file that an operation doesn't find
  slow=S      waits S seconds before each answer
  until=FILE  refuses rows whose x is 90 or more until there is this file
"""

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FAULTS = dict(word.split("=", 1) for word in sys.argv[2:])
requests = 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        state = {"version": "7", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
        self.answer(200, {"model_version_status": [state]})

    def do_POST(self):
        global requests
        requests += 1
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "die" in FAULTS and requests == int(FAULTS["die"]) and not os.path.exists("died"):
            open("died", "w").close()
            print("out of luck", file=sys.stderr, flush=True)
            os._exit(3)
        if "busy" in FAULTS and requests % int(FAULTS["busy"]) == 0:
            return self.answer(429, {"error": "too many"}, {"Retry-After": "0"})
        time.sleep(float(FAULTS.get("slow", 0)))
        rows = json.loads(body)["instances"]
        bad = [row for row in rows if not isinstance(row, dict) or "x" not in row]
        if bad:
            return self.answer(400, {"error": f"no x in {json.dumps(bad[0])}"})
        if "until" in FAULTS and not os.path.exists(FAULTS["until"]):
            if any(row["x"] >= 90 for row in rows):
                return self.answer(500, {"error": "out of quota"})
        if len(rows) > int(FAULTS.get("oom", len(rows))):
            return self.answer(429, {"error": "OOM when allocating tensor"})
        if os.path.exists(FAULTS.get("gone", "")):
            return self.answer(404, {"error": "Servable not found for request: Latest(model)"})
        if "moved" in FAULTS:
            return self.answer(307, {}, {"Location": "http://127.0.0.1:9/"})
        if "missing" in FAULTS and any(row["x"] == 19 for row in rows):
            return self.answer(404, {"error": "/labels.txt; No such file or directory"})
        predictions = [{"y": 2 * row["x"]} for row in rows]
        if "short" in FAULTS and any(row["x"] == 13 for row in rows):
            predictions.pop()
        if "garbage" in FAULTS and any(row["x"] == 17 for row in rows):
            return self.answer(200, None)
        self.answer(200, {"predictions": predictions})

    def answer(self, status, body, headers=()):
        data = b"<html>" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass


ThreadingHTTPServer.request_queue_size = 128
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
