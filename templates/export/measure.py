"""What an export answers, how fast, and in how much memory: on this machine, by its own interpreter."""

import ctypes
import gc
import time

import numpy as np

TOGETHER = 64
TIMED = 200  # calls with one row each
PATIENCE = 5.0  # seconds for all of them


def batches(rows, batch, together=TOGETHER):
    """Rows as what a model is called with: several at once where it takes any number and they are alike."""
    at = 0
    while at < len(rows):
        end = at + 1
        if batch == "any":
            shape = {name: array.shape for name, array in rows[at].items()}
            while end < len(rows) and end - at < together and all(rows[end][n].shape == s for n, s in shape.items()):
                end += 1
        yield joined(rows[at:end], batch)
        at = end


def joined(rows, batch):
    if batch == "whole":
        return rows[0]
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def answers(predict, rows, batch, together=TOGETHER):
    """The outputs for all rows."""
    parts = [predict(arrays) for arrays in batches(rows, batch, together)]
    if batch == "whole":
        parts = [{name: np.asarray(value)[None] for name, value in part.items()} for part in parts]
    outputs = {}
    for name in parts[0]:
        arrays = [np.atleast_1d(part[name]) for part in parts]
        if len({a.shape[1:] for a in arrays}) > 1:
            # Of different lengths: flat, so that they can be compared all the same.
            arrays = [a.reshape(-1) for a in arrays]
        outputs[name] = np.concatenate(arrays)
    return outputs


def timed(predict, rows, batch):
    """Milliseconds of calls with one row each."""
    took, began = [], time.perf_counter()
    calls = [joined([row], batch) for row in rows[:50]]
    for call in calls[:3]:
        predict(call)
    while len(took) < TIMED and time.perf_counter() - began < PATIENCE:
        start = time.perf_counter()
        predict(calls[len(took) % len(calls)])
        took.append(1000 * (time.perf_counter() - start))
    if not took:
        return None
    return {"median": round(float(np.median(took)), 4), "p95": round(float(np.percentile(took, 95)), 4)}


class Memory:
    """By how much this process grows at most, from here on."""

    def __init__(self):
        gc.collect()
        try:
            ctypes.CDLL(None).malloc_trim(0)
            # Forget the largest size so far.
            with open("/proc/self/clear_refs", "w") as file:
                file.write("5")
        except (OSError, AttributeError):
            pass
        self.before = of_process("VmRSS")

    def grown(self):
        most = of_process("VmHWM")
        return most - self.before if most and self.before and most > self.before else None


def of_process(name):
    try:
        with open("/proc/self/status") as file:
            for line in file:
                if line.startswith(name + ":"):
                    return 1024 * int(line.split()[1])
    except OSError:
        pass
    return None


def run(open_model, rows, batch):
    """Answers, latency and memory of a model that `open_model` opens, a function from arrays to arrays."""
    # What the interpreter's own code takes is none of the model's.
    open_model()(joined(rows[:1], batch))
    memory = Memory()
    predict = open_model()
    predict(joined(rows[:1], batch))
    grown = memory.grown()
    latency = timed(predict, rows, batch)
    try:
        outputs = answers(predict, rows, batch)
    except Exception:
        if batch != "any":
            raise
        # What was converted may take one row at a time although the original takes several.
        outputs = answers(predict, rows, batch, together=1)
    facts = {"latencyMs": latency, "memoryBytes": grown}
    return outputs, {name: value for name, value in facts.items() if value is not None}
