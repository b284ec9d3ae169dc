"""The site that `--pwa` asks for, made of a TensorFlow.js model."""

import os

import report
from problems import Failed


def build(results, entry, facts):
    import library
    import pwa

    unknown = [f["name"] for f in facts["inputs"] if "shape" not in f]
    if unknown:
        raise Failed(f"a page can't be made for inputs of any number of dimensions: {', '.join(unknown)}")
    half, whole = results / ".making-pwa", results / "pwa"
    report.remove(half)
    report.remove(whole)
    try:
        pwa.build(half, results / entry["path"], facts)
        os.replace(half, whole)
    except library.Missing as error:
        raise Failed(str(error)) from None
    finally:
        report.remove(half)


def facts(request, source, document, entry, given):
    """What the site has to know of the model."""
    inputs = []
    for f in source.inputs:
        ranges = [found for found in (taken.range_of(f.name) for taken in given) if found]
        own = f.facts()
        if ranges:
            own["range"] = [min(least for least, _ in ranges), max(most for _, most in ranges)]
        inputs.append(own)
    found = {"title": request.title or document["model"], "inputs": inputs, "outputs": document["outputs"],
             "model": document["model"], "quantize": entry["quantize"]}  # fmt: skip
    if "accuracy" in entry:
        found["accuracy"] = entry["accuracy"]
    if source.labels:
        found["labels"] = source.labels
    return found
