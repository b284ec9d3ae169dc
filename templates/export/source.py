"""The model that is exported: loaded, described, asked."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import keras_files
import report
from locate import locate
from problems import Wrong, text_of

# As the report calls them, and as people do.
KINDS = {"savedModel": "SavedModel", "keras": "Keras file", "kerasH5": "Keras HDF5 file"}


@dataclass
class Field:
    """An input or output of a signature. `shape` is None where not even the rank is known."""

    name: str
    dtype: str
    shape: list | None

    def facts(self):
        facts = {"name": self.name, "dtype": self.dtype}
        return facts if self.shape is None else {**facts, "shape": self.shape}

    def row_shape(self, batch):
        """What one row of it looks like."""
        shape = self.shape if self.shape is not None else []
        return shape if batch == "whole" else shape[1:]

    def text(self):
        shape = "?" if self.shape is None else ", ".join("?" if d is None else str(d) for d in self.shape)
        return f"{self.name} {self.dtype} [{shape}]"


@dataclass
class Source:
    kind: str
    bytes: int
    saved_model: Path
    signature: str
    tags: list
    inputs: list
    outputs: list
    keras: object = None  # the model of a Keras file
    labels: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    call: object = None

    @property
    def batch(self):
        """How rows become what the model is given: `any` number at once, `one`, or a row is the `whole`."""
        firsts = {tuple(f.shape[:1]) if f.shape is not None else () for f in self.inputs}
        return {((None,),): "any", ((1,),): "one"}.get(tuple(firsts), "whole")

    def predict(self, arrays):
        """Arrays by the names of inputs to arrays by the names of outputs."""
        return {name: tensor.numpy() for name, tensor in self.call(**arrays).items()}


def load(given, tags, signature, work):
    path, kind = locate(given)
    model, saved_model = None, path
    if kind != "savedModel":
        saved_model = work / "saved"
        model = keras_files.to_saved_model(path, kind, saved_model)
    names = {"savedModel": "savedModel", "keras": "keras", "h5": "kerasH5"}
    tags, graph = meta_graph(saved_model, tags)
    signature = choose(graph, signature)
    source = Source(
        names[kind], report.size(path), saved_model, signature, tags,
        fields(graph.signature_def[signature].inputs), fields(graph.signature_def[signature].outputs), model,
    )  # fmt: skip
    if not source.inputs or not source.outputs:
        raise Wrong(f"the signature {signature} has no {'outputs' if source.inputs else 'inputs'}, so there is "
                    "nothing to export")  # fmt: skip
    if path != Path(given) and path.name.isdigit():
        source.notes.append(f"version {path.name}, the latest of the folder")
    source.labels = labels(saved_model, source.outputs)
    reload(source)
    return source


def reload(source):
    """Loads the graph and its variables anew."""
    import tensorflow as tf

    try:
        loaded = tf.saved_model.load(str(source.saved_model), tags=source.tags)
        function = loaded.signatures[source.signature]
    except Exception as error:
        raise Wrong(f"the SavedModel can't be loaded: {text_of(error)}. Copy or save it again") from error
    kinds = {f.name: tf.as_dtype(f.dtype) for f in source.inputs}

    def call(**arrays):
        return function(**{name: tf.constant(array, kinds[name]) for name, array in arrays.items()})

    call.loaded = loaded  # its variables live as long as it
    source.call = call


def meta_graph(folder, tags):
    from google.protobuf import text_format
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel()
    try:
        if (folder / "saved_model.pb").exists():
            model.ParseFromString((folder / "saved_model.pb").read_bytes())
        else:
            text_format.Parse((folder / "saved_model.pbtxt").read_text(), model)
    except (DecodeError, text_format.ParseError, UnicodeDecodeError) as error:
        raise Wrong("saved_model.pb is truncated or no SavedModel: copy or save it again") from error
    graphs = {tuple(sorted(graph.meta_info_def.tags)): graph for graph in model.meta_graphs}
    if not graphs:
        raise Wrong("saved_model.pb has no graphs: copy or save it again")
    found = "; ".join(",".join(tags) or "(none)" for tags in graphs)
    if tags is not None:
        asked = tuple(sorted(tag for tag in tags.split(",") if tag))
        if asked not in graphs:
            raise Wrong(f"the model has no tags {tags}; it has {found}: give one of these by --tags")
    elif ("serve",) in graphs:
        asked = ("serve",)
    elif len(graphs) == 1:
        asked = next(iter(graphs))
    else:
        raise Wrong(f"the model has several sets of tags ({found}): choose one by --tags")
    return list(asked), graphs[asked]


def choose(graph, signature):
    names = sorted(name for name in graph.signature_def if not name.startswith("__"))
    if signature is not None:
        if signature not in names:
            have = f"it has {', '.join(names)}" if names else "it has none"
            raise Wrong(f"the model has no signature {signature}; {have}")
        return signature
    if "serving_default" in names:
        return "serving_default"
    if not names:
        raise Wrong("the model has no signature, so nobody knows what it takes: save it by "
                    "model.export(FOLDER), or by tf.saved_model.save with signatures=...")  # fmt: skip
    if len(names) > 1:
        raise Wrong(f"the model has the signatures {', '.join(names)}: choose one by --signature")
    return names[0]


def fields(declared):
    import tensorflow as tf

    found = []
    for name, info in sorted(declared.items()):
        if info.WhichOneof("encoding") != "name":
            raise Wrong(f"{name} is a sparse or composite tensor, which none of the targets knows: save the model "
                        "with a signature of plain tensors")  # fmt: skip
        shape = tf.TensorShape(info.tensor_shape)
        found.append(Field(name, tf.as_dtype(info.dtype).name, None if shape.rank is None else shape.as_list()))
    return found


def labels(folder, outputs):
    """Names of classes that lie with the model, if there are as many as its scores."""
    counts = {f.shape[-1] for f in outputs if f.shape}
    for path in sorted((folder / "assets").glob("*label*.txt")) if os.path.isdir(folder / "assets") else []:
        lines = path.read_text(errors="replace").splitlines()
        if len(lines) in counts:
            return lines
    return []
