"""Tables from traces: median simple regret, mean rank, wins with a sign test, seconds.

    python report.py [--at TRIALS] [--slots N] [--against NAME] [--only a,b] FILE...   (.jsonl or .jsonl.gz)
"""

import argparse
import gzip
import json
from collections import defaultdict
from math import comb

import numpy as np

import problems


def read(files):
    for name in files:
        with (gzip.open(name, "rt") if name.endswith(".gz") else open(name)) as file:
            yield from map(json.loads, file)


def sign_test(wins, losses):
    """The probability of a split at least as uneven, if both were equally good (two-sided)."""
    n, k = wins + losses, max(wins, losses)
    return 1.0 if n == 0 else min(1.0, 2 * sum(comb(n, i) for i in range(k, n + 1)) / 2**n)


def group(name):
    return "mixint" if name in problems.MIXINT else "judged" if name in problems.JUDGED else "development"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="+")
    parser.add_argument("--at", type=int, default=40)
    parser.add_argument("--slots", type=int, default=1)
    parser.add_argument("--against", default="mlctl")
    parser.add_argument("--only")
    parser.add_argument("--sets", default="judged,mixint,development")
    options = parser.parse_args()
    runs, seconds, bests = {}, defaultdict(list), {}
    for r in read(options.files):
        if r["slots"] != options.slots or group(r["problem"]) not in options.sets.split(","):
            continue
        if options.only and r["peer"] not in options.only.split(","):
            continue
        key = (r["problem"], r["seed"])
        if key not in bests:
            bests[key] = best(r)
        runs[(r["peer"], *key)] = min(r["truth"][: options.at]) - bests[key]
        seconds[r["peer"]].append(r["seconds"])
    peers = sorted({k[0] for k in runs})
    names = [n for n in problems.ALL if any(k[1] == n for k in runs)]
    print(f"median simple regret after {options.at} trials, {options.slots} at once")
    print(f"{'':16}" + "".join(f"{p[:11]:>12}" for p in peers))
    for name in names:
        cells = []
        for p in peers:
            values = [v for k, v in runs.items() if k[0] == p and k[1] == name]
            cells.append(f"{np.median(values):12.4g}" if values else f"{'-':>12}")
        print(f"{name:16}" + "".join(cells))
    print(f"{'s/suggestion':16}" + "".join(f"{np.mean(seconds[p]):12.4f}" for p in peers))
    ranks(runs, peers, options.against)


def best(run):
    """The least value that is known for a problem's instance."""
    name, seed = run["problem"], run["seed"]
    if name in ("svm_digits", "gbm_cancer", "mlp_digits"):
        return 0.0
    return problems.ALL[name](seed).best


def ranks(runs, peers, against):
    cells = {k[1:] for k in runs}
    # One rare peer would leave few runs for all: it has its wins, and no rank.
    count = {p: sum((p, *c) in runs for c in cells) for p in peers}
    ranked = [p for p in peers if 2 * count[p] >= len(cells)]
    everyone = [c for c in cells if all((p, *c) in runs for p in ranked)]
    if everyone:
        sums = {p: 0.0 for p in ranked}
        for c in everyone:
            values = {p: runs[(p, *c)] for p in ranked}
            for p in ranked:
                sums[p] += 1 + sum(v < values[p] - 1e-12 for v in values.values()) + 0.5 * sum(
                    abs(v - values[p]) <= 1e-12 for q, v in values.items() if q != p)
        row = "".join(f"{sums[p] / len(everyone):12.2f}" if p in sums else f"{'-':>12}" for p in peers)
        print(f"{'mean rank':16}{row}   over {len(everyone)} runs that all ranked peers have")
    for p in peers:
        if p == against:
            continue
        shared = [c for c in cells if (p, *c) in runs and (against, *c) in runs]
        wins = sum(runs[(against, *c)] < runs[(p, *c)] - 1e-12 for c in shared)
        losses = sum(runs[(against, *c)] > runs[(p, *c)] + 1e-12 for c in shared)
        by = defaultdict(list)
        for c in shared:
            by[c[0]].append(np.sign(runs[(p, *c)] - runs[(against, *c)]))
        better = sum(np.mean(v) > 0 for v in by.values())
        print(f"{against} against {p:12} {wins:4} wins {losses:4} losses of {len(shared):4}  p = {sign_test(wins, losses):.2g}   better on {better} of {len(by)} functions")


if __name__ == "__main__":
    main()
