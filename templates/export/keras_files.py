"""Keras' own files, made into SavedModels: by Keras 3 or by tf_keras, whichever wrote them."""

import json
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
        raise Wrong(f"{path.name} can't be read as a Keras file: {text_of(error)}") from error


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
            what = f"it has classes of its own ({text_of(error)})"
        else:
            raise Wrong(f"{path.name} can't be loaded by Keras {version}: {text_of(error)}") from error
        raise Wrong(f"{path.name} can't be loaded: {what}. Save it where its code is at hand by "
                    "model.export(FOLDER), and export that folder") from error  # fmt: skip


def to_saved_model(path, kind, folder):
    """Writes the model as a SavedModel. Returns the model where TensorFlow.js can take it as layers."""
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
    return model if keras.__name__ == "tf_keras" else None
