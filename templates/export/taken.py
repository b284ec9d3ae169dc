"""The rows that are taken: to find ranges with, and to measure with."""

from dataclasses import dataclass, field

import numpy as np

from fit import Fit, elements
from problems import Wrong
from rows import read, spread

REPRESENTATIVE = 500  # more of them make the conversion slow and its ranges no better
FEW = 20
EVALUATED = 50_000
MEMORY = 2 << 30  # for all evaluated rows


@dataclass
class Taken:
    arrays: list  # one dictionary for each row
    given: int
    answers: list = field(default_factory=list)

    def __len__(self):
        return len(self.arrays)

    def range_of(self, name):
        """The least and the largest number of an input, or None where it has no numbers."""
        arrays = [row[name] for row in self.arrays if row[name].dtype != object and row[name].size]
        if not arrays:
            return None
        least, most = min(float(a.min()) for a in arrays), max(float(a.max()) for a in arrays)
        return [least, most] if np.isfinite([least, most]).all() else None


def representative(path, source, label=None):
    rows, given = spread(read(path), REPRESENTATIVE)
    if not rows:
        raise Wrong("there are no representative rows: the file is empty")
    fit = Fit(source, label, finite=True)
    return Taken([fit.arrays(row) for row in rows], given)


def evaluation(path, source, label):
    sizes = [elements(f.row_shape(source.batch)) or 1000 for f in source.inputs]
    most = min(EVALUATED, max(1, MEMORY // (4 * sum(sizes))))
    rows, given = spread(read(path), most)
    if not rows:
        raise Wrong("there are no rows to evaluate with: the file is empty")
    fit = Fit(source, label)
    answers = [fit.answer(row) for row in rows] if label is not None else []
    return Taken([fit.arrays(row) for row in rows], given, answers)


def invented(source, count=4):
    """Rows of random numbers, where none are given; None where the model can't be asked with such."""
    random = np.random.default_rng(0)
    arrays = []
    for _ in range(count):
        row = {}
        for f in source.inputs:
            if f.shape is None or f.dtype == "string":
                return None
            shape = [1 if d is None else d for d in f.row_shape(source.batch)]
            kind = np.dtype("float32" if f.dtype == "bfloat16" else f.dtype)
            row[f.name] = random.random(shape).astype(kind) if kind.kind == "f" else np.zeros(shape, kind)
        arrays.append(row)
    return Taken(arrays, 0)


def doubts(taken, source, other=None):
    """What makes ranges that were taken of these rows unlikely to hold, in sentences."""
    found = []
    if len(taken) < FEW:
        found.append(f"{len(taken)} representative rows are few: the ranges may not hold for others; take some 100")
    for f in source.inputs:
        if f.dtype == "string":
            continue
        first = taken.arrays[0][f.name]
        if len(taken) > 1 and all(np.array_equal(first, row[f.name]) for row in taken.arrays[1:]):
            found.append(f"{f.name} is the same in all representative rows")
            continue
        least, most = taken.range_of(f.name)
        if least == most:
            found.append(f"all numbers of {f.name} are {least:g} in the representative rows")
        seen = other.range_of(f.name) if other else None
        room = 0.1 * (most - least)
        if seen and (seen[0] < least - room or seen[1] > most + room):
            found.append(f"{f.name} goes from {least:g} to {most:g} in the representative rows, and from {seen[0]:g} "
                         f"to {seen[1]:g} in those of the evaluation: what is outside is cut off")  # fmt: skip
    return found
