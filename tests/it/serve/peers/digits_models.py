"""Three models of the example's digits: one that has learned little, a better one, and one that only a GPU
can run, though it is saved as well as the others.

python digits_models.py, within a copy of the example; they are written below AIP_MODEL_DIR
"""

import os
from pathlib import Path

import tensorflow as tf

import data

TO = Path(os.environ["AIP_MODEL_DIR"])


class Linear(tf.Module):
    def __init__(self):
        self.weights = tf.Variable(tf.zeros([64, 10]))
        self.bias = tf.Variable(tf.zeros([10]))

    def logits(self, image):
        return tf.reshape(image / 16, [-1, 64]) @ self.weights + self.bias

    def learn(self, images, labels, steps):
        for _ in range(steps):
            with tf.GradientTape() as tape:
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, self.logits(images))
                loss = tf.reduce_mean(losses)
            for variable, slope in zip(self.variables, tape.gradient(loss, self.variables)):
                variable.assign_sub(2.0 * slope)

    @tf.function(input_signature=[tf.TensorSpec([None, 8, 8, 1], name="image")])
    def serve(self, image):
        return {"probabilities": tf.nn.softmax(self.logits(image))}


class OnlyOnGpus(Linear):
    """The same as a convolution with its channels first, for which a CPU has no kernel."""

    def logits(self, image):
        kernel = tf.reshape(self.weights, [8, 8, 1, 10])
        first = tf.transpose(image / 16, [0, 3, 1, 2])
        scores = tf.nn.conv2d(first, kernel, 1, "VALID", data_format="NCHW")
        return tf.reshape(scores, [-1, 10]) + self.bias


def save(model, name):
    tf.saved_model.save(model, str(TO / name), signatures=model.serve)


def accuracy(model, images, labels):
    found = tf.argmax(model.logits(images), axis=1, output_type=tf.int32)
    return float(tf.reduce_mean(tf.cast(found == labels, tf.float32)))


train, held_out = data.load()
first, better, broken = Linear(), Linear(), OnlyOnGpus()
first.learn(*train, steps=1)
save(first, "first")
better.learn(*train, steps=100)
save(better, "better")
for own, others in zip(broken.variables, better.variables):
    own.assign(others)
save(broken, "broken")
print(f"first={accuracy(first, *held_out):.4f} better={accuracy(better, *held_out):.4f}", flush=True)
