"""A multilayer perceptron on the UCI digits, an epoch at a time, each of which takes a moment."""

import argparse
import time
import warnings

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=40)
parser.add_argument("--learning_rate", type=float, default=0.001)
parser.add_argument("--units", type=int, default=32)
parser.add_argument("--alpha", type=float, default=1e-4)
parser.add_argument("--batch_size", type=float, default=32)
args = parser.parse_args()

warnings.filterwarnings("ignore")
images, labels = load_digits(return_X_y=True)
train_x, held_x, train_y, held_y = train_test_split(
    images / 16, labels, test_size=0.3, random_state=0, stratify=labels
)
model = MLPClassifier(
    (args.units,),
    alpha=args.alpha,
    batch_size=int(args.batch_size),
    learning_rate_init=args.learning_rate,
    random_state=0,
)
for epoch in range(1, args.epochs + 1):
    begun = time.monotonic()
    model.partial_fit(train_x, train_y, classes=range(10))
    print(f"epoch={epoch} val_accuracy={model.score(held_x, held_y):.4f}", flush=True)
    # An epoch of a real trial is no shorter; a rule can only save what has not been trained yet.
    time.sleep(max(0.0, 0.3 - (time.monotonic() - begun)))
