"""TensorFlow and its converters print much on both streams, some of it from C++. It is kept in a file
while they work, and shown only where something went wrong.
"""

import contextlib
import os
import sys
import warnings

# Before TensorFlow is imported by anybody.
SETTINGS = {
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "TF_ENABLE_ONEDNN_OPTS": "0",  # the same answers on every machine, and no line about it
    "TF_USE_LEGACY_KERAS": "1",  # for the converter to TensorFlow.js; Keras 3 is imported by its name
    "KERAS_BACKEND": "tensorflow",
    "CUDA_VISIBLE_DEVICES": "-1",
}


def settle():
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    warnings.simplefilter("ignore")


class Held:
    """What was printed inside of `held`."""

    def __init__(self, path):
        self.path = path

    def text(self):
        with contextlib.suppress(OSError), open(self.path, errors="replace") as file:
            return file.read()
        return ""


@contextlib.contextmanager
def held(path):
    """Both streams go into the file at `path`. It stays there when the process is killed inside."""
    sys.stdout.flush()
    sys.stderr.flush()
    before = [(stream, os.dup(stream)) for stream in (1, 2)]
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    try:
        for stream, _ in before:
            os.dup2(file, stream)
        yield Held(path)
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        for stream, copy in before:
            os.dup2(copy, stream)
            os.close(copy)
        os.close(file)


def say(text):
    print(text, flush=True)
