"""The smallest gang: each replica fits y = 3x + 1 on points of its own. Needs only Python."""

import argparse
import json
import os
import random
from pathlib import Path

MODEL_DIR = Path(os.environ.get("AIP_MODEL_DIR", "output/model/"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--learning-rate", type=float, default=0.05)
    args = parser.parse_args()

    rank, size = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    attempt = os.environ.get("MLCTL_ATTEMPT", "1")
    print(f"hello from {rank} of {size}, attempt {attempt}", flush=True)

    points = random.Random(rank)
    slope, offset = 0.0, 0.0
    for epoch in range(1, args.epochs + 1):
        loss = 0.0
        for _ in range(100):
            x = points.uniform(-1, 1)
            error = slope * x + offset - (3 * x + 1)
            slope -= args.learning_rate * error * x
            offset -= args.learning_rate * error
            loss += error * error / 100
        print(f"epoch={epoch} loss={loss:.6f}", flush=True)

    MODEL_DIR.mkdir(parents=True, exist_ok=True)
    result = {"slope": round(slope, 3), "offset": round(offset, 3)}
    (MODEL_DIR / "result.json").write_text(json.dumps(result) + "\n")
    print(f"result: {MODEL_DIR / 'result.json'}")


if __name__ == "__main__":
    main()
