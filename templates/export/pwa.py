"""A static site around a TensorFlow.js model, which works without a network once it has been opened."""

import hashlib
import html
import json
import shutil
from pathlib import Path

import numpy as np

import icons
import library
import ranges
import tfjs_run

HERE = Path(__file__).resolve().parent
LICENSE = "long/LICENSE"
# Values of an answer that the page compares before it trusts a way of computing.
CHECKED = 64
# A phone's home screen shows about as much of a name.
SHORT_NAME = 12
# The side of a picture, in pixels, where the model takes any.
PICTURE = 224
TEMPLATE = next((folder for folder in (HERE / "pwa", HERE.parent / "pwa") if folder.is_dir()), HERE / "pwa")


def build(site: Path, tfjs_dir: Path, facts: dict) -> None:
    """Writes the site. `facts` has `title`, `model`, `inputs` and `outputs`, and may have `quantize`, `accuracy`,
    `labels` and, for an input, the `range` of its values."""
    site, tfjs_dir = Path(site), Path(tfjs_dir)
    if site.exists():
        shutil.rmtree(site)
    shutil.copytree(TEMPLATE, site, ignore=shutil.ignore_patterns("service-worker.js", "index.html"))
    # The same code asks the model in Node and in the page.
    shutil.copyfile(HERE / "model.mjs", site / "app" / "model.js")
    shutil.copytree(tfjs_dir, site / "model")
    _copy_library(site / "library")
    icons.write(site / "icons")
    described = json.loads((tfjs_dir / "model.json").read_text())
    inputs = [_input(tfjs_dir, described, each, position) for position, each in enumerate(facts["inputs"])]
    title = " ".join(str(facts["title"]).split()) or "Model"
    told = {
        "format": 1,
        "title": title,
        "model": str(facts["model"]),
        "kind": described.get("format", "layers-model"),
        "quantize": facts.get("quantize", "none"),
        "bytes": sum(file.stat().st_size for file in tfjs_dir.iterdir()),
        "library": library.version("@tensorflow/tfjs"),
        "inputs": inputs,
        "outputs": facts["outputs"],
        **{key: facts[key] for key in ("accuracy", "labels") if facts.get(key) is not None},
        **_check(tfjs_dir, inputs),
    }
    _write_json(site / "facts.json", told)
    _write_json(site / "manifest.json", _manifest(title))
    page = (TEMPLATE / "index.html").read_text().replace("{{title}}", html.escape(title))
    (site / "index.html").write_text(page)
    _write_worker(site)


def _input(tfjs_dir: Path, described: dict, given: dict, position: int) -> dict:
    shape = _shape(given["shape"])
    known = given.get("range")
    if not known and len(shape) >= 3:
        known = ranges.guess(tfjs_dir, described, given["name"], position)
    return {**given, "shape": shape, **({"range": list(known)} if known else {})}


def _shape(shape) -> list:
    """A shape that the page can fill: pictures of any size are taken at the size that most models are trained with."""
    if shape is None:
        return [None]
    shape = [None if size is None or size < 0 else size for size in shape]
    if len(shape) == 4 and shape[3] in (1, 3, 4):
        shape[1:3] = [size or PICTURE for size in shape[1:3]]
    return shape


def _copy_library(target: Path) -> None:
    target.mkdir()
    kept = library.library()
    for name in library.KEPT:
        if name.endswith((".js", ".wasm")):
            shutil.copyfile(kept / name, target / Path(name).name)
    shutil.copyfile(kept / LICENSE, target / "LICENSE.txt")


def _check(tfjs_dir: Path, inputs: list) -> dict:
    """What plain JavaScript answers to values that the page can make too, or why it can't answer."""
    try:
        given = {each["name"]: sample(each) for each in inputs}
        outputs, *_ = tfjs_run.predict(tfjs_dir, given, backend="cpu")
    except tfjs_run.Failed as error:
        # What the library goes on to ask for is of no use to who opens the page.
        return {"unable": str(error).split(". ")[0].rstrip(".")[:300] + "."}
    plain = {
        name: [float(value) for value in values.ravel()[:CHECKED]]
        for name, values in outputs.items()
        if values.dtype.kind in "fiub" and np.isfinite(values).all()
    }
    return {"check": plain} if plain else {}


def sample(described: dict) -> np.ndarray:
    """One row of an input; `samples.js` makes the same."""
    shape = [size or 1 for size in described["shape"]]
    count = int(np.prod(shape))
    if described["dtype"] == "string":
        return np.full(shape, "a sample")
    low, high = described.get("range") or [0, 1]
    part = (np.arange(count, dtype=np.int64) * 7919 % 1013) / 1013
    values = (low + part * (high - low)).reshape(shape)
    if described["dtype"] == "bool":
        return values > (low + high) / 2
    whole = not described["dtype"].startswith(("float", "bfloat"))
    return np.floor(values).astype(np.int32) if whole else values.astype(np.float32)


def _manifest(title: str) -> dict:
    short = title if len(title) <= SHORT_NAME else title[:SHORT_NAME].rsplit(" ", 1)[0]
    return {
        "name": title,
        "short_name": short,
        "description": f"{title}: a model that runs on this device, without a network.",
        "start_url": "./",
        "scope": "./",
        "display": "standalone",
        "background_color": "#f6f7fb",
        "theme_color": "#4f46e5",
        "icons": [
            {"src": "icons/icon-192.png", "sizes": "192x192", "type": "image/png", "purpose": "any"},
            {"src": "icons/icon-512.png", "sizes": "512x512", "type": "image/png", "purpose": "any"},
            {"src": "icons/maskable-512.png", "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
        ],
    }


def _write_worker(site: Path) -> None:
    """The service worker last: it names all files, and its version is their content."""
    files = sorted(file.relative_to(site).as_posix() for file in site.rglob("*") if file.is_file())
    code = (TEMPLATE / "service-worker.js").read_text()
    state = hashlib.sha256(code.encode())
    for name in files:
        state.update(f"{name}\0{hashlib.sha256((site / name).read_bytes()).hexdigest()}\n".encode())
    listed = json.dumps(["./", *(name for name in files if name != "index.html")], indent=2)
    head = f'const VERSION = "{state.hexdigest()[:16]}";\nconst FILES = {listed};\n\n'
    (site / "service-worker.js").write_text(head + code)


def _write_json(path: Path, value: dict) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
