"""A model in MLServer: the sum of two numbers, and no number for rows that begin with a negative one."""

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse


class Sums(MLModel):
    async def load(self):
        return True

    async def predict(self, payload):
        x = NumpyCodec.decode_input(payload.inputs[0])
        if x.shape[1:] != (2,):
            raise ValueError(f"two numbers a row, not {list(x.shape)}")
        y = np.where(x[:, 0] < 0, np.nan, x.sum(axis=1)).astype(np.float32)
        outputs = [NumpyCodec.encode_output("y", y)]
        return InferenceResponse(model_name=self.name, model_version=self.version, outputs=outputs)
