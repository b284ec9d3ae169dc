"""What is asked for: the arguments of `export.py`."""

import argparse
import math

from problems import Wrong

# The quantizations that each target knows.
KNOWN = {
    "tflite": ("none", "dynamic", "float16", "int8"),
    "tfjs": ("none", "uint8", "uint16", "float16"),
    "onnx": ("none",),
}
QUANTIZATIONS = ("none", "dynamic", "float16", "int8", "uint8", "uint16")


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise Wrong(message)


def listed(known, what):
    def several(text):
        names = [name.strip() for name in text.split(",") if name.strip()]
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is no {what}: {', '.join(known)}")
        return names

    return several


def parse(argv):
    parser = Parser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--model", required=True)
    parser.add_argument("--to", action="extend", type=listed(tuple(KNOWN), "target"), default=[])
    parser.add_argument("--quantize", action="extend", type=listed(QUANTIZATIONS, "quantization"), default=[])
    parser.add_argument("--representative")
    parser.add_argument("--evaluate")
    parser.add_argument("--label")
    parser.add_argument("--min-accuracy", type=float)
    parser.add_argument("--io", choices=["int8", "float"], default="int8")
    parser.add_argument("--select-tf-ops", action="store_true")
    parser.add_argument("--signature")
    parser.add_argument("--tags")
    parser.add_argument("--pwa", action="store_true")
    parser.add_argument("--title")
    parser.add_argument("--name")
    request = parser.parse_args(argv)
    request.to = list(dict.fromkeys(request.to))
    request.quantize = list(dict.fromkeys(request.quantize))
    check(request)
    return request


def check(request):
    if not request.to:
        raise Wrong("nothing to export to: give --to tflite, --to tfjs or --to onnx")
    for name in request.quantize:
        if not any(name in KNOWN[target] for target in request.to):
            fit = " or ".join(f"--to {target}" for target in KNOWN if name in KNOWN[target])
            raise Wrong(f"--quantize {name} is known by none of the targets: give {fit} too")
    if "int8" in request.quantize and not request.representative:
        also = ""
        if request.evaluate:
            also = " The rows of --evaluate aren't taken: the accuracy would be that of rows which it was fitted to."
        raise Wrong(
            "--quantize int8 needs some hundred rows like those that the model is going to get, from which the "
            f"ranges of its numbers follow: give --representative URI (JSON Lines, CSV or TFRecord).{also}"
        )
    if request.label is not None and not request.evaluate:
        raise Wrong(f"--label {request.label} names a field of the rows of --evaluate: give --evaluate URI too")
    if request.min_accuracy is not None:
        if not (request.evaluate and request.label):
            raise Wrong("--min-accuracy needs rows with answers: give --evaluate URI and --label FIELD")
        if not math.isfinite(request.min_accuracy) or not 0 <= request.min_accuracy <= 1:
            raise Wrong(f"--min-accuracy is a number from 0 to 1, not {request.min_accuracy}")
    if request.pwa and "tfjs" not in request.to:
        raise Wrong("--pwa is made from a TensorFlow.js model: give --to tfjs too")


def wanted(request):
    """The exports, each a target and a quantization, in the order in which they are made."""
    for target in request.to:
        names = [name for name in request.quantize if name in KNOWN[target]]
        for name in names or ["none"]:
            yield target, name


def place(target, quantize):
    """Where an export lies in the folder of results."""
    mark = "" if quantize == "none" else f"-{quantize}"
    return f"tfjs{mark}" if target == "tfjs" else f"model{mark}.{target}"
