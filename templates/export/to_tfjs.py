"""TensorFlow.js: a layers model where the source is one of tf_keras, and a graph model otherwise."""

import json
import re
import sys
import types

import keras_files
from problems import Failed, last_line

SHARD = 4 << 20  # as browsers cache them


class Anything(types.ModuleType):
    """Stands in for a package that tensorflowjs imports for what isn't done here."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything(f"{self.__name__}.{name}")


STANDING_IN = (
    "tensorflow_decision_forests", "tensorflow_hub", "jax", "jax.experimental", "jax.experimental.jax2tf", "flax",
)  # fmt: skip


def converters():
    for name in STANDING_IN:
        sys.modules.setdefault(name, Anything(name))
    import tensorflowjs.converters as converters

    return converters


def convert(source, quantize, folder):
    """Writes the model into the folder. Returns what is to be said of it."""
    tfjs = converters()
    types = None if quantize == "none" else {quantize: "*"}
    if source.keras is not None and fits_layers(source.keras):
        try:
            tfjs.save_keras_model(source.keras, str(folder), quantization_dtype_map=types,
                                  weight_shard_size_bytes=SHARD)  # fmt: skip
            return ["a layers model"]
        except Exception as error:
            print(f"as layers: {error}")
            for path in folder.glob("*"):
                path.unlink()
    try:
        tfjs.convert_tf_saved_model(
            str(source.saved_model),
            str(folder),
            signature_def=source.signature,
            saved_model_tags=",".join(source.tags),
            quantization_dtype_map=types,
            weight_shard_size_bytes=SHARD,
            # Assertions and prints, which no browser has: they change no answer.
            strip_debug_ops=True,
            # Loops as such: taken apart they can't be run.
            control_flow_v2=True,
        )
    except Exception as error:
        raise explained(error) from error
    if not (folder / "model.json").exists():
        raise Failed("the converter to TensorFlow.js wrote no model.json")
    keep_names(folder / "model.json", source)
    return ["a graph model"]


def keep_names(path, source):
    """Gives inputs and outputs the names that callers know. The converter finds a name by type and shape, and takes
    the graph's own name (`Identity_1:0`) where several are alike. A graph's outputs are numbered by their names."""
    described = json.loads(path.read_text())
    signature = described.get("signature") or {}
    outputs = sorted(field.name for field in source.outputs)
    numbered = {f"Identity_{number}" if number else "Identity": name for number, name in enumerate(outputs)}
    names = {"inputs": {field.name: field.name for field in source.inputs}, "outputs": numbered}
    for side, known in names.items():
        old = signature.get(side) or {}
        of = {key: known.get(str(info.get("name", key)).split(":")[0]) for key, info in old.items()}
        # Where one of those that the converter did name says otherwise, all of it is left as it is.
        kept = all(of[key] == key for key in old if key in known.values())
        if kept and None not in of.values() and len(set(of.values())) == len(of):
            signature[side] = {of[key]: info for key, info in old.items()}
    path.write_text(json.dumps(described, separators=(",", ":")))


def fits_layers(model):
    """Whether TensorFlow.js has the layers: none of Keras 3, and not the usual GRU."""
    return keras_files.is_tf_keras(model) and '"reset_after": true' not in model.to_json()


def explained(error):
    text = str(error)
    missing = re.search(r"Unsupported Ops.*?\n(.+)", text, re.S)
    if missing:
        names = ", ".join(name.strip() for name in missing[1].replace("\n", ",").split(",") if name.strip())
        hint = "leave what uses them out of the exported signature, and do it in the page"
        if all(name.strip().startswith("FakeQuant") for name in names.split(",")):
            hint = "quantization-aware training is for TFLite: export the model that it began with"
        return Failed(f"TensorFlow.js has no operators for {names}", hint)
    return Failed(f"the converter to TensorFlow.js failed: {last_line(text)}")
