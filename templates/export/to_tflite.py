"""TFLite: plain, with weights of 8 or 16 bits, or in whole numbers throughout."""

import re

import numpy as np

from problems import Failed, last_line

# TensorFlow's own converter lists what it has no operator for in these words.
MISSING = re.compile(r"(TF Select|Flex|Custom) ops: ([\w.,: ]+)")


def convert(source, quantize, request, representative):
    """The bytes of the model."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(source.saved_model), signature_keys=[source.signature], tags=set(source.tags)
    )
    operators = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if quantize != "none":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantize == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if quantize == "int8":
        operators = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.representative_dataset = lambda: calibration(source, representative)
        if request.io == "int8":
            converter.inference_input_type = io_type(source.inputs, tf)
            converter.inference_output_type = io_type(source.outputs, tf)
    if request.select_tf_ops:
        operators.append(tf.lite.OpsSet.SELECT_TF_OPS)
    converter.target_spec.supported_ops = operators
    try:
        return converter.convert()
    except Exception as error:
        raise explained(error, quantize, request) from error


def io_type(fields, tf):
    return tf.int8 if any(f.dtype == "float32" for f in fields) else tf.float32


def calibration(source, representative):
    for row in representative.arrays:
        arrays = row if source.batch == "whole" else {name: array[None] for name, array in row.items()}
        yield source.signature, arrays


def explained(error, quantize, request):
    text = str(error)
    missing = {}
    for kind, names in MISSING.findall(text):
        kind = "custom" if kind == "Custom" else "select"
        found = [name.strip().removeprefix("Flex").removeprefix("tf.") for name in names.split(",")]
        missing.setdefault(kind, set()).update(name for name in found if name)
    if "custom" in missing:
        names = ", ".join(sorted(missing["custom"]))
        return Failed(
            f"neither TFLite nor TensorFlow's kernels for it have the operators {names}",
            "leave what uses them out of the exported signature, and do it in the app",
        )
    if "select" in missing:
        names = ", ".join(sorted(missing["select"]))
        return Failed(
            f"TFLite has no operators of its own for {names}",
            "--select-tf-ops takes TensorFlow's kernels for them; the app then needs the Flex delegate",
        )
    lacks = re.search(r"[Qq]uantization (?:is )?not yet supported for op: '?(\w+)'?", text)
    if lacks:
        return Failed(
            f"the operator {lacks[1]} has no form in whole numbers",
            "--quantize dynamic or float16 keeps such operators in floating point",
        )
    if quantize == "int8" and "custom" not in text and "not quantiz" in text.lower():
        return Failed(last_line(text), "--quantize dynamic or float16 keeps such operators in floating point")
    return Failed(f"the converter to TFLite failed: {last_line(text)}")


def operators(path):
    """Which operators a model uses: TFLite's own, TensorFlow's by the Flex delegate, and others' own."""
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.Model.GetRootAs(path.read_bytes())
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    found = {"builtin": set(), "select": set(), "custom": set()}
    for subgraph in (model.Subgraphs(i) for i in range(model.SubgraphsLength())):
        for operator in (subgraph.Operators(i) for i in range(subgraph.OperatorsLength())):
            code = model.OperatorCodes(operator.OpcodeIndex())
            if code.CustomCode():
                name = code.CustomCode().decode("utf-8", "replace")
                found["select" if name.startswith("Flex") else "custom"].add(name)
            else:
                number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
                found["builtin"].add(names.get(number, f"operator {number}"))
    return {kind: sorted(names) for kind, names in found.items()}


def opened(path, source):
    """The model as a function from arrays to arrays, both as the original has them."""
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(model_path=str(path))
    keys = list(interpreter.get_signature_list())
    runner = interpreter.get_signature_runner(source.signature if source.signature in keys else keys[0])
    takes, gives = runner.get_input_details(), runner.get_output_details()

    def predict(arrays):
        # An input that no output depends on is left out by the converter.
        given = {name: whole(arrays[name], takes[name]) for name in takes}
        return {name: real(value, gives[name]) for name, value in runner(**given).items()}

    return predict


def whole(array, details):
    """Numbers as the model's whole numbers, where it takes such."""
    scale, zero = details["quantization"]
    if array.dtype.kind == "f" and np.dtype(details["dtype"]).kind in "iu" and scale:
        limits = np.iinfo(details["dtype"])
        return np.clip(np.round(array / scale + zero), limits.min, limits.max).astype(details["dtype"])
    return array if array.dtype == object else array.astype(details["dtype"])


def real(array, details):
    scale, zero = details["quantization"]
    if np.dtype(details["dtype"]).kind in "iu" and scale:
        return (array.astype("float32") - zero) * np.float32(scale)
    return array


def notes(path, request):
    """Where whole numbers were asked for and the model doesn't have them."""
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(model_path=str(path))
    every = interpreter.get_input_details() + interpreter.get_output_details()
    floats = [d["name"] for d in every if np.dtype(d["dtype"]).kind == "f"]
    if floats and request.io == "int8":
        return [f"{', '.join(floats)} stay in floating point"]
    return []
