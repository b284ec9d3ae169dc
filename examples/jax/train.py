"""Trains a small network on 8x8 digits, data-parallel over JAX processes.

JAX_COORDINATOR_ADDRESS, JAX_NUM_PROCESSES and JAX_PROCESS_ID say who takes part; without them it
trains alone.
"""

import argparse
import os
from pathlib import Path

PROCESSES = int(os.environ.get("JAX_NUM_PROCESSES", 1))
if PROCESSES > 1 and "MLCTL_ACCELERATORS" not in os.environ:
    # Processes that have asked for no accelerators may see the machine's all the same: all of them the same
    # ones, of which each would take most of the memory. JAX reads this when it is imported.
    os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import Mesh, NamedSharding, PartitionSpec

MODEL_DIR = Path(os.environ.get("AIP_MODEL_DIR", "output/model/"))
CHECKPOINT = Path(os.environ.get("AIP_CHECKPOINT_DIR", "output/checkpoints/")) / "checkpoint.npz"

HELD_OUT = 360  # a fifth of the 1797 images


def load():
    """Returns (train, held_out), each a pair of images [n, 64] and labels [n]."""
    table = np.loadtxt(Path(__file__).with_name("digits.csv.gz"), delimiter=",", dtype="float32")
    # The file goes writer by writer; the same order in every process.
    np.random.RandomState(0).shuffle(table)
    labels, images = table[:, 0].astype("int32"), table[:, 1:] / 16
    return (images[:-HELD_OUT], labels[:-HELD_OUT]), (images[-HELD_OUT:], labels[-HELD_OUT:])


def initial_params():
    rng = np.random.RandomState(1)
    return {
        "w1": rng.normal(0, 0.15, (64, 128)).astype("float32"),
        "b1": np.zeros(128, "float32"),
        "w2": rng.normal(0, 0.1, (128, 10)).astype("float32"),
        "b2": np.zeros(10, "float32"),
    }


def logits(params, images):
    hidden = jax.nn.relu(images @ params["w1"] + params["b1"])
    return hidden @ params["w2"] + params["b2"]


def loss_of(params, images, labels):
    scores = jax.nn.log_softmax(logits(params, images))
    return -jnp.take_along_axis(scores, labels[:, None], axis=1).mean()


@jax.jit
def step(params, velocity, images, labels, learning_rate):
    """One step of SGD with momentum.

    The batch is spread over all processes and the parameters are not, so the compiler adds the
    exchange of gradients.
    """
    loss, gradients = jax.value_and_grad(loss_of)(params, images, labels)
    velocity = jax.tree.map(lambda v, g: 0.9 * v - learning_rate * g, velocity, gradients)
    return jax.tree.map(jnp.add, params, velocity), velocity, loss


def save(path, **arrays):
    """Writes beside and renames, so that a kill leaves the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name("part-" + path.name)
    np.savez(part, **arrays)
    part.replace(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--batch-size", type=int, default=64, help="over all processes together")
    parser.add_argument("--learning-rate", type=float, default=0.1)
    args = parser.parse_args()

    if PROCESSES > 1:
        # JAX itself reads the coordinator's address only. The others' death is noticed after the
        # heartbeat time-out, 100 s by default.
        jax.distributed.initialize(
            num_processes=PROCESSES,
            process_id=int(os.environ["JAX_PROCESS_ID"]),
            heartbeat_timeout_seconds=10,
        )
    primary = jax.process_index() == 0
    print(f"process {jax.process_index()} of {PROCESSES} on {jax.local_devices()[0]}", flush=True)
    mesh = Mesh(np.array(jax.devices()), ("batch",))
    split, whole = PartitionSpec("batch"), PartitionSpec()

    (images, labels), held_out = load()
    params, first_epoch = initial_params(), 0
    velocity = jax.tree.map(np.zeros_like, params)
    if CHECKPOINT.exists():
        # Every process restores, so that all go on from the same epoch.
        with np.load(CHECKPOINT) as saved:
            params = {name: saved[name] for name in params}
            velocity = {name: saved["velocity_" + name] for name in params}
            first_epoch = int(saved["epoch"])
        print(f"resumed from epoch {first_epoch}", flush=True)
    # No process may write the next checkpoint while another still reads this one.
    multihost_utils.sync_global_devices("restored")
    params, velocity = jax.device_put((params, velocity), NamedSharding(mesh, whole))

    def accuracy():
        guesses = logits(jax.device_get(params), held_out[0]).argmax(axis=1)
        return float((guesses == held_out[1]).mean())

    share = args.batch_size // PROCESSES
    offset = jax.process_index() * share
    for epoch in range(first_epoch, args.epochs):
        # The same order in every process, of which each takes its part of every batch.
        order = np.random.RandomState(epoch).permutation(len(labels))
        losses = []
        for start in range(0, len(order) - args.batch_size + 1, args.batch_size):
            part = order[start + offset : start + offset + share]
            batch = multihost_utils.host_local_array_to_global_array(
                (images[part], labels[part]), mesh, split
            )
            params, velocity, loss = step(params, velocity, *batch, args.learning_rate)
            losses.append(float(loss))

        if primary:
            velocities = {"velocity_" + name: value for name, value in velocity.items()}
            save(CHECKPOINT, epoch=epoch + 1, **params, **velocities)
            print(
                f"epoch={epoch + 1} loss={np.mean(losses):.4f} val_accuracy={accuracy():.4f}",
                flush=True,
            )

    if primary:
        save(MODEL_DIR / "params.npz", **params)
        print(f"accuracy={accuracy():.4f}")
        print(f"params: {MODEL_DIR / 'params.npz'}")


if __name__ == "__main__":
    main()
