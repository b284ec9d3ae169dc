"""Where the model lies in what was fetched, and of which kind it is."""

import zipfile
from pathlib import Path

from problems import Wrong

OURS = "exports are made from a SavedModel, a .keras or an .h5 file"


def locate(given):
    """The path of the model and its kind: `savedModel`, `keras` or `h5`."""
    given = Path(given)
    if not given.exists():
        raise Wrong(f"there is no model at {given}: {OURS}")
    return of_folder(given, given) if given.is_dir() else of_file(given)


def of_folder(folder, given):
    if (folder / "saved_model.pb").exists() or (folder / "saved_model.pbtxt").exists():
        return folder, "savedModel"
    if (folder / "model.json").exists():
        raise Wrong(f"the model is TensorFlow.js already; {OURS}: take the one that it was converted from")
    inside = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    versions = [entry for entry in inside if entry.name.isdigit() and (entry / "saved_model.pb").exists()]
    if versions:
        return max(versions, key=lambda entry: int(entry.name)), "savedModel"
    below = [entry for entry in inside if (entry / "saved_model.pb").exists()]
    if len(below) == 1:
        return below[0], "savedModel"
    files = [entry for entry in inside if entry.is_file()]
    models = [entry for entry in files if kind_of(entry) in ("keras", "h5")]
    if len(models) == 1:
        return of_file(models[0])
    if len(models) > 1 or len(below) > 1:
        names = ", ".join(entry.name for entry in below + models)
        raise Wrong(f"the folder has several models ({names}): name one of them")
    if len(inside) == 1 and inside[0].is_dir() and folder == given:
        return of_folder(inside[0], given)
    for entry in files:
        if kind_of(entry):
            return of_file(entry)
    names = ", ".join(entry.name for entry in inside[:8]) or "nothing"
    raise Wrong(f"this is no model that can be exported: the folder has {names}, and no saved_model.pb; {OURS}")


def of_file(path):
    kind = kind_of(path)
    if kind in ("keras", "h5"):
        return path, kind
    if kind == "savedModel":
        raise Wrong("a SavedModel is a whole folder: name the folder that saved_model.pb lies in")
    instead = {
        "onnx": f"the model is ONNX, which can't be converted back; {OURS}: take the one that it was made from, "
        "or run the ONNX file itself by onnxruntime and onnxruntime-web",
        "tflite": f"the model is TFLite already; {OURS}: take the one that it was converted from",
        "pytorch": f"the model is PyTorch's; {OURS}. PyTorch's own exporters are nearest: torch.onnx.export, "
        "and for TFLite the package ai-edge-torch",
        "tfjs": f"the model is TensorFlow.js already; {OURS}: take the one that it was converted from",
        "frozen": f"the model is a frozen graph of TensorFlow 1; {OURS}: tf.compat.v1.saved_model.simple_save "
        "makes a SavedModel of it",
        "sklearn": f"the model is pickled; {OURS}. skl2onnx makes ONNX of scikit-learn's models",
    }
    raise Wrong(instead.get(kind, f"{path.name} is no model that is known here; {OURS}"))


def kind_of(path):
    """What a file is, by what it begins with and, where that says nothing, by its name."""
    with open(path, "rb") as file:
        head = file.read(16)
    if head.startswith(b"\x89HDF\r\n\x1a\n"):
        return "h5"
    if head[4:8] == b"TFL3":
        return "tflite"
    if head.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
        except zipfile.BadZipFile:
            names = []
        if "config.json" in names:
            return "keras"
        if any(name.endswith(("data.pkl", "constants.pkl")) for name in names) or path.suffix == ".pt2":
            return "pytorch"
    if path.name in ("saved_model.pb", "saved_model.pbtxt"):
        return "savedModel"
    if path.name == "model.json":
        return "tfjs"
    by_name = {
        ".keras": "keras", ".h5": "h5", ".hdf5": "h5", ".onnx": "onnx", ".tflite": "tflite", ".pt": "pytorch",
        ".pth": "pytorch", ".pt2": "pytorch", ".safetensors": "pytorch", ".pb": "frozen", ".joblib": "sklearn",
        ".pkl": "sklearn",
    }  # fmt: skip
    return by_name.get(path.suffix.lower())
