"""Runs one optimiser over problems and instances; appends a line for each finished run to a file.

A line is `{"peer","problem","seed","slots","truth":[...],"seconds"}`: the noise-free value of each
trial in the order in which the trials ended, and the mean processor seconds that a suggestion took
(so that what else the machine does counts little). What the
file already has is not run again, so that a collection that was stopped goes on.

    python trace.py OUT PEER PROBLEMS SEEDS [SLOTS] [TRIALS]     e.g. vizier judged 0-9 1 40
"""

import json
import os
import sys

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402

import peers  # noqa: E402
import problems  # noqa: E402

SETS = {"judged": problems.JUDGED, "mixint": problems.MIXINT, "development": problems.DEVELOPMENT}


def run(peer, problem, seed, slots, trials):
    """One study. With several slots the trials end in an order drawn by the instance, each started
    as soon as a slot is free, as a cluster does it."""
    rng, order = np.random.default_rng([5, seed]), np.random.default_rng([6, seed])
    truth, running, spent, started = [], [], 0.0, 0
    if peer == "nevergrad":
        peers.Nevergrad.workers = slots
    optimizer = peers.PEERS[peer](problem, seed)
    while len(truth) < trials:
        while len(running) < slots and started < trials:
            begin = peers.processor_time(peer)
            params = optimizer.suggest()
            spent += peers.processor_time(peer) - begin
            running.append(params)
            started += 1
        params = running.pop(int(order.integers(len(running))) if slots > 1 else 0)
        value = problem.call(params, rng)
        truth.append(problem.truth(params))
        begin = peers.processor_time(peer)
        optimizer.tell(params, value)
        spent += peers.processor_time(peer) - begin
    return truth, spent / trials


def main():
    out, peer, names, seeds = sys.argv[1:5]
    slots = int(sys.argv[5]) if len(sys.argv) > 5 else 1
    trials = int(sys.argv[6]) if len(sys.argv) > 6 else 40
    first, last = (int(x) for x in seeds.split("-"))
    done = set()
    if os.path.exists(out):
        done = {(r["peer"], r["problem"], r["seed"], r["slots"]) for r in map(json.loads, open(out))}
    chosen = SETS[names] if names in SETS else {n: problems.ALL[n] for n in names.split(",")}
    for seed in range(first, last + 1):
        for name, make in chosen.items():
            if (peer, name, seed, slots) in done:
                continue
            try:
                truth, seconds = run(peer, make(seed), seed, slots, trials)
            except Exception as error:  # a peer that breaks on a problem is no reason to lose the rest
                print(peer, name, seed, type(error).__name__, str(error)[:200], file=sys.stderr, flush=True)
                continue
            if hasattr(peers.PEERS[peer], "forget"):
                peers.PEERS[peer].forget()
            line = {"peer": peer, "problem": name, "seed": seed, "slots": slots, "truth": [float(f"{v:.6g}") for v in truth], "seconds": round(seconds, 5)}
            with open(out, "a") as file:
                file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
