"""The versions of one SavedModel: loaded, called, batched."""
import collections
import os
import sys
import threading
from concurrent.futures import Future

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

CODES = dict(zip(range(17), """OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND
    ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE
    UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED""".split()))
CODES_BY_NAME = {name: code for code, name in CODES.items()}


class Refused(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def invalid(message):
    return Refused("INVALID_ARGUMENT", message)


def refusal(error):
    """Any error as one that a client is told."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, tf.errors.OpError):
        return Refused(CODES.get(error.error_code, "UNKNOWN"), error.message)
    known = isinstance(error, (TypeError, ValueError))
    return Refused("INVALID_ARGUMENT" if known else "INTERNAL", f"{type(error).__name__}: {error}")


class Version:
    """One version of the model, ready to be called."""

    def __init__(self, number, path, batching):
        self.number = number
        with open(os.path.join(path, "saved_model.pb"), "rb") as file:
            graphs = saved_model_pb2.SavedModel.FromString(file.read()).meta_graphs
        graph = next((g for g in graphs if "serve" in g.meta_info_def.tags), graphs[0])
        self.signature_def = graph.signature_def
        self.loaded = tf.saved_model.load(path, tags=list(graph.meta_info_def.tags))
        self.batcher = Batcher(self.call, **batching) if batching else None

    def signature(self, name):
        name = name or "serving_default"
        if name not in self.loaded.signatures:
            raise invalid(f'Serving signature name: "{name}" not found in signature def')
        return name

    def run(self, signature, inputs):
        """Arrays by input name to arrays by output name."""
        return self.batcher.run(signature, inputs) if self.batcher else self.call(signature, inputs)

    def call(self, signature, inputs):
        declared = self.signature_def[signature].inputs
        for name, array in inputs.items():
            shape = tf.TensorShape(declared[name].tensor_shape)
            if not shape.is_compatible_with(array.shape):
                raise invalid(f"input {name} has shape {list(array.shape)}, the model's is {shape}")
        tensors = {n: tf.constant(a, tf.as_dtype(declared[n].dtype)) for n, a in inputs.items()}
        outputs = self.loaded.signatures[signature](**tensors)
        return {name: outputs[name].numpy() for name in self.signature_def[signature].outputs}


class Batcher:
    """Joins requests that wait at the same time into one call, as --enable_batching does."""

    def __init__(self, call, size, threads):
        self.call, self.size = call, size
        self.waiting, self.changed = collections.deque(), threading.Condition()
        for _ in range(threads):
            threading.Thread(target=self.work, daemon=True).start()

    def run(self, signature, inputs):
        arrays = [inputs[name] for name in sorted(inputs)]
        rows = {array.shape[:1] for array in arrays}
        if len(rows) != 1 or not all(rows):
            return self.call(signature, inputs)
        kind = (signature, *((array.dtype, array.shape[1:]) for array in arrays))
        future = Future()
        with self.changed:
            self.waiting.append((kind, len(arrays[0]), inputs, future))
            self.changed.notify()
        return future.result()

    def take(self):
        with self.changed:
            while not self.waiting:
                self.changed.wait()
            batch, later = [self.waiting.popleft()], collections.deque()
            rows = batch[0][1]
            while self.waiting:
                entry = self.waiting.popleft()
                fits = entry[0] == batch[0][0] and rows + entry[1] <= self.size
                (batch if fits else later).append(entry)
                rows += entry[1] if fits else 0
            self.waiting = later
            self.changed.notify(len(later))
            return batch

    def work(self):
        while True:
            batch = self.take()
            if len(batch) > 1 and self.together(batch):
                continue
            for kind, _, inputs, future in batch:
                try:
                    future.set_result(self.call(kind[0], inputs))
                except Exception as error:
                    future.set_exception(error)

    def together(self, batch):
        """One request's fault is not another's: what fails together is then done one by one."""
        try:
            names, sizes = batch[0][2], [rows for _, rows, _, _ in batch]
            joined = {n: np.concatenate([inputs[n] for _, _, inputs, _ in batch]) for n in names}
            outputs = self.call(batch[0][0][0], joined)
            if any(array.shape[:1] != (sum(sizes),) for array in outputs.values()):
                return False
            cuts = np.cumsum(sizes)[:-1]
            parts = {name: np.split(array, cuts) for name, array in outputs.items()}
        except Exception:
            return False
        for at, (_, _, _, future) in enumerate(batch):
            future.set_result({name: part[at] for name, part in parts.items()})
        return True


class Model:
    """The versions in a base folder. The latest is served; it is there before an older one goes."""

    def __init__(self, name, base, batching):
        self.name, self.base, self.batching = name, base, batching
        self.versions, self.states = {}, {}

    def poll(self):
        names = os.listdir(self.base) if os.path.isdir(self.base) else []
        found = [n for n in names if n.isdigit() and os.path.isdir(os.path.join(self.base, n))]
        if not found:
            return print(f"no versions in {self.base}", file=sys.stderr, flush=True)
        folder = max(found, key=int)
        number = int(folder)
        if number in self.versions:
            return None
        self.states.setdefault(number, ("LOADING", "OK", ""))
        try:
            loaded = Version(number, os.path.join(self.base, folder), self.batching)
        except Exception as error:
            if self.states[number][0] != "END":
                print(f"version {number} can't be loaded: {error}", file=sys.stderr, flush=True)
            self.states[number] = ("END", "UNKNOWN", str(error))
            return None
        old, self.versions = self.versions, {number: loaded}
        self.states.update({gone: ("END", "OK", "") for gone in old})
        self.states[number] = ("AVAILABLE", "OK", "")
        loaded = f"{{name: {self.name} version: {number}}}"
        return print(f"Successfully loaded servable version {loaded}", file=sys.stderr, flush=True)

    def version(self, name, number):
        """The version that is asked for, or the latest where `number` is None."""
        versions = self.versions
        latest = max(versions, default=None)
        wanted = latest if number is None else int(number)
        if name != self.name or wanted not in versions:
            asked = f"Latest({name})" if number is None else f"Specific({name}, {number})"
            raise Refused("NOT_FOUND", f"Servable not found for request: {asked}")
        return versions[wanted]

    def status(self, name, number):
        states = sorted(self.states.items(), reverse=True)
        states = [s for s in states if number is None or s[0] == int(number)]
        if name != self.name or not states:
            raise Refused("NOT_FOUND", f"Could not find any versions of model {name}")
        return states
