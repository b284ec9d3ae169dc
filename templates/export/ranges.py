"""What values the pixels of a picture have, by how the model begins: one that divides by 255 takes 0 to 255."""

from pathlib import Path

import numpy as np

# What scaling is written as, and the largest value that it is for.
DIVISORS = ((16, 16), (127.5, 255), (255, 255))
PASSED = ("Cast", "Identity")
STORED = {"float32": "<f4", "int32": "<i4", "uint8": "u1", "uint16": "<u2", "float16": "<f2", "bool": "u1"}


def guess(folder: Path, described: dict, name: str, position: int):
    """`[low, high]` of the input with this name at this position, or None where the model doesn't show it."""
    try:
        if described.get("format") == "graph-model":
            divisor = _in_graph(folder, described, name)
        else:
            divisor = _in_layers(described, position)
    except (KeyError, IndexError, TypeError, ValueError, StopIteration):
        # A guess is no reason to fail over a model of an unusual form.
        return None
    if not divisor:
        return None
    return next(([0, high] for about, high in DIVISORS if abs(divisor - about) < 0.02 * about), None)


def _in_graph(folder, described, name):
    nodes = described["modelTopology"]["node"]
    at = described["signature"]["inputs"][name]["name"].split(":")[0]
    while True:
        after = [node for node in nodes if at in [each.split(":")[0] for each in node.get("input", [])]]
        if len(after) != 1:
            return None
        node = after[0]
        if node["op"] not in PASSED:
            break
        at = node["name"]
    if node["op"] not in ("Mul", "RealDiv", "Sub") or node["input"][0].split(":")[0] != at:
        return None
    value = float(np.mean(_weight(folder, described, node["input"][1].split(":")[0])))
    if node["op"] == "Sub":
        # The mean of pictures is about the middle of what pixels are.
        return 255 if 90 < value < 140 else None
    return 1 / value if node["op"] == "Mul" else value


def _in_layers(described, position):
    config = described["modelTopology"]["model_config"]["config"]
    layers = config["layers"] if isinstance(config, dict) else config
    inputs = [index for index, layer in enumerate(layers) if layer["class_name"] == "InputLayer"]
    after = layers[inputs[position] + 1]
    return 1 / after["config"]["scale"] if after["class_name"] == "Rescaling" else None


def _weight(folder, described, name):
    for group in described["weightsManifest"]:
        at = 0
        for weight in group["weights"]:
            packed = weight.get("quantization")
            kind = np.dtype(STORED[packed["dtype"] if packed else weight["dtype"]])
            size = int(np.prod(weight["shape"])) * kind.itemsize
            if weight["name"] == name:
                data = b"".join((folder / path).read_bytes() for path in group["paths"])
                values = np.frombuffer(data[at : at + size], kind).astype(np.float64)
                return values * packed["scale"] + packed["min"] if packed and "scale" in packed else values
            at += size
    raise KeyError(name)
