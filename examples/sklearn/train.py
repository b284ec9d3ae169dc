"""Fits a classifier to the UCI digits that scikit-learn ships, and prints how good it is."""

import argparse
import os
from pathlib import Path

import joblib
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--model", choices=["svm", "trees"], default="svm")
parser.add_argument("--c", type=float, default=10.0, help="svm: inverse of the regularisation")
parser.add_argument("--gamma", type=float, default=0.001, help="svm: width of the RBF kernel")
parser.add_argument("--trees", type=int, default=100, help="trees: how many")
parser.add_argument("--depth", type=int, default=10, help="trees: how deep at most")
args = parser.parse_args()

images, labels = load_digits(return_X_y=True)
train_x, test_x, train_y, test_y = train_test_split(
    images, labels, test_size=0.4, random_state=0, stratify=labels
)
if args.model == "svm":
    model = SVC(C=args.c, gamma=args.gamma)
else:
    model = RandomForestClassifier(args.trees, max_depth=args.depth, random_state=0)
model.fit(train_x, train_y)
print(f"accuracy={model.score(test_x, test_y):.4f}")

model_dir = Path(os.environ.get("AIP_MODEL_DIR", "output/model/"))
model_dir.mkdir(parents=True, exist_ok=True)
joblib.dump(model, model_dir / "model.joblib")
