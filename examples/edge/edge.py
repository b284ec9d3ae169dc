"""One model for small devices in four ways: float, int8 after training, int8 by quantization-aware training,
and pruned. All are TFLite; each is measured on the held-out digits by TFLite's interpreter.
"""

import argparse
import gzip
import json

import data  # first: it says which Keras TensorFlow takes
import numpy as np
import prune
import qat
import tensorflow as tf

ROWS = 200  # of the training data, from which int8's ranges follow


def converted(model, images=None):
    """The model in TFLite; in whole numbers throughout where there are images to find their ranges with."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if images is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([image[None]] for image in images[:ROWS])
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter.convert()


def accuracy(content, held_out):
    images, labels = held_out
    interpreter = tf.lite.Interpreter(model_content=content)
    takes, gives = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    interpreter.resize_tensor_input(takes["index"], images.shape)
    interpreter.allocate_tensors()
    scale, zero = takes["quantization"]
    if scale:
        images = np.clip(np.round(images / scale + zero), -128, 127).astype("int8")
    interpreter.set_tensor(takes["index"], images)
    interpreter.invoke()
    return float((interpreter.get_tensor(gives["index"]).argmax(axis=1) == labels).mean())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--aware-epochs", type=int, default=5)
    parser.add_argument("--prune-epochs", type=int, default=8)
    parser.add_argument("--sparsity", type=float, default=0.8)
    args = parser.parse_args()
    data.quiet()
    train_data, held_out = data.load()

    print("float")
    model = data.build_model()
    data.train(model, train_data, held_out, args.epochs, learning_rate=0.003)
    made = {"float": converted(model), "int8": converted(model, train_data[0])}
    print("int8 by quantization-aware training")
    aware, _ = qat.quantized(model, train_data, held_out, args.aware_epochs)
    made["qat"] = converted(aware, train_data[0])
    print(f"pruned {args.sparsity:.0%}")
    sparse, _ = prune.pruned(model, train_data, held_out, args.prune_epochs, args.sparsity)
    made["pruned"] = converted(sparse)

    data.MODEL_DIR.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, content in made.items():
        (data.MODEL_DIR / f"{name}.tflite").write_bytes(content)
        row = {"model": name, "accuracy": accuracy(content, held_out), "bytes": len(content)}
        row["gzipBytes"] = len(gzip.compress(content, 9, mtime=0))
        if name == "pruned":
            row["sparsity"] = round(float(prune.sparsity(sparse)), 4)
        rows.append(row)
    report = {"heldOut": len(held_out[1]), "models": rows}
    (data.MODEL_DIR / "edge.json").write_text(json.dumps(report, indent=1) + "\n")

    print(f"\n{'':8}{'accuracy':>9}{'size':>11}{'gzip':>11}")
    for row in rows:
        kib = [f"{row[key] / 1024:.1f} KiB" for key in ("bytes", "gzipBytes")]
        print(f"{row['model']:8}{row['accuracy']:9.4f}{kib[0]:>11}{kib[1]:>11}")
    print(f"\naccuracy={min(row['accuracy'] for row in rows):.4f}")


if __name__ == "__main__":
    main()
