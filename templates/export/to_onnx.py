"""ONNX, by tf2onnx; run by onnxruntime."""

import re

import numpy as np

from problems import Failed, last_line

OPSET = 17  # what runtimes of the last years all have


def convert(source, path):
    import tensorflow as tf
    import tf2onnx
    from tf2onnx import tf_loader

    try:
        graph, inputs, outputs, tables, renamed = tf_loader.from_saved_model(
            str(source.saved_model), None, None, ",".join(source.tags), [source.signature],
            return_initialized_tables=True, return_tensors_to_rename=True,
        )  # fmt: skip
        with tf.device("/cpu:0"):
            tf2onnx.convert._convert_common(
                graph, name=source.signature, opset=OPSET, input_names=inputs, output_names=outputs,
                tensors_to_rename=renamed, initialized_tables=tables, output_path=str(path),
            )  # fmt: skip
    except Exception as error:
        raise explained(error) from error
    # What it doesn't know it leaves as it is, and calls it a success.
    unknown = [name for name in operators(path)["builtin"] if not is_onnx(name)]
    if unknown:
        raise lacking(unknown)


def is_onnx(name):
    import onnx

    try:
        onnx.defs.get_schema(name, OPSET)
        return True
    except onnx.defs.SchemaError:
        return False


def lacking(names):
    return Failed(
        f"ONNX has no operators for {', '.join(sorted(names))}",
        "leave what uses them out of the exported signature, and do it in the app",
    )


def explained(error):
    text = str(error)
    missing = set(re.findall(r"Tensorflow op \[[^:\]]*: (\w+)\] is not supported", text))
    missing |= set(re.findall(r"(?:Unsupported ops|ops? not supported)[^\n]*?'(\w+)'", text))
    if missing:
        return lacking(missing)
    if "2GB" in text or "exceeds" in text:
        return Failed(f"the model is too large for one ONNX file: {last_line(text)}")
    return Failed(f"the converter to ONNX failed: {last_line(text)}")


def operators(path):
    import onnx

    model = onnx.load(str(path), load_external_data=False)
    found = {"builtin": set(), "select": set(), "custom": set()}
    for node in model.graph.node:
        own = node.domain in ("", "ai.onnx")
        found["builtin" if own else "custom"].add(node.op_type if own else f"{node.domain}.{node.op_type}")
    return {kind: sorted(names) for kind, names in found.items()}


def opened(path, source):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    takes = {entry.name.split(":")[0]: entry.name for entry in session.get_inputs()}
    gives = [entry.name for entry in session.get_outputs()]
    names = [name.split(":")[0] for name in gives]

    def predict(arrays):
        given = {takes[name]: texts(array) for name, array in arrays.items() if name in takes}
        return dict(zip(names, session.run(gives, given)))

    return predict


def texts(array):
    if array.dtype != object:
        return array
    return np.vectorize(lambda value: value.decode("utf-8", "replace"), otypes=[object])(array)
