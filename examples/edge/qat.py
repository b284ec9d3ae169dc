"""Trains the digits in floating point, and then on with the rounding of int8 inside: quantization-aware training.

The SavedModel has the ranges that training found: `mlctl export --to tflite --quantize int8` takes them.
"""

import argparse

import data  # first: it says which Keras TensorFlow takes
import tensorflow as tf
import tensorflow_model_optimization as tfmot


def quantized(model, train_data, held_out, epochs, learning_rate=0.0005):
    """The model as it will answer in int8, trained on."""
    aware = tfmot.quantization.keras.quantize_model(model)
    accuracy = data.train(aware, train_data, held_out, epochs, learning_rate)
    return aware, accuracy


def save(aware):
    """With the names that the model had before, for whoever calls it."""

    @tf.function(input_signature=[tf.TensorSpec([None, 8, 8, 1], name="image")])
    def serve(image):
        return {"probabilities": aware(image, training=False)}

    aware.save(data.MODEL_DIR, save_format="tf", include_optimizer=False, signatures=serve)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=10, help="in floating point")
    parser.add_argument("--aware-epochs", type=int, default=5, help="after them, with int8's rounding")
    parser.add_argument("--learning-rate", type=float, default=0.003)
    args = parser.parse_args()
    data.quiet()
    train_data, held_out = data.load()
    model = data.build_model()
    before = data.train(model, train_data, held_out, args.epochs, args.learning_rate)
    aware, accuracy = quantized(model, train_data, held_out, args.aware_epochs)
    save(aware)
    print(f"float={before:.4f}")
    print(f"accuracy={accuracy:.4f}")
    print(f"SavedModel: {data.MODEL_DIR}")


if __name__ == "__main__":
    main()
