"""Trains the digits, and then on while the smallest weights become zero: pruning.

The file of a pruned model is as large as before, and a fraction of it when compressed, as in an app's archive.
"""

import argparse
import math

import data  # first: it says which Keras TensorFlow takes
import numpy as np
import tensorflow_model_optimization as tfmot


def pruned(model, train_data, held_out, epochs, sparsity, learning_rate=0.002):
    """The model with that share of its weights being zero, trained on."""
    steps = epochs * math.ceil(len(train_data[1]) / data.BATCH)
    schedule = tfmot.sparsity.keras.PolynomialDecay(
        initial_sparsity=0.3, final_sparsity=sparsity, begin_step=0, end_step=steps * 2 // 3, frequency=10
    )
    sparse = tfmot.sparsity.keras.prune_low_magnitude(model, pruning_schedule=schedule)
    step = tfmot.sparsity.keras.UpdatePruningStep()
    accuracy = data.train(sparse, train_data, held_out, epochs, learning_rate, [step])
    return tfmot.sparsity.keras.strip_pruning(sparse), accuracy


def sparsity(model):
    """The share of zeros in the weights that are pruned: kernels."""
    kernels = [weight.numpy() for weight in model.trainable_weights if "kernel" in weight.name]
    return sum(np.sum(kernel == 0) for kernel in kernels) / sum(kernel.size for kernel in kernels)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=10, help="with all weights")
    parser.add_argument("--prune-epochs", type=int, default=8, help="after them, with ever fewer")
    parser.add_argument("--sparsity", type=float, default=0.8, help="the share of zeros at the end")
    parser.add_argument("--learning-rate", type=float, default=0.003)
    args = parser.parse_args()
    data.quiet()
    train_data, held_out = data.load()
    model = data.build_model()
    before = data.train(model, train_data, held_out, args.epochs, args.learning_rate)
    sparse, accuracy = pruned(model, train_data, held_out, args.prune_epochs, args.sparsity)
    sparse.save(data.MODEL_DIR, save_format="tf", include_optimizer=False)
    print(f"before={before:.4f} sparsity={sparsity(sparse):.4f}")
    print(f"accuracy={accuracy:.4f}")
    print(f"SavedModel: {data.MODEL_DIR}")


if __name__ == "__main__":
    main()
