"""Rows of JSON Lines, CSV and TFRecord, from a file or a folder of files, also compressed by gzip.

A row is read as what it is called by (`rows.jsonl, row 3`) and what it holds; what is held is made
sense of only for the rows that are taken.
"""

import csv
import gzip
import io
import json
import zlib
from dataclasses import dataclass
from pathlib import Path

from problems import Wrong

JSON, CSV, TFRECORD = "JSON Lines", "CSV", "TFRecord"
ENDINGS = {
    ".jsonl": JSON, ".ndjson": JSON, ".json": JSON, ".csv": CSV, ".tsv": CSV, ".tfrecord": TFRECORD,
    ".tfrecords": TFRECORD, ".tfr": TFRECORD,
}  # fmt: skip
LARGEST = 1 << 30  # bytes of a record


@dataclass
class Row:
    """`fields` are values by name; `whole` is the record itself, where it is one of TFRecord."""

    where: str
    fields: dict
    whole: bytes | None = None
    bare: bool = False  # a value without a name: {"": value}


def files(given):
    given = Path(given)
    if not given.exists():
        raise Wrong(f"there are no rows at {given}")
    if given.is_file():
        return [given]
    found = sorted(
        path for path in given.rglob("*") if path.is_file() and not path.name.startswith((".", "_"))
    )
    rows = [path for path in found if kind_of(path)]
    if not rows:
        names = ", ".join(path.name for path in found[:5]) or "nothing"
        raise Wrong(f"{given} has no rows in JSON Lines, CSV or TFRecord; it has {names}")
    return rows


def kind_of(path):
    """The format of a file by its name, where that says one."""
    name = path.name.lower()
    name = name[:-3] if name.endswith(".gz") else name
    if ".tfrecord" in name:
        return TFRECORD
    return ENDINGS.get(Path(name).suffix)


def opened(path):
    """A file's bytes, decompressed where they are compressed, whatever its name says."""
    with open(path, "rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if compressed else open(path, "rb")


def read(given):
    """The rows, each a function that makes sense of one, so that those which aren't taken cost little."""
    for path in files(given):
        try:
            kind = kind_of(path) or guess(path)
            yield from {JSON: json_rows, CSV: csv_rows, TFRECORD: records}[kind](path)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise Wrong(f"{path.name} is cut off, or no gzip: copy it again") from error
        except csv.Error as error:
            raise Wrong(f"{path.name} is no CSV: {error}") from error
        except UnicodeDecodeError as error:
            raise Wrong(f"{path.name} is no UTF-8 text: rows are JSON Lines, CSV or TFRecord") from error


def guess(path):
    """The format of a file whose name says nothing."""
    with opened(path) as file:
        head = file.read(4096)
    if head[:12].count(b"\0") >= 4:
        return TFRECORD
    return JSON if head.lstrip()[:1] in (b"{", b"[", b'"') else CSV


def json_rows(path):
    with opened(path) as file, io.TextIOWrapper(file, encoding="utf-8-sig") as text:
        for number, line in enumerate(text, 1):
            if line.strip():
                yield lambda line=line, number=number: json_row(f"{path.name}, row {number}", line)


def json_row(where, line):
    try:
        value = json.loads(line)
    except ValueError as error:
        raise Wrong(f"{where} is no JSON: {error}; rows are JSON Lines, a value on each line") from error
    return Row(where, value) if isinstance(value, dict) else Row(where, {"": value}, bare=True)


def csv_rows(path):
    with opened(path) as file, io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
        separator = "\t" if path.name.lower().removesuffix(".gz").endswith(".tsv") else ","
        reader = csv.reader(text, delimiter=separator)
        lines = (line for line in reader if line)
        first, second = next(lines, None), next(lines, None)
        if first is None:
            return
        header = is_header(first, second)
        names = [name.strip() for name in first] if header else [str(n) for n in range(len(first))]
        if len(set(names)) < len(names):
            double = next(name for name in names if names.count(name) > 1)
            raise Wrong(f"{path.name} has two columns named {double!r}")
        number = 0
        for line in (line for part in ([first] * (not header), [second] * bool(second), lines) for line in part):
            number += 1
            where = f"{path.name}, row {number}"
            yield lambda line=line, where=where: csv_row(where, names, line)


def is_header(first, second):
    """A first line of names is one that has a text where numbers follow, or texts alone."""
    texts = [not is_number(cell) for cell in first]
    if second is None or len(second) != len(first):
        return all(texts)
    return all(texts) or any(text and is_number(cell) for text, cell in zip(texts, second))


def is_number(cell):
    try:
        float(cell)
        return True
    except ValueError:
        return False


def csv_row(where, names, line):
    if len(line) != len(names):
        raise Wrong(f"{where} has {len(line)} columns, and {len(names)} were expected")
    return Row(where, {name: cell.strip() for name, cell in zip(names, line)})


def records(path):
    """Each is its length, a sum of that, itself, and a sum of itself."""
    with opened(path) as file:
        number = 0
        while head := file.read(12):
            number += 1
            length = int.from_bytes(head[:8], "little")
            if len(head) < 12 or length > LARGEST or checksum(head[:8]) != int.from_bytes(head[8:], "little"):
                raise Wrong(f"{path.name} is cut off or no TFRecord: row {number} doesn't begin like one")
            record = file.read(length)
            if len(file.read(4)) < 4:
                raise Wrong(f"{path.name} is cut off in row {number}: copy it again")
            yield lambda record=record, where=f"{path.name}, row {number}": record_row(where, record)


def checksum(data):
    """CRC-32C, turned as TFRecord has it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def record_row(where, record):
    import tensorflow as tf
    from google.protobuf.message import DecodeError

    try:
        features = tf.train.Example.FromString(record).features.feature
    except DecodeError:
        features = {}
    values = {}
    for name, feature in features.items():
        kind = feature.WhichOneof("kind")
        values[name] = list(getattr(feature, kind).value) if kind else []
    return Row(where, values, whole=record)


def spread(rows, most):
    """At most so many of them, evenly over all, and how many there were. In one pass, whatever their number."""
    taken, step, count = [], 1, 0
    for row in rows:
        if count % step == 0:
            taken.append(row)
            if len(taken) >= 2 * most:
                taken, step = taken[::2], step * 2
        count += 1
    if len(taken) > most:
        taken = [taken[i * len(taken) // most] for i in range(most)]
    return [row() for row in taken], count
