"""Rows as what a signature takes: which field is which input, in which shape and type."""

import base64
import binascii
import math

import numpy as np

from problems import Wrong

# Fields that say which row it is, and those that say what is right of it.
IDS = ("", "id", "key", "row", "index", "example_id")
ANSWERS = ("label", "labels", "target", "class")
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM")


class Fit:
    """How the rows of one file fit the inputs of a model."""

    def __init__(self, source, label=None, finite=False):
        self.source, self.label, self.finite = source, label, finite

    def arrays(self, row):
        """A row's value for each input."""
        return {field.name: self.array(row, field, *self.value(row, field)) for field in self.source.inputs}

    def answer(self, row):
        if self.label not in row.fields:
            have = ", ".join(sorted(row.fields)[:12]) or "no fields"
            if "0" in row.fields and "1" in row.fields:
                have = f"columns without names, which are called 0 to {len(row.fields) - 1}"
            raise Wrong(f"{row.where} has no field {self.label!r} to take as its label; it has {have}")
        value = row.fields[self.label]
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value

    def value(self, row, field):
        """What of a row is the input, and what that part is called in messages."""
        inputs = self.source.inputs
        if field.name in row.fields:
            return row.fields[field.name], f"field {field.name!r}"
        if len(inputs) > 1:
            missing = sorted({f.name for f in inputs} - set(row.fields))
            raise Wrong(f"{row.where} has no field {', '.join(map(repr, missing))}: the model's inputs are "
                        f"{', '.join(f.text() for f in inputs)}, and the fields have their names; the row has "
                        f"{', '.join(sorted(row.fields)[:12]) or 'none'}")  # fmt: skip
        if row.whole is not None and field.dtype == "string" and field.row_shape(self.source.batch) == []:
            return row.whole, "the record"
        if row.bare:
            return row.fields[""], "the value"
        others = [name for name in row.fields if name != self.label]
        unnamed = [name for name in others if name.lower() not in IDS]
        values = [name for name in unnamed if name.lower() not in ANSWERS]
        if len(values) == 1:
            return row.fields[values[0]], f"field {values[0]!r}"
        count = elements(field.row_shape(self.source.batch))
        for names in (others, unnamed, values):
            if field.dtype != "string" and len(names) == count and all(is_single(row.fields[n]) for n in names):
                numbers = [single(row.fields[n]) for n in names]
                for name, value in zip(names, numbers):
                    number(value, row.where, f"field {name!r}", field)
                return numbers, f"the {len(names)} columns"
        raise Wrong(f"{row.where} has no field {field.name!r}{self.unfit(others, field)}: the model's input is "
                    f"{field.text()}")  # fmt: skip

    def unfit(self, others, field):
        count = elements(field.row_shape(self.source.batch))
        if "0" in others and "1" in others and field.dtype != "string" and count:
            return (f", and {len(others)} columns without names, where {count} numbers are taken; a first line with "
                    "names says which column is a label or an id")  # fmt: skip
        others = [name for name in others if name.lower() not in IDS + ANSWERS]
        if not others:
            return ", nor any other beside labels and ids"
        more = ", ..." if len(others) > 12 else ""
        return f", and several that could be meant ({', '.join(others[:12])}{more})"

    def array(self, row, field, value, called):
        if field.dtype == "string":
            array = np.array(texts(value, row.where, called), dtype=object)
        else:
            array = numbers(value, row.where, called, field)
            if self.finite and array.dtype.kind == "f" and not np.isfinite(array).all():
                raise Wrong(f"{row.where}: {called} has a number that is not finite, which ranges can't be taken of")
        return shaped(array, field, self.source.batch, row.where, called)


def shaped(array, field, batch, where, called):
    if field.shape is None:
        return array
    shape = field.row_shape(batch)
    if fits(array.shape, shape):
        return array
    count = elements(shape)
    if count is not None and array.size == count:
        return array.reshape(shape)
    unknown = [at for at, d in enumerate(shape) if d is None]
    known = math.prod(d for d in shape if d is not None)
    if len(unknown) == 1 and known and array.size and array.size % known == 0 and array.ndim <= 1:
        return array.reshape([-1 if d is None else d for d in shape])
    raise Wrong(f"{where}: {called} has the shape {list(array.shape)}, and the model's input {field.name} takes "
                f"{['?' if d is None else d for d in shape]}".replace("'?'", "?"))  # fmt: skip


def fits(have, want):
    return len(have) == len(want) and all(w is None or h == w for h, w in zip(have, want))


def elements(shape):
    return None if any(d is None for d in shape) else math.prod(shape)


def is_single(value):
    return not isinstance(value, list) or len(value) == 1


def single(value):
    return value[0] if isinstance(value, list) else value


def texts(value, where, called):
    if isinstance(value, list):
        return [texts(entry, where, called) for entry in value]
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, dict) and set(value) == {"b64"}:
        return decoded(value["b64"], where, called)
    raise Wrong(f"{where}: {called} is {words(value)}, and the model's input takes texts")


def decoded(text, where, called):
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise Wrong(f"{where}: {called} has b64 that is no base64") from error


def numbers(value, where, called, field):
    value = single(value) if isinstance(value, list) and len(value) == 1 and isinstance(value[0], bytes) else value
    if isinstance(value, dict) and set(value) == {"b64"}:
        value = decoded(value["b64"], where, called)
    if isinstance(value, bytes):
        return raw(value, where, called, field)
    try:
        array = np.array(value)
    except ValueError:
        array = None
    if array is None or array.dtype == object and isinstance(value, list) and array.ndim < depth(value):
        raise Wrong(f"{where}: {called} has lists of different lengths, and is no tensor")
    if array.dtype.kind not in "iufb":
        flat = [number(entry, where, called, field) for entry in array.reshape(-1).tolist()]
        array = np.array(flat, dtype="float64").reshape(array.shape)
    return cast(array, where, called, field)


def cast(array, where, called, field):
    wanted = np.dtype("float32" if field.dtype == "bfloat16" else field.dtype)
    if wanted.kind in "iu" and array.size:
        if array.dtype.kind == "f" and not (np.isfinite(array).all() and (array == np.round(array)).all()):
            bad = array[~(array == np.round(array))].reshape(-1)[0]
            raise Wrong(f"{where}: {called} has {bad:g}, and the model's input {field.name} takes whole numbers "
                        f"({field.dtype})")  # fmt: skip
        limits = np.iinfo(wanted)
        if array.min() < limits.min or array.max() > limits.max:
            raise Wrong(f"{where}: {called} has numbers from {array.min():g} to {array.max():g}, and the model's "
                        f"input {field.name} takes {field.dtype} ({limits.min} to {limits.max})")  # fmt: skip
    return array.astype(wanted)


def raw(value, where, called, field):
    """Bytes as a picture, or as the numbers that they are in memory."""
    if value.startswith(PICTURES):
        import tensorflow as tf

        channels = field.shape[-1] if field.shape and field.shape[-1] in (1, 3, 4) else 0
        try:
            return cast(tf.io.decode_image(value, channels, expand_animations=False).numpy(), where, called, field)
        except tf.errors.OpError as error:
            raise Wrong(f"{where}: {called} is a picture that can't be read") from error
    count = elements(field.shape[1:]) if field.shape else None
    width = np.dtype(field.dtype).itemsize if field.dtype != "bfloat16" else 0
    for dtype, size in ((field.dtype, width), ("uint8", 1)):
        if count is not None and size and len(value) == count * size:
            return cast(np.frombuffer(value, dtype), where, called, field)
    try:
        return cast(np.array(float(value)), where, called, field)
    except ValueError:
        raise Wrong(f"{where}: {called} has {len(value)} bytes, which are neither a picture nor the numbers of the "
                    f"model's input {field.text()}") from None  # fmt: skip


def number(value, where, called, field):
    try:
        if value is None or isinstance(value, (dict, list)):
            raise ValueError
        return float(value)
    except (ValueError, TypeError):
        raise Wrong(f"{where}: {called} has {words(value)}, and the model's input {field.name} takes numbers "
                    f"({field.dtype})") from None  # fmt: skip


def depth(value):
    return 1 + depth(value[0]) if isinstance(value, list) and value else int(isinstance(value, list))


def words(value):
    if value is None:
        return "nothing (null)"
    if isinstance(value, dict):
        return "an object"
    if value == "":
        return "an empty cell"
    return repr(value)[:60]
