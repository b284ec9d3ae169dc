"""Serves a SavedModel as TF Serving does, where there is no tensorflow_model_server.

The flags are those of tensorflow_model_server. gRPC needs grpcio and tensorflow-serving-api;
without them only REST is served.
"""
import argparse
import os
import re
import sys
import threading
import time
from http.server import ThreadingHTTPServer

from grpc_services import serve_grpc
from model import Model
from rest import rest


def say(text):
    print(text, file=sys.stderr, flush=True)


def switch(text):
    return text.lower() in ("", "true", "1")


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--port", type=int, default=8500)
    parser.add_argument("--rest_api_port", type=int, default=0)
    parser.add_argument("--model_name", default="default")
    parser.add_argument("--model_base_path", required=True)
    parser.add_argument("--file_system_poll_wait_seconds", type=float, default=1)
    parser.add_argument("--enable_batching", type=switch, nargs="?", const=True, default=False)
    parser.add_argument("--batching_parameters_file", default="")
    flags, unknown = parser.parse_known_args()
    if unknown:
        say(f"without effect here: {' '.join(unknown)}")
    batching = None
    if flags.enable_batching:
        text = open(flags.batching_parameters_file).read() if flags.batching_parameters_file else ""
        given = dict(re.findall(r"(\w+)\s*:?\s*{\s*value\s*:\s*(\d+)", text))
        batching = {"size": int(given.get("max_batch_size", 1000)),
                    "threads": int(given.get("num_batch_threads", os.cpu_count() or 1))}
    model = Model(flags.model_name, flags.model_base_path, batching)
    grpc_server = serve_grpc(model, flags.port) if flags.port else None
    if flags.rest_api_port:
        ThreadingHTTPServer.request_queue_size = 128
        server = ThreadingHTTPServer(("", flags.rest_api_port), rest(model))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        say(f"Exporting HTTP/REST API at:localhost:{flags.rest_api_port}")
    elif not grpc_server:
        sys.exit("neither --rest_api_port nor --port can be served")
    while True:
        model.poll()
        time.sleep(flags.file_system_poll_wait_seconds or 3600)


if __name__ == "__main__":
    main()
