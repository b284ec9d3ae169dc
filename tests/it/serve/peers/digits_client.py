"""A caller as people write them: `requests` for REST, the stubs of tensorflow-serving-api for gRPC. It says
how it was answered, a line of JSON for each line of commands:

python digits_client.py ROWS
  at URL           whom all others ask
  ask [REVISION]   all rows by both ways; how many are right, and who has answered
  start            asks by both ways, until
  stop             says how often whom had answered, and with which code
  version N        TensorFlow Serving's route of a version of the model
"""

import collections
import json
import sys
import threading

import grpc
import numpy as np
import requests
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

HEADER = "x-mlctl-revision"
ROWS = [json.loads(line) for line in open(sys.argv[1])]
IMAGES, LABELS = [row["image"] for row in ROWS], [row["label"] for row in ROWS]
# Two cores have servers to start meanwhile.
PAUSE = 0.01


def right(probabilities):
    return int((np.argmax(probabilities, axis=1) == LABELS[: len(probabilities)]).sum())


def by_rest(session, images, revision=None, route="/v1/models/digits:predict"):
    headers = {HEADER: revision} if revision else {}
    answer = session.post(url + route, json={"instances": images}, headers=headers, timeout=60)
    told = {"by": answer.headers.get(HEADER), "code": answer.status_code}
    return told | ({"right": right(answer.json()["predictions"])} if answer.ok else {"says": answer.text})


def by_grpc(images, revision=None):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "digits"
    request.inputs["image"].CopyFrom(tf.make_tensor_proto(images, dtype=tf.float32))
    metadata = [(HEADER, revision)] if revision else []
    try:
        answer, call = stub.Predict.with_call(request, timeout=60, metadata=metadata)
    except grpc.RpcError as error:
        by = dict(error.initial_metadata() or ()).get(HEADER)
        return {"by": by, "code": error.code().name, "says": error.details()}
    found = tf.make_ndarray(answer.outputs["probabilities"])
    by = dict(call.initial_metadata()).get(HEADER)
    return {"by": by, "code": "OK", "right": right(found), "version": answer.model_spec.version.value}


class Callers:
    def __init__(self):
        self.counts, self.ending = collections.Counter(), threading.Event()
        session = requests.Session()
        ways = {"rest": lambda: by_rest(session, IMAGES[:1]), "grpc": lambda: by_grpc(IMAGES[:1])}
        self.threads = [threading.Thread(target=self.work, args=way) for way in ways.items()]
        for thread in self.threads:
            thread.start()

    def work(self, way, call):
        while not self.ending.wait(PAUSE):
            told = call()
            self.counts[f"{way} {told['code']} {told['by']}"] += 1

    def end(self):
        self.ending.set()
        for thread in self.threads:
            thread.join()
        return dict(self.counts)


def done(command, argument=None):
    global callers, url, stub
    if command == "at":
        url = argument
        channel = grpc.insecure_channel(url.removeprefix("http://"))
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        return {}
    if command == "ask":
        rest, over_grpc = by_rest(requests, IMAGES, argument), by_grpc(IMAGES, argument)
        return {"rest": rest, "grpc": over_grpc}
    if command == "version":
        route = f"/v1/models/digits/versions/{argument}:predict"
        return by_rest(requests, IMAGES, route=route)
    if command == "start":
        callers = Callers()
        return {}
    return callers.end()


for line in sys.stdin:
    print(json.dumps(done(*line.split())), flush=True)
