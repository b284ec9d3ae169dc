"""Makes the models that the tests of the page and of Node use, and what TensorFlow answers for each:

python models.py DIGITS_SAVED_MODEL HELD_OUT_JSONL FOLDER

Each folder below FOLDER has `tfjs/`, `facts.json` (what `pwa.build` is told) and `expected.json`.
"""

import json
import os
import sys
import types
from pathlib import Path

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "templates" / "export"))

import pwa

# What tensorflowjs imports and these conversions never call.
for name in ("tensorflow_decision_forests", "tensorflow_hub", "jax", "jax.experimental", "jax.experimental.jax2tf", "flax"):
    sys.modules.setdefault(name, types.ModuleType(name))
sys.modules["jax.experimental"].jax2tf = sys.modules["jax.experimental.jax2tf"]

import tensorflow as tf
import tf_keras as keras
from tensorflowjs.converters import converter


def main():
    digits, rows, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    rows = [json.loads(line) for line in rows.read_text().splitlines()]
    images = np.array([row["image"] for row in rows], np.float32)
    labels = [row["label"] for row in rows]

    model = tf.saved_model.load(digits).signatures["serving_default"]
    answer = next(iter(model(tf.constant(images)).values())).numpy()
    named = next(iter(model.structured_input_signature[1]))
    outcome = next(iter(model.structured_outputs))
    facts = {
        "title": "Digits",
        "model": "digits@3",
        "quantize": "none",
        "accuracy": float((answer.argmax(axis=1) == labels).mean()),
        "inputs": [{"name": named, "dtype": "float32", "shape": [None, 8, 8, 1], "range": [0, 16]}],
        "outputs": [{"name": outcome, "dtype": "float32", "shape": [None, 10]}],
    }
    graph(digits, folder / "digits", facts, {named: images}, {outcome: answer}, labels)

    layers = keras.models.load_model(digits, compile=False)
    target = folder / "digits-layers"
    target.mkdir(parents=True, exist_ok=True)
    layers.save(target / "model.h5")
    convert("--input_format=keras", "--output_format=tfjs_layers_model", target / "model.h5", target / "tfjs")
    write(target, facts, {named: images}, {outcome: answer}, labels)

    house(folder)
    colours(folder)
    words(folder)
    mood(folder)


def house(folder):
    """Two inputs of numbers, one number as the answer."""
    keras.utils.set_random_seed(1)
    size = keras.layers.Input((4,), name="size")
    place = keras.layers.Input((2,), name="place")
    hidden = keras.layers.Dense(8, activation="tanh")(keras.layers.Concatenate()([size, place]))
    model = keras.Model([size, place], keras.layers.Dense(1, name="price")(hidden))
    given = {
        "size": np.random.uniform(0, 3, (5, 4)).astype("float32"),
        "place": np.random.uniform(-1, 1, (5, 2)).astype("float32"),
    }
    saved(model, folder / "house", "House price", given, ["price"], {"size": None, "place": [-1, 1]})


def colours(folder):
    """A picture with three channels, whose classes have names."""
    keras.utils.set_random_seed(2)
    image = keras.layers.Input((96, 96, 3), name="photo")
    layer = keras.layers.Conv2D(8, 5, strides=3, activation="relu")(image)
    layer = keras.layers.GlobalAveragePooling2D()(layer)
    model = keras.Model(image, keras.layers.Dense(4, activation="softmax", name="kind")(layer))
    given = {"photo": np.random.uniform(0, 1, (5, 96, 96, 3)).astype("float32")}
    saved(
        model, folder / "photo", "Garden birds <b>& more</b>", given, ["kind"], {"photo": [0, 1]},
        ["Robin", "Great spotted woodpecker", "Blackbird", "<img src=x onerror=alert(1)>"],
    )


def mood(folder):
    """A text as the input, by operations that TensorFlow.js has."""

    class Mood(tf.Module):
        def __init__(self):
            self.table = tf.Variable(np.random.RandomState(0).normal(size=(16, 3)).astype("float32"))

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "text")])
        def serve(self, text):
            return {"mood": tf.nn.softmax(tf.gather(self.table, tf.strings.to_hash_bucket_fast(text, 16)))}

    module = Mood()
    target = folder / "mood"
    tf.saved_model.save(module, str(target / "saved"), signatures={"serving_default": module.serve})
    facts = {
        "title": "Mood", "model": "mood", "quantize": "none", "labels": ["good", "bad", "odd"],
        "inputs": [{"name": "text", "dtype": "string", "shape": [None]}],
        "outputs": [{"name": "mood", "dtype": "float32", "shape": [None, 3]}],
    }
    given = np.array(["hello", "a b"])
    graph(target / "saved", target, facts, {"text": given}, {"mood": module.serve(tf.constant(given))["mood"].numpy()}, [])


def words(folder):
    """A text as the input, by an operation that TensorFlow.js lacks."""

    class Words(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "text")])
        def serve(self, text):
            size = tf.cast(tf.strings.length(text), tf.float32)
            return {"score": tf.stack([size, 10 - size], axis=1)}

    module = Words()
    target = folder / "words"
    tf.saved_model.save(module, str(target / "saved"), signatures={"serving_default": module.serve})
    facts = {
        "title": "Mood of a sentence", "model": "words", "quantize": "none",
        "inputs": [{"name": "text", "dtype": "string", "shape": [None]}],
        "outputs": [{"name": "score", "dtype": "float32", "shape": [None, 2]}],
        "labels": ["cheerful", "sad"],
    }
    convert("--input_format=tf_saved_model", "--output_format=tfjs_graph_model", "--skip_op_check", target / "saved", target / "tfjs")
    write(target, facts, {}, {}, [])


def saved(model, target, title, given, outputs, ranges, labels=None):
    model.save(target / "saved", save_format="tf")
    answers = model.predict(given, verbose=0)
    facts = {
        "title": title, "model": target.name, "quantize": "none", **({"labels": labels} if labels else {}),
        "inputs": [
            {"name": name, "dtype": "float32", "shape": [None, *rows.shape[1:]], **({"range": ranges[name]} if ranges[name] else {})}
            for name, rows in given.items()
        ],
        "outputs": [{"name": outputs[0], "dtype": "float32", "shape": [None, *answers.shape[1:]]}],
    }
    graph(target / "saved", target, facts, given, {outputs[0]: answers}, [])


def graph(source, target, facts, given, answers, labels):
    convert("--input_format=tf_saved_model", "--output_format=tfjs_graph_model", "--signature_name=serving_default", source, target / "tfjs")
    write(target, facts, given, answers, labels)


def convert(*arguments):
    converter.convert([str(argument) for argument in arguments])


def write(target, facts, given, answers, labels):
    (target / "facts.json").write_text(json.dumps(facts, indent=1))
    plain = {
        "inputs": {name: rows.tolist() for name, rows in given.items()},
        "outputs": {name: rows.tolist() for name, rows in answers.items()},
        "labels": labels,
    }
    (target / "expected.json").write_text(json.dumps(plain))
    pwa.build(target / "site", target / "tfjs", facts)


main()
