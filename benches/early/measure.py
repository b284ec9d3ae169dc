"""What early stopping saves: the same study with every rule, counted in epochs.

Usage: measure.py MLCTL [SEED...]
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

RULES = ["none", "median", "decayCurve", "convex", "asha", "hyperband"]
# Rungs at 3, 9 and 27 epochs; a whole trial is known to have 40.
OPTIONS = {"asha": ", maxResource: 40, minResource: 3", "hyperband": ", maxResource: 40, minResource: 3"}


def study(mlctl, rule, seed, env):
    text = (Path(__file__).parent / "study.yaml").read_text().replace("seed: 1", f"seed: {seed}")
    text += f"earlyStopping: {{type: {rule}{OPTIONS.get(rule, '')}}}\n"
    with tempfile.NamedTemporaryFile("w", dir=Path(__file__).parent, suffix=".yaml") as file:
        file.write(text)
        file.flush()
        subprocess.run([mlctl, "tune", file.name, "--quiet"], check=True, env=env)
    report = subprocess.run([mlctl, "tune", "trials", "-o", "json"], check=True, env=env, capture_output=True)
    trials = json.loads(report.stdout)["trials"]
    epochs = sum(len(trial.get("curve", [])) for trial in trials)
    best = max(trial["values"].get("val_accuracy", 0.0) for trial in trials)
    stopped = sum(trial["state"] == "stopped" for trial in trials)
    return epochs, best, stopped


def main():
    mlctl, seeds = sys.argv[1], [int(seed) for seed in sys.argv[2:]] or [1]
    print(f"{'seed':>4} {'rule':<11} {'epochs':>7} {'saved':>6} {'stopped':>7} {'best':>7}")
    for seed in seeds:
        whole = None
        for rule in RULES:
            with tempfile.TemporaryDirectory() as state:
                env = {**os.environ, "XDG_STATE_HOME": state}
                epochs, best, stopped = study(mlctl, rule, seed, env)
            whole = whole or epochs
            saved = 100 * (1 - epochs / whole)
            print(f"{seed:>4} {rule:<11} {epochs:>7} {saved:>5.0f}% {stopped:>7} {best:>7.4f}", flush=True)


if __name__ == "__main__":
    main()
