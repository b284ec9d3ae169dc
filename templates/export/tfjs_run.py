"""Answers of a TensorFlow.js model, by the library itself in Node."""

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np

import library

HERE = Path(__file__).resolve().parent

# The types that TensorFlow.js knows; others are given as the nearest of them.
TYPES = {"f": "float32", "i": "int32", "u": "int32", "b": "bool", "U": "string", "S": "string", "O": "string"}
STORED = {"float32": "<f4", "int32": "<i4", "bool": "u1"}


class Failed(Exception):
    """Why the model gave no answer, in a sentence."""


def predict(tfjs_dir, inputs, repeat=1, backend="auto"):
    """The outputs for all rows by name; median and 95th percentile in ms of one row, taken `repeat` times; the peak of
    Node's memory in bytes; and what ran it.

    `backend` is `cpu`, `wasm`, or `auto`: the faster WASM where it knows all operations of the model.
    """
    with tempfile.TemporaryDirectory(prefix="mlctl-tfjs-") as folder:
        folder = Path(folder)
        job = {
            "library": str(library.library()),
            "model": str(Path(tfjs_dir).resolve()),
            "inputs": [_store(folder, number, name, rows) for number, (name, rows) in enumerate(inputs.items())],
            "repeat": max(1, int(repeat)),
            "backend": backend,
            "result": str(folder),
        }
        (folder / "job.json").write_text(json.dumps(job))
        done = subprocess.run(
            [str(library.node()), str(HERE / "predict.mjs"), str(folder / "job.json")],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
        )
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines()
            raise Failed(lines[-1] if lines else f"Node ended with {done.returncode}")
        result = json.loads((folder / "result.json").read_text())
        outputs = {output["name"]: _load(folder, output) for output in result["outputs"]}
    latency = {
        "median": round(float(np.median(result["times"])), 3),
        "p95": round(float(np.percentile(result["times"], 95)), 3),
    }
    return outputs, latency, result["memoryBytes"], result["runtime"]


def _store(folder, number, name, rows):
    rows = np.asarray(rows)
    kind = TYPES.get(rows.dtype.kind)
    if kind is None:
        raise Failed(f"TensorFlow.js has no type for {rows.dtype}, which input {name} is of")
    file = folder / f"input-{number}"
    if kind == "string":
        texts = [text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text) for text in rows.ravel().tolist()]
        file.write_text(json.dumps(texts))
    else:
        file.write_bytes(np.ascontiguousarray(rows, STORED[kind]).tobytes())
    return {"name": name, "dtype": kind, "shape": list(rows.shape), "file": str(file)}


def _load(folder, output):
    data = (folder / output["file"]).read_bytes()
    if output["dtype"] == "string":
        return np.array(json.loads(data), object).reshape(output["shape"])
    return np.frombuffer(data, STORED[output["dtype"]]).reshape(output["shape"])
