"""An export beside its original: operators, answers, latency and memory, by the export's own interpreter."""

import sys
from importlib import metadata

import measure
import numpy as np
from judge import difference
from problems import Failed

# Rows that Node is given at once.
TOGETHER = 512
ONE_BY_ONE = 50
# Of the largest number; floating point of 32 bits in another order of operations stays far below.
ROUNDING = 0.01
PACKAGES = {
    "tflite": ["tensorflow"],
    "tfjs": ["tensorflow", "tensorflowjs"],
    "onnx": ["tensorflow", "tf2onnx", "onnx", "onnxruntime"],
}


class NotRun(Failed):
    """It was made, and what would run it isn't here."""

    def __init__(self, message, facts, hint=None):
        super().__init__(message, hint)
        self.facts = facts


def versions(request):
    names = {name for target in request.to for name in PACKAGES[target]}
    found = {"python": sys.version.split()[0]}
    for name in sorted(names):
        for package in (name, f"{name}-cpu"):
            try:
                found[name] = metadata.version(package)
                break
            except metadata.PackageNotFoundError:
                pass
    return found


def examine(target, quantize, path, source, rows, reference, judge):
    facts = {}
    if target == "tfjs":
        if reference is None:
            return facts
        outputs, facts = by_node(path, rows.arrays, source.batch)
    else:
        facts["operators"], open_model, facts["runtime"] = interpreter(target, path, source)
        if reference is None:
            return facts
        outputs, measured = measure.run(open_model, rows.arrays, source.batch)
        facts.update(measured)
    largest = difference(reference, outputs)
    facts["notes"] = []
    if largest is not None:
        facts["maxDifference"] = largest
        if quantize == "none" and largest > ROUNDING * extent(reference):
            facts["notes"].append("the answers differ from the original's by more than rounding")
    if judge:
        facts.update(judge.judged(outputs))
    if not rows.given:
        facts["notes"].append("compared on random numbers, since no rows were given")
    return facts


def extent(outputs):
    """The largest number that a model answers."""
    sizes = [np.abs(a).max() for a in outputs.values() if a.dtype.kind == "f" and a.size and np.isfinite(a).all()]
    return float(max(sizes, default=np.inf))


def interpreter(target, path, source):
    """An export's operators, a function that opens it, and what runs it."""
    if target == "tflite":
        import tensorflow as tf
        import to_tflite

        operators = to_tflite.operators(path)
        if operators["select"]:
            raise NotRun("TensorFlow's own kernels need the Flex delegate, which tf.lite has not got here",
                         {"operators": operators})  # fmt: skip
        return operators, lambda: to_tflite.opened(path, source), f"tf.lite {tf.__version__}"
    import to_onnx

    operators = to_onnx.operators(path)
    try:
        import onnxruntime
    except ImportError:
        raise NotRun("onnxruntime isn't in this environment", {"operators": operators}) from None
    return operators, lambda: to_onnx.opened(path, source), f"onnxruntime {onnxruntime.__version__}"


def by_node(folder, rows, batch):
    """The answers of TensorFlow.js."""
    try:
        import library
        import tfjs_run
    except ImportError as error:
        raise NotRun(f"TensorFlow.js can't be run here ({error})", {}) from None
    if batch == "whole" and len(rows) > ONE_BY_ONE:
        raise NotRun(f"without a dimension for rows, Node takes one at a time, and {len(rows)} are too many", {})
    try:
        # It takes rows apart by itself where the model takes one at a time.
        batch = "any" if batch == "one" else batch
        outputs = measure.answers(lambda arrays: tfjs_run.predict(folder, arrays)[0], rows, batch, TOGETHER)
        one = measure.joined(rows[:1], batch)
        _, latency, memory, runtime = tfjs_run.predict(folder, one, repeat=50)
    except library.Missing as error:
        raise NotRun(str(error).rstrip("."), {}) from None
    except tfjs_run.Failed as error:
        raise Failed(f"it is made, and TensorFlow.js can't run it: {error}") from None
    return outputs, {"latencyMs": latency, "memoryBytes": memory, "runtime": runtime}
