"""Keras' own files, made into SavedModels: by Keras 3 or by tf_keras, whichever wrote them."""

import json
import re
import zipfile

from problems import Wrong, text_of


def version_of(path, kind):
    """Which Keras wrote a file, or an empty text."""
    try:
        if kind == "keras":
            with zipfile.ZipFile(path) as archive:
                return str(json.loads(archive.read("metadata.json")).get("keras_version", ""))
        import h5py

        with h5py.File(path, "r") as file:
            if "model_config" not in file.attrs:
                raise Wrong(
                    f"{path.name} has weights and no model: save the whole model (model.save), not its weights alone"
                )
            version = file.attrs.get("keras_version", "")
            return version.decode() if isinstance(version, bytes) else str(version)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise Wrong(f"{path.name} is cut off, or no Keras file: {text_of(error)}") from error


def load(path, kind):
    """The model, and the package that it belongs to."""
    version = version_of(path, kind)
    if version.startswith(("1.", "2.")):
        import tf_keras as keras
    else:
        import keras
    try:
        return keras.models.load_model(path, compile=False), keras
    except Exception as error:
        text = str(error)
        if "safe_mode" in text or "unsafe" in text.lower() and "lambda" in text.lower():
            what = "it has a Lambda layer, whose code isn't run from a file"
        elif "custom" in text.lower() or "Unknown layer" in text or "Could not locate class" in text:
            name = re.search(r"(?:locate class|Unknown \w+:) '?([\w.>]+)'?", text)
            what = f"it has the class {name[1]}, which isn't Keras' own" if name else "it has classes of its own"
        else:
            raise Wrong(f"{path.name} can't be loaded by Keras {version}: {text_of(error)}") from error
        raise Wrong(f"{path.name} can't be loaded: {what}. Save it where its code is at hand by "
                    "model.export(FOLDER), and export that folder") from error  # fmt: skip


def to_saved_model(path, kind, folder):
    """Writes the model as a SavedModel. Returns the model itself, which knows more than that."""
    model, keras = load(path, kind)
    if not getattr(model, "inputs", None):
        raise Wrong(f"{path.name} doesn't say what its inputs are: call the model once before it is saved, or give "
                    "it an Input layer")  # fmt: skip
    try:
        if keras.__name__ == "tf_keras":
            model.save(str(folder), save_format="tf", include_optimizer=False)
        else:
            model.export(str(folder), verbose=False)
    except Exception as error:
        raise Wrong(f"{path.name} can't be made a SavedModel: {text_of(error)}") from error
    return model


def is_tf_keras(model):
    return type(model).__module__.startswith("tf_keras")


def inside(folder):
    """The Keras model that a SavedModel is of, where it can be made again; None otherwise."""
    if not (folder / "keras_metadata.pb").exists():
        return None
    import tf_keras

    try:
        return tf_keras.models.load_model(str(folder), compile=False)
    except Exception:
        return None


def one_row(model, inputs, outputs, signature, folder):
    """Writes a SavedModel that takes one row at a time. All sizes in it are known, also those of its loops."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2 as frozen

    names = model.input_names if is_tf_keras(model) else [tensor.name for tensor in model.inputs]
    specs = {f.name: tf.TensorSpec([1, *f.shape[1:]], f.dtype, f.name) for f in inputs}
    by_name = {f.name for f in outputs}
    called = list(model.output_names) if is_tf_keras(model) else [f"output_{n}" for n in range(len(by_name))]
    if set(names) != set(specs) or set(called) != by_name:
        return None

    def call(**given):
        values = [given[name] for name in names]
        found = model(values if len(values) > 1 else values[0], training=False)
        return dict(zip(called, tf.nest.flatten(found)))

    module = tf.Module()
    function = tf.function(call).get_concrete_function(**specs)
    if is_tf_keras(model):
        # TFLite knows its loops by sight, and has operators for them.
        module.model = model
        tf.saved_model.save(module, str(folder), signatures={signature: function})
        return folder
    # Variables inside of loops would be no one's in TFLite.
    constant = frozen(function, lower_control_flow=False)
    takes = [tensor.name.split(":")[0] for tensor in constant.inputs]

    def call_constant(**given):
        return dict(zip(sorted(called), tf.nest.flatten(constant(*[given[name] for name in takes]))))

    function = tf.function(call_constant).get_concrete_function(**specs)
    tf.saved_model.save(module, str(folder), signatures={signature: function})
    return folder
