"""TFLite: plain, with weights of 8 or 16 bits, or in whole numbers throughout."""

import os
import re

import keras_files
import numpy as np
from problems import Failed, last_line

# TensorFlow's own converter lists what it has no operator for in these words.
MISSING = re.compile(r"(TF Select|Flex|Custom) ops: ([\w.,: ]+)")


# What it says of loops, such as those of LSTM and GRU, whose sizes depend on the number of rows.
OF_LOOPS = ("Lowering tensor list ops is failed", "element_shape to be static")
ONE_ROW = "takes one row at a time, since its loops need to know how many there are"


def convert(source, quantize, request, representative, work):
    """The bytes of the model, and what is to be said of it."""
    asked = quantize, request, representative
    try:
        return once(source, source.saved_model, source.tags, *asked), []
    except Exception as error:
        if source.batch != "any" or not is_of_loops(error):
            raise explained(error, quantize, request) from error
        first = error
    saved_model = one_row(source, work / f"one-row-{os.getpid()}")
    if saved_model is None:
        raise explained(first, quantize, request) from first
    try:
        return once(source, saved_model, ["serve"], *asked), [ONE_ROW]
    except Exception as error:
        raise explained(error, quantize, request) from error


def is_of_loops(error):
    return any(text in str(error) for text in OF_LOOPS)


def one_row(source, folder):
    """The model for one row at a time, which has to be made anew from its layers."""
    if folder.exists():
        return folder
    model = source.keras or keras_files.inside(source.saved_model)
    return keras_files.one_row(model, source.inputs, source.outputs, source.signature, folder) if model else None


def once(source, saved_model, tags, quantize, request, representative):
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(saved_model), signature_keys=[source.signature], tags=set(tags)
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
        converter._experimental_lower_tensor_list_ops = False
    converter.target_spec.supported_ops = operators
    return converter.convert()


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
    if quantize == "int8" and "Flex delegate" in text:
        return Failed(
            "ranges are found by running the model, and TensorFlow's own kernels can't be run here inside of TFLite",
            "--quantize dynamic or float16 needs no ranges",
        )
    if is_of_loops(error):
        return Failed(
            "TFLite can't have the model's loops (as of LSTM and GRU) for any number of rows",
            "export the .keras file that it was saved from, or a signature for one row; or give --select-tf-ops",
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
        found = {name: real(value, gives[name]) for name, value in runner(**given).items()}
        # An LSTM goes on from where the last row left it.
        interpreter.reset_all_variables()
        return found

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


def notes(path, quantize, request):
    """What an app has to know of it. Where whole numbers were asked for, whether it has them."""
    found = []
    if any("SEQUENCE_LSTM" in name or "SEQUENCE_RNN" in name for name in operators(path)["builtin"]):
        found.append("it remembers the last row: the app resets its variables before each")
    return found + (floats(path) if quantize == "int8" and request.io == "int8" else [])


def floats(path):
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(model_path=str(path))
    every = interpreter.get_input_details() + interpreter.get_output_details()
    names = [d["name"] for d in every if np.dtype(d["dtype"]).kind == "f"]
    return [f"{', '.join(names)} stay in floating point"] if names else []
