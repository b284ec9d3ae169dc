"""Trains a small CNN on 8x8 digits: alone, on several devices, or as part of a cluster.

TF_CONFIG says whether there is a cluster, and which part of it this process is.
"""

import argparse
import json
import os

# Keras 3 can't train under the multi-worker strategies; must be set before TensorFlow is imported.
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import tensorflow as tf
import tf_keras as keras

import data

MODEL_DIR = os.environ.get("AIP_MODEL_DIR", "output/model/")
CHECKPOINT_DIR = os.environ.get("AIP_CHECKPOINT_DIR", "output/checkpoints/")

CLUSTER = json.loads(os.environ.get("TF_CONFIG", "{}"))
ROLE = CLUSTER.get("task", {}).get("type")
INDEX = CLUSTER.get("task", {}).get("index", 0)


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=64, help="over all replicas together")
    parser.add_argument("--learning-rate", type=float, default=0.003)
    parser.add_argument(
        "--strategy",
        choices=["auto", "none", "mirrored", "central", "multiworker", "ps"],
        default="auto",
        help="auto: as TF_CONFIG says, or mirrored where there are several devices",
    )
    parser.add_argument(
        "--communication",
        choices=["auto", "ring", "nccl"],
        default="auto",
        help="how mirrored and multiworker add up gradients",
    )
    parser.add_argument("--devices", help="for mirrored, such as GPU:0,GPU:1; default: all")
    parser.add_argument(
        "--logical-gpus",
        type=int,
        metavar="N",
        help="split each GPU (or the CPU, if there is none) into N devices",
    )
    return parser.parse_args()


def main():
    args = parse_args()
    # Leaves the lines that this program prints, and errors.
    tf.get_logger().setLevel("ERROR")
    keras.utils.disable_interactive_logging()
    if CLUSTER and "MLCTL_ACCELERATORS" not in os.environ:
        # Who has asked for no accelerators may see the machine's all the same, and so do the others: each
        # would take all memory of the same GPU.
        tf.config.set_visible_devices([], "GPU")
    if args.logical_gpus:
        split_devices(args.logical_gpus)

    name = args.strategy if args.strategy != "auto" else strategy_for_cluster()
    if ROLE == "evaluator":
        evaluate_checkpoints(args)
    elif name == "ps" and ROLE in ("ps", "worker"):
        serve()
    else:
        train(args, name)


def strategy_for_cluster():
    if not CLUSTER:
        return "mirrored" if len(devices()) > 1 else "none"
    return "ps" if "ps" in CLUSTER["cluster"] else "multiworker"


def split_devices(count):
    gpus = tf.config.get_visible_devices("GPU")
    # A split GPU needs a limit for each part; a split CPU takes none.
    limit = {"memory_limit": 1024} if gpus else {}
    for device in gpus or tf.config.list_physical_devices("CPU"):
        parts = [tf.config.LogicalDeviceConfiguration(**limit) for _ in range(count)]
        tf.config.set_logical_device_configuration(device, parts)


def devices():
    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return [device.name for device in found]


def make_strategy(name, args):
    if name == "mirrored":
        names = args.devices.split(",") if args.devices else devices()
        # NCCL refuses two ranks on one GPU, so split GPUs add up without it. There is no ring
        # inside one process: "ring" means "not NCCL" here.
        if args.communication == "ring" or (args.communication == "auto" and args.logical_gpus):
            return tf.distribute.MirroredStrategy(names, tf.distribute.ReductionToOneDevice())
        if args.communication == "nccl":
            return tf.distribute.MirroredStrategy(names, tf.distribute.NcclAllReduce())
        return tf.distribute.MirroredStrategy(names)
    if name == "central":
        return tf.distribute.experimental.CentralStorageStrategy()
    if name == "multiworker":
        implementation = tf.distribute.experimental.CommunicationImplementation[
            args.communication.upper()
        ]
        return tf.distribute.MultiWorkerMirroredStrategy(
            communication_options=tf.distribute.experimental.CommunicationOptions(
                implementation=implementation
            )
        )
    if name == "ps":
        return tf.distribute.ParameterServerStrategy(
            tf.distribute.cluster_resolver.TFConfigClusterResolver()
        )
    return tf.distribute.get_strategy()


def train(args, strategy_name):
    # First of all: the multi-worker strategies must be made before TensorFlow runs anything.
    strategy = make_strategy(strategy_name, args)
    train_data, held_out = data.load()
    with strategy.scope():
        model = data.build_model(args.learning_rate)

    # A copy that needs no cluster, for what this process does by itself.
    local = data.build_model(args.learning_rate)

    def evaluate_locally(trained):
        local.set_weights(trained.get_weights())
        return data.evaluate(local, held_out)

    by_chief = strategy_name == "ps"
    model.fit(
        # Mirrored workers read different parts of one order, so they must shuffle alike.
        # Workers of a parameter server each read everything, so they must not.
        data.training_dataset(train_data, args.batch_size, seed=None if by_chief else 1),
        epochs=args.epochs,
        steps_per_epoch=len(train_data[1]) // args.batch_size,
        # Workers of a parameter server can't share out images held in memory.
        validation_data=None if by_chief else held_out,
        verbose=0,
        callbacks=[
            *backup(strategy_name),
            # What the evaluator reads.
            keras.callbacks.ModelCheckpoint(
                CHECKPOINT_DIR + "ckpt-{epoch}", save_weights_only=True
            ),
            data.PlainLog(evaluate_locally if by_chief else None),
        ],
    )

    # Every worker must do this, not the primary alone: reading the weights of BatchNormalization
    # averages them over all workers.
    accuracy = evaluate_locally(model)["accuracy"]
    # Every replica may save: each is given an AIP_MODEL_DIR of its own, and the primary's counts.
    local.save(MODEL_DIR, save_format="tf", include_optimizer=False)

    if is_primary():
        print(f"accuracy={accuracy:.4f}")
        print(f"SavedModel: {MODEL_DIR}")


def is_primary():
    if not CLUSTER or ROLE == "chief":
        return True
    return "chief" not in CLUSTER["cluster"] and ROLE == "worker" and INDEX == 0


def serve():
    """A parameter server or its worker: does what the chief asks, until it is ended."""
    server = tf.distribute.Server(
        CLUSTER["cluster"], job_name=ROLE, task_index=INDEX, protocol="grpc"
    )
    server.join()


def backup(strategy_name):
    """Lets the next attempt go on where this one stopped."""
    if strategy_name == "central":  # which Keras refuses to back up
        return []
    return [keras.callbacks.BackupAndRestore(CHECKPOINT_DIR + "backup", delete_checkpoint=False)]


def evaluate_checkpoints(args):
    """Evaluates checkpoints as they appear, and ends after that of the last epoch."""
    _, held_out = data.load()
    keras.utils.SidecarEvaluator(
        data.build_model(args.learning_rate),
        tf.data.Dataset.from_tensor_slices(held_out).batch(args.batch_size),
        checkpoint_dir=CHECKPOINT_DIR,
        max_evaluations=args.epochs,
        callbacks=[data.EvaluatorLog()],
    ).start()


if __name__ == "__main__":
    main()
