"""`export.json`: what was made of a model. It is kept after every step, so that nothing is lost when a
converter ends its process, and put among the results as a whole.
"""

import json
import os
import shutil
import signal
import sys
from pathlib import Path

from problems import Failed

SCHEMA_VERSION = 1
TOP = (
    "schemaVersion", "model", "verdict", "signature", "inputs", "outputs", "versions", "original", "representative",
    "evaluation", "minAccuracy", "exports", "site",
)  # fmt: skip
ENTRY = (
    "target", "quantize", "path", "bytes", "accuracy", "meanAbsoluteError", "maxDifference", "latencyMs",
    "memoryBytes", "runtime", "seconds", "operators", "notes", "error", "hint",
)  # fmt: skip
JOURNAL = "journal.json"
SAID = "said.txt"


def results():
    """The folder of results."""
    folder = Path(os.environ.get("AIP_MODEL_DIR") or "output/model/")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write(path, document):
    """As a whole or not at all."""
    path = Path(path)
    half = path.with_name(f".making-{path.name}")
    try:
        with open(half, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1, ensure_ascii=False, allow_nan=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(half, path)
    except BaseException:
        half.unlink(missing_ok=True)
        raise


class Kept:
    """The report while it is being made, in a folder that is no result."""

    def __init__(self, request):
        self.request = request
        self.folder = Path(f".export-{os.environ.get('MLCTL_EXPORT_WORK') or os.getpid()}").absolute()
        self.document = {"schemaVersion": SCHEMA_VERSION, "model": request.name or request.model, "exports": []}
        self.current = None

    def start(self):
        """By the process that watches: nothing of an earlier attempt counts."""
        os.environ["MLCTL_EXPORT_WORK"] = str(os.getpid())
        self.folder.mkdir(parents=True, exist_ok=True)
        folder = results()
        for path in folder.glob(".making-*"):
            remove(path)
        remove(folder / "export.json")
        self.save()

    def load(self):
        with open(self.folder / JOURNAL, encoding="utf-8") as file:
            journal = json.load(file)
        self.document, self.current = journal["document"], journal["current"]

    def save(self):
        write(self.folder / JOURNAL, {"document": self.document, "current": self.current})

    def begin(self, target, quantize, path):
        self.current = {"target": target, "quantize": quantize, "path": path}
        self.save()

    def end(self, entry):
        self.document["exports"].append(entry)
        self.current = None
        self.save()

    def is_done(self, target, quantize):
        return any((e["target"], e["quantize"]) == (target, quantize) for e in self.document["exports"])

    def said(self):
        """What the worker had not yet shown when it ended."""
        try:
            return (self.folder / SAID).read_text(errors="replace")[-20_000:]
        except OSError:
            return ""

    def died(self, number):
        """The worker was ended by a signal, at whatever it was doing."""
        self.load()
        if number == signal.SIGKILL:
            why, hint = "the process was killed, as happens where memory is short", "give it more memory"
        else:
            why = f"the converter ended its process ({signal.Signals(number).name}), which is a bug of it"
            hint = "another quantization may work; what it said last stands above"
        if self.current is None:
            self.document["error"] = why
        else:
            self.end({**self.current, "error": why, "hint": hint})
            print(f"{label(self.document['exports'][-1])}: {why} ({hint})", flush=True)

    def goes_on(self):
        return "error" not in self.document

    def finish(self):
        """Puts the report among the results. Returns the exit code."""
        document = self.document
        document["verdict"] = verdict(document)
        error = document.pop("error", None)
        document["exports"] = [in_order(entry, ENTRY) for entry in document["exports"]]
        write(results() / "export.json", in_order(document, TOP))
        if error:
            raise Failed(error)
        if document["verdict"] != "ok":
            print(f"error: {cause(document)}", file=sys.stderr, flush=True)
        return 0 if document["verdict"] == "ok" else 1

    def clean(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        folder = Path(os.environ.get("AIP_MODEL_DIR") or "output/model/")
        for path in folder.glob(".making-*"):
            remove(path)


def in_order(facts, names):
    """The keys as a person reads them."""
    return {name: facts[name] for name in [*names, *(n for n in facts if n not in names)] if name in facts}


def cause(document):
    """Why an export's exit code isn't 0, in one line."""
    exports = document["exports"]
    failed = [f"{label(entry)}: {entry['error']}" for entry in exports if "error" in entry]
    if "error" in document.get("site", {}):
        failed.append(f"pwa: {document['site']['error']}")
    if failed:
        more = f" (and {len(failed) - 1} more failed)" if len(failed) > 1 else ""
        return failed[0] + more
    least = document["minAccuracy"]
    low = [f"{entry['accuracy']:.4f} of {label(entry)}" for entry in exports if entry.get("accuracy", least) < least]
    return f"the accuracy is below {least:g}: {', '.join(low)}; the original has {document['original']['accuracy']:.4f}"


def verdict(document):
    parts = [document, document.get("site", {}), *document["exports"]]
    if any("error" in part for part in parts):
        return "failed"
    least = document.get("minAccuracy")
    if least is not None and any(entry.get("accuracy", least) < least for entry in document["exports"]):
        return "belowMinimum"
    return "ok"


def label(entry):
    """How an export is called in a line of the log."""
    return entry["target"] if entry["quantize"] == "none" else f"{entry['target']} {entry['quantize']}"


def remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def size(path):
    """Bytes of a file, or of all files of a folder."""
    path = Path(path)
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def in_words(size):
    """As mlctl says it."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1000 or unit == "GiB":
            return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1024
    return ""


def told(facts):
    """What was measured, in words."""
    parts = []
    if "accuracy" in facts:
        parts.append(f"accuracy {facts['accuracy']:.4f}")
    if "meanAbsoluteError" in facts:
        parts.append(f"mean absolute error {facts['meanAbsoluteError']:.4g}")
    if "maxDifference" in facts:
        parts.append(f"at most {facts['maxDifference']:.3g} apart")
    if "latencyMs" in facts:
        parts.append(f"{facts['latencyMs']['median']:.2f} ms")
    return ", ".join(parts)
