"""The scripts of `mlctl export`: PYTHON tests/python/export_test.py

With NumPy alone rows, labels and requests are tried; with the packages of templates/export/ also conversions.
"""

import contextlib
import gzip
import importlib.util
import io
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "templates" / "export"
sys.path.insert(0, str(SCRIPTS))
sys.dont_write_bytecode = True

import numpy as np

import judge
import locate
import report
import request
import rows
import taken
from fit import Fit
from problems import Failed, Wrong
from source import Field, Source

HAS_TENSORFLOW = importlib.util.find_spec("tensorflow") is not None


def source(*inputs, outputs=(("y", "float32", [None, 3]),)):
    fields = [[Field(*f) for f in side] for side in (inputs, outputs)]
    return Source("savedModel", 0, Path(), "serving_default", ["serve"], *fields)


class Folder(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.addCleanup(self.stack.close)

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def wrong(self, *words):
        return self.assertRaisesRegex(Wrong, ".*".join(words))


class Rows(Folder):
    IMAGE = ("image", "float32", [None, 2, 2])

    def fields(self, path):
        return [row().fields for row in rows.read(path)]

    def arrays(self, text, *inputs, name="rows.jsonl", label=None, finite=False):
        path = self.write(name, text)
        fit = Fit(source(*(inputs or [self.IMAGE])), label, finite)
        return [fit.arrays(row()) for row in rows.read(path)]

    def test_formats(self):
        expected = [{"a": "1", "b": "x"}, {"a": "2", "b": "y"}]
        self.assertEqual(self.fields(self.write("a.csv", "a,b\n1,x\n2,y\n")), expected)
        self.assertEqual(self.fields(self.write("a.tsv.gz", gzip.compress(b"a\tb\n1\tx\n2\ty\n"))), expected)
        self.assertEqual(self.fields(self.write("a.jsonl", '\ufeff{"a": 1}\n\n{"a": 2}')), [{"a": 1}, {"a": 2}])
        # What was fetched has no ending.
        self.assertEqual(self.fields(self.write("rows", '{"a": 1}')), [{"a": 1}])
        self.assertEqual(self.fields(self.write("table", "1,2\n3,4\n")), [{"0": "1", "1": "2"}, {"0": "3", "1": "4"}])
        self.write("many/2.jsonl", '{"a": 2}')
        self.write("many/1.csv", "a,b\n1,x\n")
        self.write("many/_SUCCESS", "")
        self.assertEqual(self.fields(self.folder / "many"), [{"a": "1", "b": "x"}, {"a": 2}])

    def test_broken_files(self):
        for name, content, words in [
            ("a.jsonl", '{"a": 1}\n{"a": ', "a.jsonl, row 2 is no JSON"),
            ("a.csv", "a,b\n1,2\n3\n", "row 2 has 1 columns, and 2"),
            ("b.csv", "a,a\n1,2\n", "two columns named 'a'"),
            ("a.jsonl.gz", gzip.compress(b'{"a": 1}' * 100)[:-12], "cut off"),
            ("c.csv", b"\xff\xfe1,2", "no UTF-8"),
        ]:
            with self.wrong(words):
                self.fields(self.write(name, content))
        with self.wrong("no rows in JSON Lines, CSV or TFRecord; it has saved_model.pb"):
            self.fields(self.write("model/saved_model.pb", "x").parent)
        with self.wrong("there are no rows at"):
            self.fields(self.folder / "none")

    def test_records(self):
        """Framed as TFRecord has it; what is in them takes TensorFlow to read."""

        def framed(data):
            length = struct.pack("<Q", len(data))
            return length + struct.pack("<I", rows.checksum(length)) + data + b"\0\0\0\0"

        # The sum that TensorFlow writes for a record of 5 bytes.
        self.assertEqual(rows.checksum(struct.pack("<Q", 5)), 0x3E04B2EA)
        two = framed(b"hello") + framed(b"more")
        for name, content in [("a.tfrecord", two), ("b.tfrecord.gz", gzip.compress(two)), ("c", two)]:
            self.assertEqual(len(list(rows.read(self.write(name, content)))), 2)
        for content, words in [(two[:-2], "cut off in row 2"), (two[:25], "row 2 doesn't begin"), (b"x" * 50, "row 1")]:
            with self.wrong(words):
                list(rows.read(self.write("d.tfrecord", content)))

    def test_rows_fit_the_signature(self):
        square = [[1, 2], [3, 4]]
        for text, name in [
            ('{"image": [[1, 2], [3, 4]], "other": 5}', "rows.jsonl"),
            ('{"image": [1, 2, 3, 4]}', "rows.jsonl"),
            ('{"id": 7, "label": 1, "pixels": [1, 2, 3, 4]}', "rows.jsonl"),
            ("[[1, 2], [3, 4]]", "rows.jsonl"),
            ("label,a,b,c,d\n1,1,2,3,4\n", "rows.csv"),
            ("id,a,b,c,d,label\nx,1,2,3,4,1\n", "rows.csv"),
            ("1,2,3,4\n", "rows.csv"),
        ]:
            with self.subTest(text):
                found = self.arrays(text, name=name)
                self.assertEqual(found[0]["image"].tolist(), square)
                self.assertEqual(found[0]["image"].dtype, "float32")

    def test_what_does_not_fit_is_named(self):
        for text, words in [
            ('{"image": [1, 2, 3]}', r": field 'image' has the shape \[3\], and .* image takes \[2, 2\]"),
            ('{"image": [[1], [2, 3]]}', "different lengths"),
            ('{"image": [1, 2, 3, "x"]}', "has 'x', and .* takes numbers"),
            ('{"image": [1, 2, null, 4]}', r"has nothing \(null\)"),
            ('{"a": 1, "b": 2}', r"no field 'image', and several that could be meant \(a, b\)"),
            ('{"label": 1}', "no field 'image'"),
        ]:
            with self.subTest(text), self.wrong("row 1", words):
                self.arrays(text)
        with self.wrong("5 columns without names, where 4 numbers are taken"):
            self.arrays("0,1,2,3,4\n", name="rows.csv")
        with self.wrong("row 1: the 4 columns", "not finite"):
            self.arrays("1,2,nan,4\n", name="rows.csv", finite=True)
        with self.wrong("row 1 has no field 'b'", "a float32", "the row has a"):
            self.arrays('{"a": 1}', ("a", "float32", [None]), ("b", "float32", [None]))

    def test_types(self):
        tokens = ("tokens", "int32", [None, None])
        self.assertEqual(self.arrays('{"tokens": [1, 2.0]}', tokens)[0]["tokens"].dtype, "int32")
        with self.wrong("has 1.5, and .* takes whole numbers"):
            self.arrays('{"tokens": [1, 1.5]}', tokens)
        with self.wrong(r"from 0 to 300, and .* takes uint8 \(0 to 255\)"):
            self.arrays('{"x": [0, 300]}', ("x", "uint8", [None, 2]))
        text = ("text", "string", [None])
        self.assertEqual(self.arrays('{"text": "héllo"}', text)[0]["text"].item(), "héllo".encode())
        self.assertEqual(self.arrays('{"text": {"b64": "AAE="}}', text)[0]["text"].item(), b"\0\1")
        with self.wrong("is 5, and the model's input takes texts"):
            self.arrays('{"text": 5}', text)

    def test_rows_are_taken_evenly(self):
        for count, most in [(3, 5), (5, 5), (11, 5), (1000, 7)]:
            kept, given = rows.spread((lambda n=n: n for n in range(count)), most)
            self.assertEqual((given, len(kept)), (count, min(count, most)))
            self.assertEqual(kept[0], 0)
            self.assertGreaterEqual(kept[-1], count // 2)
            self.assertEqual(kept, sorted(set(kept)))

    def test_doubts(self):
        path = self.write("rows.jsonl", '{"image": [1, 1, 1, 1]}\n' * 3)
        model = source(self.IMAGE)
        few = taken.representative(path, model)
        self.assertRegex(" ".join(taken.doubts(few, model)), "3 representative rows are few.*image is the same")
        path = self.write("rows.jsonl", "".join(f'{{"image": [0, 1, 2, {n}]}}\n' for n in range(30)))
        many = taken.representative(path, model)
        self.assertEqual((taken.doubts(many, model), many.range_of("image")), ([], [0, 29]))
        wide = taken.Taken([{"image": np.array([0.0, 255.0])}], 1)
        self.assertRegex(taken.doubts(many, model, wide)[0], "from 0 to 29 .* from 0 to 255")


class Judged(unittest.TestCase):
    def judged(self, answers, outputs, export=None, labels=()):
        model = source(("x", "float32", [None]))
        model.labels = list(labels)
        outputs = {"y": np.array(outputs)}
        return judge.Judge(model, answers, outputs).judged({"y": np.array(export)} if export else outputs)

    def test_classes(self):
        scores = [[0.1, 0.9], [0.8, 0.2], [0.4, 0.6]]
        self.assertEqual(self.judged([1, 0, 0], scores), {"accuracy": 0.666667})
        self.assertEqual(self.judged(["1", "0", "1"], scores), {"accuracy": 1})
        self.assertEqual(self.judged([[0, 1], [1, 0], [1, 0]], scores), {"accuracy": 0.666667})
        self.assertEqual(self.judged(["cat", "dog", "cat"], scores, labels=["dog", "cat"]), {"accuracy": 1})
        self.assertEqual(self.judged([0, 1], [[0.2], [0.7]]), {"accuracy": 1})
        self.assertEqual(self.judged([0, 1], [-3.0, 0.2]), {"accuracy": 1})
        self.assertEqual(self.judged(["a", "b"], [b"a", b"c"]), {"accuracy": 0.5})
        self.assertEqual(self.judged([4, "5"], [4, 5]), {"accuracy": 1})

    def test_numbers(self):
        self.assertEqual(self.judged([1.5, 2.0], [[1.0], [2.0]]), {"meanAbsoluteError": 0.25})
        self.assertEqual(self.judged([[0.5, 2], [1, 1]], [[0.5, 1.0], [1.0, 1.0]]), {"meanAbsoluteError": 0.25})

    def test_labels_that_do_not_fit(self):
        for answers, words in [([1, 5], "from 1 to 5, and .* 2 scores"), (["cat", "dog"], "'cat' is no number")]:
            with self.assertRaisesRegex(Wrong, words):
                self.judged(answers, [[0.1, 0.9], [0.8, 0.2]])

    def test_differences(self):
        one = {"y": np.array([1.0, 2.0]), "class": np.array([1, 2])}
        other = {"y": np.array([1.0, 2.5]), "class": np.array([1, 9])}
        self.assertEqual(judge.difference(one, other), 0.5)
        with self.assertRaisesRegex(Failed, r"answers \[0\] numbers for y where the original has \[2\]"):
            judge.difference(one, {**other, "y": np.zeros(0)})
        with self.assertRaisesRegex(Failed, "1 of 2 numbers of y aren't finite"):
            judge.difference(one, {**other, "y": np.array([1.0, np.nan])})


class Names(Folder):
    """Outputs of a graph in a browser, by the names that callers know."""

    def test_outputs_that_are_alike(self):
        import to_tfjs

        alike = {"dtype": "DT_FLOAT"}
        outputs = {"contour": {"name": "Identity:0", **alike}, "Identity_1:0": {"name": "Identity_1:0", **alike}}
        path = self.write("model.json", json.dumps({"signature": {"inputs": {}, "outputs": outputs}}))
        of = source(("x", "float32", [None]), outputs=[(n, "float32", [None, 3]) for n in ("note", "contour")])
        to_tfjs.keep_names(path, of)
        named = json.loads(path.read_text())["signature"]["outputs"]
        self.assertEqual({name: info["name"] for name, info in named.items()},
                         {"contour": "Identity:0", "note": "Identity_1:0"})  # fmt: skip
        # Names that say otherwise are left alone.
        other = source(("x", "float32", [None]), outputs=[(n, "float32", [None, 3]) for n in ("a", "contour")])
        path.write_text(json.dumps({"signature": {"outputs": outputs}}))
        to_tfjs.keep_names(path, other)
        self.assertEqual(json.loads(path.read_text())["signature"]["outputs"], outputs)


class Requests(Folder):
    def test_what_is_made(self):
        asked = request.parse("--model m --to tflite,tfjs --to onnx --quantize dynamic,uint8".split())
        made = [("tflite", "dynamic"), ("tfjs", "uint8"), ("onnx", "none")]
        self.assertEqual(list(request.wanted(asked)), made)
        self.assertEqual([request.place(*one) for one in made], ["model-dynamic.tflite", "tfjs-uint8", "model.onnx"])

    def test_what_is_refused(self):
        for line, words in [
            ("", "nothing to export to"),
            ("--to coreml", "'coreml' is no target: tflite, tfjs, onnx"),
            ("--to tflite --quantize int8", "--representative URI"),
            ("--to tflite --quantize int8 --evaluate x", "rows of --evaluate aren't taken"),
            ("--to tfjs --quantize dynamic", "known by none of the targets: give --to tflite too"),
            ("--to tflite --min-accuracy 0.9", "--evaluate URI and --label"),
            ("--to tflite --evaluate x --label y --min-accuracy 90", "from 0 to 1"),
            ("--to tflite --label y", "--evaluate URI too"),
            ("--to tflite --pwa", "--to tfjs too"),
        ]:
            with self.subTest(line), self.wrong(words):
                request.parse(["--model", "m", *line.split()])

    def test_where_the_model_lies(self):
        for folder in ("plain", "versions/1", "versions/12", "deep/inside"):
            self.write(f"{folder}/saved_model.pb", "x")
        for given, found in [("plain", "plain"), ("versions", "versions/12"), ("deep", "deep/inside")]:
            self.assertEqual(locate.locate(self.folder / given), (self.folder / found, "savedModel"))
        keras = io.BytesIO()
        with zipfile.ZipFile(keras, "w") as archive:
            archive.writestr("config.json", "{}")
        path = self.write("model/model", keras.getvalue())
        self.assertEqual(locate.locate(path.parent), (path, "keras"))
        for name, content, words in [
            ("a.onnx", "x", "the model is ONNX"),
            ("b", b"\0\0\0\0TFL3", "TFLite already"),
            ("c.pt", "x", "PyTorch"),
            ("model.json", "{}", "TensorFlow.js already"),
            ("plain/saved_model.pb", "x", "whole folder"),
            ("d.txt", "x", "no model that is known"),
        ]:
            with self.subTest(name), self.wrong(words):
                locate.locate(self.write(name, content))

    def test_reports(self):
        entry = {"target": "tflite", "quantize": "int8", "accuracy": 0.9}
        document = {"original": {"accuracy": 0.99}, "exports": [entry], "minAccuracy": 0.95}
        self.assertEqual(report.verdict(document), "belowMinimum")
        self.assertIn("below 0.95: 0.9000 of tflite int8; the original has 0.9900", report.cause(document))
        self.assertEqual(report.verdict({**document, "minAccuracy": 0.9}), "ok")
        self.assertEqual(report.verdict({"exports": [{**entry, "error": "no"}]}), "failed")
        with self.assertRaises(ValueError):
            report.write(self.folder / "export.json", {"accuracy": float("nan")})
        self.assertEqual(list(self.folder.iterdir()), [])
        self.assertEqual([report.in_words(n) for n in (0, 999, 1024, 5 << 20)], ["0 B", "999 B", "1.0 KiB", "5.0 MiB"])


@unittest.skipUnless(HAS_TENSORFLOW, "TensorFlow isn't in this Python")
class Conversions(Folder):
    """The whole script, as mlctl runs it. A small model with a type of input for each of what goes wrong."""

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.models = Path(cls.stack.enter_context(tempfile.TemporaryDirectory()))
        script = """if True:
            import sys, tensorflow as tf
            weights = tf.Variable(tf.random.stateless_normal([4, 3], [1, 2]))
            module = tf.Module()
            module.weights = weights
            def save(name, function, *inputs):
                module.call = tf.function(function, input_signature=inputs)
                tf.saved_model.save(module, sys.argv[1] + "/" + name, signatures=module.call)
            save("dense", lambda x: {"y": tf.nn.softmax(x @ weights)}, tf.TensorSpec([None, 4], name="x"))
            save("text", lambda text: {"y": tf.gather(weights, tf.strings.to_hash_bucket_fast(text, 4))},
                 tf.TensorSpec([None], tf.string, name="text"))
            values = tf.random.stateless_normal([40, 4], [3, 4])
            with tf.io.TFRecordWriter(sys.argv[1] + "/rows.tfrecord") as file:
                for value, answer in zip(values.numpy(), tf.argmax(values @ weights, 1).numpy()):
                    floats = tf.train.Feature(float_list=tf.train.FloatList(value=value))
                    label = tf.train.Feature(int64_list=tf.train.Int64List(value=[answer]))
                    features = tf.train.Features(feature={"x": floats, "label": label})
                    file.write(tf.train.Example(features=features).SerializeToString())
        """
        quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        subprocess.run([sys.executable, "-c", script, str(cls.models)], check=True, env=quiet, capture_output=True)

    def export(self, model, line, code=0):
        env = {**os.environ, "AIP_MODEL_DIR": str(self.folder / "out"), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, str(SCRIPTS / "export.py"), "--model", str(self.models / model), *line.split()]
        done = subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        path = self.folder / "out" / "export.json"
        self.assertEqual([p.name for p in self.folder.rglob("*") if p.name.startswith((".making", ".export"))], [])
        return done, json.loads(path.read_text()) if path.exists() else None

    def test_all_targets(self):
        rows = self.models / "rows.tfrecord"
        line = f"--to tflite,onnx --quantize none,int8 --representative {rows} --evaluate {rows} --label label --name m"
        done, made = self.export("dense", line + " --min-accuracy 0.8")
        self.assertEqual(done.stderr, "")
        self.assertEqual((made["schemaVersion"], made["model"], made["verdict"]), (1, "m", "ok"))
        self.assertEqual(made["inputs"], [{"name": "x", "dtype": "float32", "shape": [None, 4]}])
        self.assertEqual(made["representative"], {"rows": 40, "given": 40})
        plain, int8, onnx = made["exports"]
        self.assertEqual([plain["accuracy"], onnx["accuracy"], made["original"]["accuracy"]], [1, 1, 1])
        for entry in (plain, onnx):
            self.assertLess(entry["maxDifference"], 1e-5)
        self.assertLess(int8["maxDifference"], 0.1)
        self.assertIn("FULLY_CONNECTED", int8["operators"]["builtin"])
        self.assertEqual((self.folder / "out" / int8["path"]).stat().st_size, int8["bytes"])
        self.assertRegex(done.stdout, r"tflite int8: .*, 40 representative rows, accuracy")

    def test_operators_that_are_lacking(self):
        _, made = self.export("text", "--to tflite,onnx", code=1)
        tflite, onnx = made["exports"]
        self.assertIn("StringToHashBucketFast", tflite["error"])
        self.assertIn("--select-tf-ops", tflite["hint"])
        self.assertEqual(onnx["error"], "ONNX has no operators for StringToHashBucketFast")
        self.assertEqual(made["verdict"], "failed")
        self.assertFalse((self.folder / "out" / "model.tflite").exists())

    def test_wrong_rows(self):
        path = self.write("rows.jsonl", '{"x": [1, 2, 3, 4]}\n{"x": [1, 2, 3]}\n')
        done, made = self.export("dense", f"--to tflite --quantize int8 --representative {path}", code=2)
        said = "error: rows.jsonl, row 2: field 'x' has the shape [3], and the model's input x takes [4]\n"
        self.assertEqual((done.stdout, done.stderr, made), ("", said, None))


if __name__ == "__main__":
    unittest.main()
