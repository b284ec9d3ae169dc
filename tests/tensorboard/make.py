"""Makes the event files beside this script: what PyTorch's SummaryWriter, TensorFlow 2 and the summaries
of TensorFlow 1 write. Needs tensorboard, and whichever of torch and tensorflow is to be run:

    python make.py torch        # torch.tfevents
    python make.py tensorflow   # tensorflow2.tfevents, tensorflow1.tfevents
"""

import glob
import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ACCURACY = [0.5, 0.75, 0.875]


def keep(folder, name):
    (file,) = glob.glob(os.path.join(folder, "*tfevents*"))
    shutil.copyfile(file, os.path.join(HERE, name))


def torch():
    from torch.utils.tensorboard import SummaryWriter

    with tempfile.TemporaryDirectory() as folder:
        with SummaryWriter(folder) as writer:
            for step, accuracy in enumerate(ACCURACY):
                writer.add_scalar("accuracy/test", accuracy, step)
                # Written as a tensor instead of a simple value.
                writer.add_scalar("loss", 1 - accuracy, step, new_style=True)
        keep(folder, "torch.tfevents")


def tensorflow2():
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder:
        with tf.summary.create_file_writer(folder).as_default() as writer:
            for step, accuracy in enumerate(ACCURACY):
                tf.summary.scalar("epoch_accuracy", accuracy, step=step)
                tf.summary.histogram("weights", [1.0, 2.0], step=step, buckets=1)
            writer.close()
        keep(folder, "tensorflow2.tfevents")


def tensorflow1():
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder, tf.Graph().as_default():
        writer = tf.compat.v1.summary.FileWriter(folder)
        for step, accuracy in enumerate(ACCURACY):
            values = [
                tf.compat.v1.Summary.Value(tag="accuracy_1", simple_value=accuracy),
                tf.compat.v1.Summary.Value(tag="loss", simple_value=float("nan")),
            ]
            writer.add_summary(tf.compat.v1.Summary(value=values), step)
        writer.close()
        keep(folder, "tensorflow1.tfevents")


if sys.argv[1] == "torch":
    torch()
else:
    tensorflow2()
    tensorflow1()
