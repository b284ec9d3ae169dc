"""A model in KServe, in versions 1 and 2 of its protocol: the sum of two numbers, and no number for
rows that begin with a negative one.

python3 kserve_model.py PORT [GRPC_PORT]
"""

import sys

import kserve
import numpy as np


class Sums(kserve.Model):
    def __init__(self):
        super().__init__("sums")
        self.ready = True

    def get_input_types(self):
        return [{"name": "x", "datatype": "FP32", "shape": [-1, 2]}]

    def get_output_types(self):
        return [{"name": "y", "datatype": "FP32", "shape": [-1]}]

    async def predict(self, payload, headers=None, response_headers=None):
        if isinstance(payload, dict):
            return {"predictions": sums(np.array(payload["instances"], np.float32)).tolist()}
        y = kserve.InferOutput("y", [payload.inputs[0].shape[0]], "FP32")
        y.set_data_from_numpy(sums(payload.inputs[0].as_numpy()), binary_data=False)
        return kserve.InferResponse(payload.id, "sums", [y], model_version="7")


def sums(x):
    if x.shape[1:] != (2,):
        raise kserve.errors.InvalidInput(f"two numbers a row, not {list(x.shape)}")
    return np.where(x[:, 0] < 0, np.nan, x.sum(axis=1)).astype(np.float32)


PORTS = [int(port) for port in sys.argv[1:]]
GRPC = {"enable_grpc": len(PORTS) > 1, "grpc_port": PORTS[-1]}
kserve.ModelServer(http_port=PORTS[0], workers=1, **GRPC).start([Sums()])
