"""The digits, the model that reads them, and how its progress is printed."""

from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras as keras

HELD_OUT = 360  # a fifth of the 1797 images


def load():
    """Returns (train, held_out), each a pair of images [n, 8, 8, 1] and labels [n]."""
    table = np.loadtxt(Path(__file__).with_name("digits.csv.gz"), delimiter=",", dtype="float32")
    # The file goes writer by writer; the same order everywhere, so that no worker trains on
    # what another holds out.
    np.random.RandomState(0).shuffle(table)
    labels, images = table[:, 0].astype("int32"), table[:, 1:].reshape(-1, 8, 8, 1)
    return (images[:-HELD_OUT], labels[:-HELD_OUT]), (images[-HELD_OUT:], labels[-HELD_OUT:])


def training_dataset(data, batch_size, seed):
    images, labels = data
    dataset = tf.data.Dataset.from_tensor_slices(data)
    return dataset.shuffle(len(labels), seed=seed).repeat().batch(batch_size)


def build_model(learning_rate):
    model = keras.Sequential(
        [
            keras.layers.Input((8, 8, 1), name="image"),
            keras.layers.Rescaling(1 / 16),
            keras.layers.Conv2D(16, 3, padding="same", activation="relu"),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(10, activation="softmax", name="probabilities"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="sparse_categorical_crossentropy",
        # Not "accuracy": what that stands for is settled by the first batch, and wrongly so when
        # the model is saved before it has seen one.
        metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")],
    )
    return model


def evaluate(model, data):
    """As Keras' own evaluate, which does not work in the middle of a parameter server's fit."""
    images, labels = data
    probabilities = model(images, training=False).numpy()
    loss = -np.log(probabilities[np.arange(len(labels)), labels] + 1e-7).mean()
    return {"loss": loss, "accuracy": (probabilities.argmax(axis=1) == labels).mean()}


class PlainLog(keras.callbacks.Callback):
    """One line of `name=value` per epoch, and one if training goes on from a checkpoint.

    With `validate`, a function from the model to metrics, its results are added.
    """

    def __init__(self, validate=None):
        super().__init__()
        self.validate = validate

    def on_train_begin(self, logs=None):
        self.first_epoch = None

    def on_epoch_begin(self, epoch, logs=None):
        if self.first_epoch is None:
            self.first_epoch = epoch
            if epoch > 0:
                print(f"resumed from epoch {epoch}", flush=True)

    def on_epoch_end(self, epoch, logs=None):
        if self.validate:
            logs = {**logs, **{f"val_{k}": v for k, v in self.validate(self.model).items()}}
        print(f"epoch={epoch + 1} {metrics_line(logs)}", flush=True)


class EvaluatorLog(keras.callbacks.Callback):
    """One line per checkpoint that the evaluator reads."""

    def on_test_end(self, logs=None):
        print(f"evaluated step={int(self.model.optimizer.iterations)} {metrics_line(logs)}", flush=True)


def metrics_line(logs):
    return " ".join(f"{name}={float(value):.4f}" for name, value in logs.items())
