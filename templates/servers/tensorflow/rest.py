"""TF Serving's REST API over one model."""
import base64
import json
import re
from http.server import BaseHTTPRequestHandler

import numpy as np
import tensorflow as tf
from google.protobuf import json_format

from model import Refused, invalid, refusal

HTTP = {"INVALID_ARGUMENT": 400, "NOT_FOUND": 404, "ALREADY_EXISTS": 409, "RESOURCE_EXHAUSTED": 429,
        "CANCELLED": 499, "UNIMPLEMENTED": 501, "UNAVAILABLE": 503, "DEADLINE_EXCEEDED": 504}


def array_of(value, dtype, name):
    """A JSON value as an array of exactly this type."""
    try:
        if dtype == tf.string:
            return strings(value, name)
        array = np.array(value)
    except (ValueError, OverflowError) as error:
        raise invalid(f"input {name}: {error}") from None
    kinds = "b" if dtype.is_bool else "iu" if dtype.is_integer else "fiu"
    if array.size and array.dtype.kind not in kinds:
        raise unexpected(value, dtype, name)
    if array.size and dtype.is_integer:
        if int(array.min()) < dtype.min or int(array.max()) > dtype.max:
            raise invalid(f"input {name}: a number is out of the range of {dtype.name}")
    return array.astype(dtype.as_numpy_dtype)


def unexpected(value, dtype, name):
    return invalid(f"input {name}: JSON Value: {json.dumps(value)[:200]} is not of expected type: "
                   f"{dtype.name}")


def strings(value, name):
    if isinstance(value, list):
        parts = [strings(part, name) for part in value]
        return np.stack(parts) if parts else np.empty((0,), object)
    if isinstance(value, dict) and value.keys() == {"b64"}:
        try:
            value = base64.b64decode(value["b64"], validate=True)
        except (TypeError, ValueError) as error:
            raise invalid(f"Unable to base64 decode: {error}") from None
    elif isinstance(value, str):
        value = value.encode()
    else:
        raise unexpected(value, tf.string, name)
    array = np.empty((), object)
    array[()] = value
    return array


def rows_of(instances, declared):
    """The row format: a list of values, or of objects with a value for each input."""
    if not isinstance(instances, list) or not instances:
        raise invalid("'instances' must be a list that is not empty")
    types = {name: tf.as_dtype(info.dtype) for name, info in declared.items()}
    first, only = instances[0], next(iter(types), None) if len(types) == 1 else None
    is_bytes = isinstance(first, dict) and first.keys() == {"b64"} and types.get(only) == tf.string
    if not isinstance(first, dict) or is_bytes:
        if only is None:
            raise invalid("instances is a plain list, but expecting list of objects as multiple "
                          f"input tensors required as per tensorinfo_map: {sorted(types)}")
        return {only: array_of(instances, types[only], only)}
    for at, row in enumerate(instances):
        if not isinstance(row, dict) or row.keys() != types.keys():
            keys = sorted(row) if isinstance(row, dict) else json.dumps(row)[:200]
            raise invalid(f"Failed to process element: {at} of 'instances' list: it has {keys}, "
                          f"and the inputs are {sorted(types)}")
    return {name: array_of([row[name] for row in instances], types[name], name) for name in types}


def columns_of(inputs, declared):
    """The columnar format: one tensor, or an object with a tensor for each input."""
    types = {name: tf.as_dtype(info.dtype) for name, info in declared.items()}
    if not isinstance(inputs, dict) or inputs.keys() == {"b64"} != types.keys():
        if len(types) != 1:
            raise invalid(f"'inputs' is a plain value, and the inputs are {sorted(types)}")
        inputs = {next(iter(types)): inputs}
    if inputs.keys() != types.keys():
        raise invalid(f"'inputs' has {sorted(inputs)}, and the inputs are {sorted(types)}")
    return {name: array_of(inputs[name], types[name], name) for name in types}


def json_of(array, name):
    """An array as JSON's lists. Floats have the digits of their own type, as TF Serving has it."""
    kind = array.dtype.kind
    if kind in "SOU":
        def text(value):
            if isinstance(value, list):
                return [text(part) for part in value]
            if name.endswith("_bytes"):
                return {"b64": base64.b64encode(value).decode()}
            return value.decode(errors="replace") if isinstance(value, bytes) else value
        return text(array.tolist())
    if kind in "biu":
        return array.tolist()
    if array.dtype != np.float64:
        array = array.astype(np.float32).astype("U").astype(np.float64)
    return array.tolist()


def predict(model, name, number, body):
    try:
        request = json.loads(body)
    except ValueError as error:
        raise invalid(f"JSON Parse error: {error}") from None
    if not isinstance(request, dict) or ("instances" in request) == ("inputs" in request):
        raise invalid("the request must be an object with either 'instances' or 'inputs'")
    version = model.version(name, number)
    signature = version.signature(request.get("signature_name"))
    declared = version.signature_def[signature].inputs
    if "inputs" in request:
        outputs = version.run(signature, columns_of(request["inputs"], declared))
        found = {key: json_of(array, key) for key, array in outputs.items()}
        return {"outputs": next(iter(found.values())) if len(found) == 1 else found}
    inputs, count = rows_of(request["instances"], declared), len(request["instances"])
    outputs = version.run(signature, inputs)
    for key, array in outputs.items():
        if array.shape[:1] != (count,):
            raise invalid(f"Tensor name: {key} has inconsistent batch size: "
                          f"{array.shape[0] if array.ndim else 'none'} expecting: {count}")
    columns = {key: json_of(array, key) for key, array in outputs.items()}
    if len(columns) == 1:
        return {"predictions": next(iter(columns.values()))}
    return {"predictions": [dict(zip(columns, row)) for row in zip(*columns.values())]}


PATH = re.compile(r"/v1/models/([^/:]+)(?:/versions/(\d+))?(:predict|/metadata)?")


def rest(model):
    """The class of a handler of HTTP requests."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def log_message(self, *_):
            pass

        def answer(self, post):
            code = 200
            try:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                match = PATH.fullmatch(self.path.split("?")[0])
                name, number, what = match.groups() if match else (None, None, None)
                if not match or post != (what == ":predict"):
                    raise Refused("NOT_FOUND", f"Malformed request: {self.command} {self.path}")
                if post:
                    answer = predict(model, name, number, body)
                elif what:
                    answer = metadata(model.version(name, number), name)
                else:
                    answer = status(model, name, number)
            except Exception as error:
                told = refusal(error)
                code, answer = HTTP.get(told.code, 500), {"error": str(told)}
            data = json.dumps(answer, indent=None if post else 1).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self):
            self.answer(post=False)

        def do_POST(self):
            self.answer(post=True)

    return Handler


def status(model, name, number):
    return {"model_version_status": [
        {"version": str(version), "state": state,
         "status": {"error_code": code, "error_message": message}}
        for version, (state, code, message) in model.status(name, number)]}


def metadata(version, name):
    signatures = {key: json_format.MessageToDict(value, preserving_proto_field_name=True,
                                                 always_print_fields_with_no_presence=True)
                  for key, value in version.signature_def.items()}
    return {"model_spec": {"name": name, "signature_name": "", "version": str(version.number)},
            "metadata": {"signature_def": {"signature_def": signatures}}}
