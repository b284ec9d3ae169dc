"""Writes the images that training holds out, a JSON object on each line:

python held_out.py > held-out.jsonl
"""

import json

import data

_, (images, labels) = data.load()
for number, (image, label) in enumerate(zip(images.astype(int).tolist(), labels.tolist())):
    print(json.dumps({"id": number, "label": label, "image": image}, separators=(",", ":")))
