"""Fits a support-vector classifier to the UCI digits that scikit-learn ships."""

import argparse
import os
from pathlib import Path

import joblib
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--c", type=float, default=10.0, help="inverse of the regularisation")
parser.add_argument("--gamma", type=float, default=0.001, help="width of the RBF kernel")
args = parser.parse_args()

images, labels = load_digits(return_X_y=True)
train_x, test_x, train_y, test_y = train_test_split(
    images, labels, test_size=0.2, random_state=0, stratify=labels
)
model = SVC(C=args.c, gamma=args.gamma).fit(train_x, train_y)
print(f"accuracy={model.score(test_x, test_y):.4f}")

model_dir = Path(os.environ.get("AIP_MODEL_DIR", "output/model/"))
model_dir.mkdir(parents=True, exist_ok=True)
joblib.dump(model, model_dir / "model.joblib")
print(f"model: {model_dir / 'model.joblib'}")
