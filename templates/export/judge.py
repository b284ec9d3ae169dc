"""How good answers are: right classes, or how far numbers are off. Which of them, the labels say."""

import numpy as np

from problems import Failed, Wrong


class Judge:
    """Settled once, by the labels and the original's answers, and then the same for each export."""

    def __init__(self, source, answers, outputs):
        self.output, self.kind = choose(source, outputs)
        self.labels = np.array(answers)
        scores = outputs[self.output]
        self.names = {name: at for at, name in enumerate(source.labels)}
        self.edge = 0.5
        if self.kind == "direct":
            return
        if self.labels.ndim > 1 and self.labels.shape == scores.shape and self.kind == "scores":
            # One of them is 1: classes. Otherwise as many numbers as the model gives.
            sure = np.isin(self.labels, (0, 1)).all() and (self.labels.sum(axis=-1) == 1).all()
            if sure:
                self.labels = self.labels.argmax(axis=-1)
            else:
                self.kind = "numbers"
            return
        whole = self.as_numbers(answers)
        if self.kind == "scores":
            width = scores.shape[-1]
            if (whole != np.round(whole)).any() or whole.min() < 0 or whole.max() >= width:
                raise Wrong(f"the labels go from {whole.min():g} to {whole.max():g}, and the model's output "
                            f"{self.output} has {width} scores, of the classes 0 to {width - 1}")  # fmt: skip
        elif np.isin(whole, (0, 1)).all() and len(set(whole.tolist())) > 1:
            self.kind = "chance"
            # Not a chance, but what becomes one by a sigmoid.
            self.edge = 0.5 if scores.min() >= 0 and scores.max() <= 1 else 0.0
        else:
            self.kind = "numbers"
        self.labels = whole

    def as_numbers(self, answers):
        values = [self.names.get(value, value) if isinstance(value, str) else value for value in answers]
        try:
            return np.array(values, dtype="float64")
        except (ValueError, TypeError):
            bad = next((v for v in values if not is_number(v)), values[0])
            raise Wrong(f"the label {bad!r} is no number, and the model's output {self.output} has scores without "
                        "names: give labels as numbers of classes, from 0") from None  # fmt: skip

    def judged(self, outputs):
        """The accuracy, or for numbers how far they are off on average."""
        given = outputs[self.output]
        if self.kind == "numbers":
            distance = np.abs(given.astype("float64").reshape(self.labels.shape) - self.labels)
            return {"meanAbsoluteError": rounded(distance.mean())}
        if self.kind == "scores":
            right = given.argmax(axis=-1).reshape(self.labels.shape) == self.labels
        elif self.kind == "chance":
            right = (given.reshape(len(self.labels)) > self.edge) == (self.labels > 0.5)
        else:
            right = [same(*pair) for pair in zip(given.reshape(len(self.labels)), self.labels)]
        return {"accuracy": rounded(np.mean(right))}


def choose(source, outputs):
    """The output that is judged, and what it is: scores of classes, a single number, or the class itself."""
    kinds = {}
    for name, array in outputs.items():
        per_row = array.size // max(1, len(array))
        if array.dtype.kind in "OSUiub":
            kinds[name] = "direct" if per_row == 1 else None
        elif array.dtype.kind == "f" or array.dtype.name == "bfloat16":
            kinds[name] = "single" if per_row == 1 else "scores" if array.ndim == 2 else None
    for kind in ("scores", "direct", "single"):
        names = [name for name in kinds if kinds[name] == kind]
        if names:
            return names[0], kind
    declared = ", ".join(f.text() for f in source.outputs)
    raise Wrong(f"none of the model's outputs ({declared}) is a class, scores of classes or a number, so that labels "
                "can't be held against it: leave --label out to see how far the outputs differ")  # fmt: skip


def same(given, label):
    if isinstance(given, bytes):
        return given.decode("utf-8", "replace") == str(label)
    return is_number(label) and float(given) == float(label)


def is_number(value):
    try:
        float(value)
        return True
    except (ValueError, TypeError):
        return False


def rounded(number):
    return round(float(number), 6)


def difference(original, export):
    """The largest difference of two models' numbers, or None where they have none. Classes count only where
    there is nothing else: one more or less says nothing of them."""
    arrays = {name: (np.asarray(original[name]), np.asarray(export.get(name))) for name in original}
    kinds = "f" if any(a.dtype.kind == "f" for a, _ in arrays.values()) else "iub"
    largest = None
    for name, (a, b) in arrays.items():
        if a.dtype.kind not in "iufb":
            continue
        if a.shape != b.shape:
            raise Failed(
                f"it is made, and answers {list(b.shape)} numbers for {name} where the original has {list(a.shape)}",
                "the converter may have lost a size that isn't fixed: try a signature whose first dimension is 1",
            )
        a, b = a.astype("float64"), b.astype("float64")
        lost = np.isfinite(a) & ~np.isfinite(b)
        if lost.any():
            raise Failed(f"it is made, and {lost.sum()} of {lost.size} numbers of {name} aren't finite that are so "
                         "with the original", "--quantize none keeps all digits")  # fmt: skip
        both = np.isfinite(a) & np.isfinite(b)
        if arrays[name][0].dtype.kind in kinds and both.any():
            largest = max(largest or 0.0, float(np.abs(a - b)[both].max()))
    return None if largest is None else float(f"{largest:.4g}")
