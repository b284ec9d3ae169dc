"""A model server without any framework, as Vertex AI's custom containers are: it answers GET with 200 once
it can be asked, and POST with {"predictions": [...]} for {"instances": [...]}.

The model is a line: its weights lie in weights.json of the folder that mlctl passes.
"""

import argparse
import json
import pathlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--model", type=pathlib.Path, required=True)
args = parser.parse_args()
line = json.loads((args.model / "weights.json").read_text())


def predict(instance):
    return line["bias"] + sum(weight * float(instance[name]) for name, weight in line["weights"].items())


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # The head and the body of an answer are two packets, and the second one waits for nothing.
    disable_nagle_algorithm = True

    def do_GET(self):
        self.answer(200, {"status": "ready"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            predictions = [predict(instance) for instance in json.loads(body)["instances"]]
        except (KeyError, TypeError, ValueError) as error:
            return self.answer(400, {"error": f"an instance has {list(line['weights'])}: {error!r}"})
        return self.answer(200, {"predictions": predictions})

    def answer(self, status, document):
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", args.port), Handler).serve_forever()
