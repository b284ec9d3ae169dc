"""Makes a model that decodes PNG files itself, and what it is asked, for tests.

python images.py FOLDER

  FOLDER/model/1     serving_default: image_bytes -> mean, copy_bytes; sums: rows of two floats -> sum
  FOLDER/png/N.png   eight images, of which N has the mean 10 N
  FOLDER/in/...      the same as records, plain and packed, as a list, and a table
  FOLDER/base64      the eight files, a line each
  FOLDER/python      the interpreter that has TensorFlow
"""

import base64
import os
import sys

import tensorflow as tf

folder = sys.argv[1]
for name in ("png", "in"):
    os.makedirs(os.path.join(folder, name), exist_ok=True)


def path(*names):
    return os.path.join(folder, *names)


class Images(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def mean(self, image_bytes):
        def one(png):
            return tf.reduce_mean(tf.cast(tf.io.decode_png(png, channels=1), tf.float32))

        means = tf.map_fn(one, image_bytes, fn_output_signature=tf.float32)
        return {"mean": means, "copy_bytes": tf.identity(image_bytes)}

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32)])
    def sums(self, pair):
        return {"sum": tf.reduce_sum(pair, axis=1)}


images = Images()
signatures = {"serving_default": images.mean, "sums": images.sums}
tf.saved_model.save(images, path("model", "1"), signatures=signatures)

pngs = [tf.io.encode_png(tf.fill([4, 4, 1], tf.cast(10 * n, tf.uint8))).numpy() for n in range(8)]
for n, png in enumerate(pngs):
    with open(path("png", f"{n}.png"), "wb") as file:
        file.write(png)
with open(path("base64"), "w") as file:
    file.writelines(base64.b64encode(png).decode() + "\n" for png in pngs)
for name, packed in (("plain", ""), ("packed", "GZIP")):
    with tf.io.TFRecordWriter(path("in", f"{name}.tfrecord"), options=packed) as writer:
        for record in [*pngs, b"no image"]:
            writer.write(record)
with open(path("png", "broken.png"), "wb") as file:
    file.write(pngs[1][:20])
with open(path("in", "list.txt"), "w") as file:
    file.writelines(f"../png/{name}.png\n" for name in [*range(8), "broken", "none"])
with open(path("in", "table.csv"), "w") as file:
    file.write('id,a,b,"a note, in quotes"\r\n7,1,2.5,"two\r\nlines"\r\n8,-1,1e1,x\r\n9,none,1,x\r\n')
with open(path("python"), "w") as file:
    file.write(sys.executable)
