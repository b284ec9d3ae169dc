"""One trial of a search: trains a network with the parameters that it is told, and reports each epoch.

Nothing in it knows of the search: parameters are arguments, and a metric is a line of `name=value`.
"""

import argparse
import os

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import tensorflow as tf
import tf_keras as keras

import data

MODEL_DIR = os.environ.get("AIP_MODEL_DIR", "output/model/")


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--batch_size", type=int, default=64)
    parser.add_argument("--learning_rate", type=float, default=0.003)
    parser.add_argument("--units", type=int, default=64)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--optimizer", choices=["adam", "sgd"], default="adam")
    parser.add_argument("--momentum", type=float, default=0.9, help="of sgd only")
    return parser.parse_args()


def build_model(args):
    if args.optimizer == "sgd":
        optimizer = keras.optimizers.SGD(args.learning_rate, momentum=args.momentum)
    else:
        optimizer = keras.optimizers.Adam(args.learning_rate)
    model = keras.Sequential(
        [
            keras.layers.Input((8, 8, 1), name="image"),
            keras.layers.Rescaling(1 / 16),
            keras.layers.Conv2D(16, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dense(args.units, activation="relu"),
            keras.layers.Dropout(args.dropout),
            keras.layers.Dense(10, activation="softmax", name="probabilities"),
        ]
    )
    model.compile(
        optimizer=optimizer,
        loss="sparse_categorical_crossentropy",
        metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")],
    )
    return model


class Report(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        print(
            f"epoch={epoch + 1} loss={logs['loss']:.4f} val_accuracy={logs['val_accuracy']:.4f}",
            flush=True,
        )


def main():
    args = parse_args()
    tf.get_logger().setLevel("ERROR")
    keras.utils.disable_interactive_logging()
    keras.utils.set_random_seed(0)
    train, held_out = data.load()
    model = build_model(args)
    model.fit(
        *train,
        validation_data=held_out,
        epochs=args.epochs,
        batch_size=args.batch_size,
        callbacks=[Report()],
        verbose=0,
    )
    model.save(MODEL_DIR)


if __name__ == "__main__":
    main()
