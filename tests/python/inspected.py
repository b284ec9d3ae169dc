"""Models as TensorFlow and Keras write them, each beside what their own tools say of it.

    inspected.py FOLDER

FOLDER/<name>/ is a SavedModel, FOLDER/<name>.show what `saved_model_cli show --all` prints of it;
FOLDER/<name>.tflite is a model of TensorFlow Lite, FOLDER/<name>.json what its interpreter says of it.
"""

import contextlib
import io
import json
import os
import sys
import time

import numpy as np
import tensorflow as tf
from absl import flags
from tensorflow.python.tools import saved_model_cli

v1 = tf.compat.v1


def several_tags(at):
    """As TensorFlow 1 writes it: one graph to train and one to serve, with the methods of its time."""
    builder = v1.saved_model.Builder(at)
    with v1.Session(graph=tf.Graph()) as session:
        x = v1.placeholder(tf.float32, [None, 3], "x")
        weight = v1.get_variable("weight", [3, 2])
        y = tf.identity(x @ weight, "y")
        example = v1.placeholder(tf.string, [None], "examples")
        parsed = v1.parse_example(example, {"x": v1.FixedLenFeature([3], tf.float32)})
        scores = tf.identity(parsed["x"] @ weight, "scores")
        session.run(v1.global_variables_initializer())
        info = v1.saved_model.build_tensor_info
        predict = v1.saved_model.build_signature_def(
            {"x": info(x)}, {"y": info(y)}, "tensorflow/serving/predict")
        classify = v1.saved_model.build_signature_def(
            {"inputs": info(example)}, {"scores": info(scores)}, "tensorflow/serving/classify")
        signatures = {"serving_default": predict, "classify": classify}
        builder.add_meta_graph_and_variables(session, ["train"], {"serving_default": predict})
        builder.add_meta_graph(["serve"], signatures)
        builder.add_meta_graph(["serve", "gpu"], signatures)
    builder.save()


class Text(tf.Module):
    """Takes strings: words with a vocabulary of its own, and pictures as bytes."""

    def __init__(self, vocabulary):
        super().__init__()
        self.words = tf.lookup.StaticHashTable(
            tf.lookup.TextFileInitializer(
                vocabulary, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64,
                tf.lookup.TextFileIndex.LINE_NUMBER), -1)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "text")])
    def look_up(self, text):
        return {"index": self.words.lookup(text), "upper_bytes": tf.strings.upper(text)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "image_bytes")])
    def decode(self, image_bytes):
        shape = tf.map_fn(lambda one: tf.shape(tf.io.decode_png(one)), image_bytes, tf.int32)
        return {"shape": shape}


def text(at):
    vocabulary = at + ".words"
    with open(vocabulary, "w") as file:
        file.write("one\ntwo\nthree\n")
    module = Text(vocabulary)
    tf.saved_model.save(module, at, {"serving_default": module.look_up, "decode": module.decode})
    extra = os.path.join(at, "assets.extra")
    os.makedirs(extra)
    # What they ask is not looked at, only how many there are.
    with tf.io.TFRecordWriter(os.path.join(extra, "tf_serving_warmup_requests")) as writer:
        for _ in range(3):
            writer.write(b"request")


def network():
    layers = tf.keras.layers
    image = tf.keras.Input((8, 8, 1), name="image")
    hidden = layers.Conv2D(4, 3, activation="relu")(image)
    hidden = layers.Flatten()(hidden)
    return tf.keras.Model(image, layers.Dense(10, activation="softmax", name="digit")(hidden))


class Many(tf.Module):
    """Many signatures: of all types, of any rank, sparse and ragged, without inputs, with defaults."""

    @tf.function(input_signature=[tf.TensorSpec(None, tf.float64, "x")])
    def any_rank(self, x):
        return {"sum": tf.reduce_sum(x), "same": x}

    @tf.function(input_signature=[tf.SparseTensorSpec([None, 4], tf.float32)])
    def sparse(self, x):
        return {"dense": tf.sparse.to_dense(x)}

    @tf.function(input_signature=[tf.RaggedTensorSpec([None, None], tf.int32)])
    def ragged(self, x):
        return {"lengths": x.row_lengths()}

    @tf.function(input_signature=[
        tf.TensorSpec([2, None], tf.int8, "a"), tf.TensorSpec([], tf.bool, "b"),
        tf.TensorSpec([None], tf.bfloat16, "c"), tf.TensorSpec([None], tf.uint64, "d"),
        tf.TensorSpec([1], tf.complex64, "e"), tf.TensorSpec([None], tf.half, "f")])
    def types(self, a, b, c, d, e, f):
        return {"a": a, "b": b, "c": c, "d": d, "e": e, "f": f}

    @tf.function(input_signature=[
        tf.TensorSpec([None], tf.float32, "x"), tf.TensorSpec([], tf.float32, "factor")])
    def scaled(self, x, factor=tf.constant(2.0)):
        return {"y": x * factor}

    @tf.function(input_signature=[])
    def constant(self):
        return {"answer": tf.constant(42)}


def many(at):
    module = Many()
    names = ["any_rank", "sparse", "ragged", "types", "scaled", "constant"]
    tf.saved_model.save(module, at, {name: getattr(module, name) for name in names})


class Functions(tf.Module):
    """Functions for Python, whose arguments are nested, or no tensors at all."""

    @tf.function
    def call(self, x, training=False, *, scale=1.5, mode="fast"):
        return x * scale if training else x

    @tf.function
    def nested(self, pair, named):
        return pair[0] + pair[1] + named["b"] + named["a"]


def functions(at):
    module = Functions()
    row, one = tf.TensorSpec([None, 2], tf.float32, "x"), tf.TensorSpec([], tf.float32)
    module.call.get_concrete_function(row)
    module.call.get_concrete_function(row, True, scale=-3, mode="slow")
    module.call.get_concrete_function(row, None)
    module.nested.get_concrete_function([one, one], {"b": one, "a": one})
    module.variable = tf.Variable([1.0, 2.0])
    tf.saved_model.save(module, at)


def show(at):
    """What `saved_model_cli show --all` prints; the program's flags may be parsed once only."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        saved_model_cli._show_all(at)
    with open(at + ".show", "w") as file:
        file.write(text.getvalue())


def lite(at, converter):
    with open(at + ".tflite", "wb") as file:
        model = converter.convert()
        file.write(model)
    interpreter = tf.lite.Interpreter(model_content=model)

    def details(all):
        return [{
            "name": one["name"], "dtype": np.dtype(one["dtype"]).name,
            "shape": [int(size) for size in one["shape_signature"]],
            "scale": [float(scale) for scale in one["quantization_parameters"]["scales"]],
            "zeroPoint": [int(zero) for zero in one["quantization_parameters"]["zero_points"]],
        } for one in all]

    operators = {}
    for one in interpreter._get_ops_details():
        # The interpreter's own, for operators that it hands to another library.
        if one["op_name"] != "DELEGATE":
            operators[one["op_name"]] = operators.get(one["op_name"], 0) + 1
    said = {
        "inputs": details(interpreter.get_input_details()),
        "outputs": details(interpreter.get_output_details()),
        "signatures": interpreter.get_signature_list(),
        "operators": operators,
    }
    with open(at + ".json", "w") as file:
        json.dump(said, file)


def lites(folder):
    keras = network()
    lite(f"{folder}/float", tf.lite.TFLiteConverter.from_keras_model(keras))
    converter = tf.lite.TFLiteConverter.from_keras_model(keras)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    rows = np.random.default_rng(1).random((8, 1, 8, 8, 1), np.float32)
    converter.representative_dataset = lambda: ([row] for row in rows)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    lite(f"{folder}/int8", converter)

    @tf.function(input_signature=[tf.TensorSpec([2, 2], tf.float32, "x")])
    def flexible(x):
        return {"y": tf.linalg.inv(x) + 1.0, "z": tf.math.erfc(x)}

    concrete = flexible.get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS,
                                           tf.lite.OpsSet.SELECT_TF_OPS]
    # `Erfc` is none of those that Flex may run: somebody else has to bring it.
    converter.allow_custom_ops = True
    lite(f"{folder}/flex", converter)


def main(folder):
    os.makedirs(folder, exist_ok=True)
    keras = network()
    made = {"tags": several_tags, "text": text, "many": many, "functions": functions,
            "digits": lambda at: keras.export(at, verbose=False)}
    begun = time.time()
    for name, make in made.items():
        at = os.path.join(folder, name)
        make(at)
        show(at)
    keras.save(f"{folder}/network.keras")
    keras.save(f"{folder}/network.h5")
    lites(folder)
    print(f"made in {time.time() - begun:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1])
