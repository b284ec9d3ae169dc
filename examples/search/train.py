"""Fits a polynomial to points on a wave by gradient descent. Needs only Python."""

import argparse
import math
import random

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--learning_rate", type=float, default=0.01)
parser.add_argument("--degree", type=int, default=3)
parser.add_argument("--method", choices=["plain", "momentum"], default="plain")
parser.add_argument("--momentum", type=float, default=0.9)
args = parser.parse_args()
momentum = args.momentum if args.method == "momentum" else 0.0

draw = random.Random(0)
points = [(x, math.sin(3 * x) + draw.gauss(0, 0.1)) for x in (draw.uniform(-1, 1) for _ in range(200))]
train, held_out = points[:150], points[150:]
weights, speeds = [0.0] * (args.degree + 1), [0.0] * (args.degree + 1)


def error(x, y):
    return sum(w * x**n for n, w in enumerate(weights)) - y


for epoch in range(1, args.epochs + 1):
    for x, y in train:
        gradient = error(x, y)
        for n in range(args.degree + 1):
            speeds[n] = momentum * speeds[n] - args.learning_rate * gradient * x**n
            weights[n] += speeds[n]
        if not all(abs(w) < 1e6 for w in weights):
            raise SystemExit(f"diverged in epoch {epoch}")
    loss = sum(error(x, y) ** 2 for x, y in held_out) / len(held_out)
    print(f"epoch={epoch} loss={loss:.5f}", flush=True)
