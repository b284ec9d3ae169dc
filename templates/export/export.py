"""Exports a model to TFLite, TensorFlow.js and ONNX, measures each, and writes `export.json`.

The work is done by a process of its own (`work.py`). Converters end their process now and then instead of
raising an error; then this one writes down what happened, and a new one goes on with what is left.
"""

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

import report
from problems import Failed, Wrong, of_files
from request import parse, wanted

HERE = Path(__file__).resolve().parent


def main(argv):
    request = parse(argv)
    kept = report.Kept(request)
    try:
        kept.start()
        for _ in range(len(list(wanted(request))) + 2):
            code = run(argv)
            if code >= 0:
                return code
            died(kept, -code)
            if not kept.goes_on():
                break
        return kept.finish()
    finally:
        kept.clean()


def run(argv):
    """The worker's exit code, or the negative number of the signal that ended it."""
    worker = subprocess.Popen([sys.executable, str(HERE / "work.py"), *argv], preexec_fn=dies_with_us)

    def pass_on(number, _):
        worker.send_signal(number)
        raise Ended(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, pass_on)
    try:
        return worker.wait()
    except Ended as ended:
        try:
            worker.wait(timeout=5)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
        raise ended


class Ended(Exception):
    """Somebody wants this to end."""


def dies_with_us():
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def died(kept, number):
    said = kept.said()
    if said.strip():
        sys.stderr.write(said if said.endswith("\n") else said + "\n")
    kept.died(number)


if __name__ == "__main__":
    try:
        code = main(sys.argv[1:])
    except Wrong as wrong:
        print(f"error: {wrong}", file=sys.stderr)
        code = 2
    except Ended as ended:
        code = 128 + ended.args[0]
    except (Failed, OSError) as failed:
        failed = of_files(failed) if isinstance(failed, OSError) else failed
        print(f"error: {failed}" + (f"; {failed.hint}" if failed.hint else ""), file=sys.stderr)
        code = 1
    sys.stdout.flush()
    os._exit(code)
