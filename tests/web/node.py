"""Whether TensorFlow.js in Node answers as TensorFlow does: python node.py FOLDER... of those that models.py makes."""

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "templates" / "export"))

import tfjs_run

NEAR = 1e-4

wrong = False
for folder in map(Path, sys.argv[1:]):
    expected = json.loads((folder / "expected.json").read_text())
    kinds = {each["name"]: each["dtype"] for each in json.loads((folder / "facts.json").read_text())["inputs"]}
    given = {name: np.array(rows, object if kinds[name] == "string" else kinds[name]) for name, rows in expected["inputs"].items()}
    for backend in ("auto", "cpu"):
        outputs, latency, memory, runtime = tfjs_run.predict(folder / "tfjs", given, repeat=5, backend=backend)
        far = max(float(np.abs(outputs[name] - np.array(rows)).max()) for name, rows in expected["outputs"].items())
        wrong |= not far <= NEAR
        told = {"model": folder.name, "maxDifference": far, "latencyMs": latency, "memoryBytes": memory, "runtime": runtime}
        print(json.dumps(told))
sys.exit(1 if wrong else 0)
