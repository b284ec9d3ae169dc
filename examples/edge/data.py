"""The digits, and a model that small devices can run in whole numbers."""

import os
import warnings
from pathlib import Path

# Quantization-aware training and pruning are for Keras 2; must be set before TensorFlow is imported.
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import numpy as np
import tensorflow as tf
import tf_keras as keras

MODEL_DIR = Path(os.environ.get("AIP_MODEL_DIR", "output/model/"))
HELD_OUT = 360  # a fifth of the 1797 images
BATCH = 64


def load():
    """Returns (train, held_out), each a pair of images [n, 8, 8, 1] and labels [n]."""
    table = np.loadtxt(Path(__file__).with_name("digits.csv.gz"), delimiter=",", dtype="float32")
    np.random.RandomState(0).shuffle(table)  # the file goes writer by writer
    labels, images = table[:, 0].astype("int32"), table[:, 1:].reshape(-1, 8, 8, 1)
    return (images[:-HELD_OUT], labels[:-HELD_OUT]), (images[-HELD_OUT:], labels[-HELD_OUT:])


def build_model():
    """A functional model of layers that can be quantized. Pixels go from 0 to 16: what brings them to a
    common scale is the normalization, since Rescaling is none of these layers."""
    image = keras.layers.Input((8, 8, 1), name="image")
    x = keras.layers.Conv2D(16, 3, padding="same", use_bias=False)(image)
    x = keras.layers.BatchNormalization(momentum=0.9)(x)
    x = keras.layers.ReLU()(x)
    x = keras.layers.Conv2D(32, 3, use_bias=False)(x)
    x = keras.layers.BatchNormalization(momentum=0.9)(x)
    x = keras.layers.ReLU()(x)
    x = keras.layers.MaxPooling2D()(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(64, activation="relu")(x)
    return keras.Model(image, keras.layers.Dense(10, activation="softmax", name="probabilities")(x))


def train(model, data, held_out, epochs, learning_rate, callbacks=()):
    """A line for each epoch. Returns the accuracy on what is held out."""
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")],
    )
    log = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: print(
            f"epoch={epoch + 1} " + " ".join(f"{name}={value:.4f}" for name, value in logs.items()), flush=True
        )
    )
    callbacks = [log, *callbacks]
    fitted = model.fit(
        *data, batch_size=BATCH, epochs=epochs, validation_data=held_out, verbose=0, callbacks=callbacks
    )
    return fitted.history["val_accuracy"][-1]


def quiet():
    """Leaves the lines that are printed here, and errors."""
    warnings.simplefilter("ignore")
    tf.get_logger().setLevel("ERROR")
    keras.utils.disable_interactive_logging()
    keras.utils.set_random_seed(0)
