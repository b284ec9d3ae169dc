#!/usr/bin/env python3
"""What `mlctl model inspect` takes: time and memory over a SavedModel of two gigabytes, and time beside
`saved_model_cli show --all` over a small one. Both are measured in one run, turn by turn.

    benches/inspect.py MLCTL [MODEL]

MODEL is the small one, or else that of the tests. Weights are a file with a hole: nobody reads them, and
somebody who did would see zeros. `large.pb` has its two gigabytes in the graph itself.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 7
HERE = os.path.dirname(os.path.abspath(__file__))


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def large_graph(small, to):
    """The graph of `small` with a field of two gigabytes of zeros in it that nobody knows."""
    hole = 2 << 30
    with open(small, "rb") as file:
        text = file.read()
    # Field 1 is a number, field 2 the graph.
    assert text[0] == 0x08 and text[2] == 0x12
    at, length, shift = 3, 0, 0
    while True:
        byte = text[at]
        length |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            break
    inner = text[at:at + length]
    # A node of the graph (field 2, then 1) with an attribute that is a constant of two gigabytes.
    node = b"\x0a" + varint(hole)
    head = b"\x12" + varint(len(node) + hole) + node
    with open(to, "wb") as file:
        file.write(text[:2] + b"\x12" + varint(len(inner) + len(head) + hole) + head)
        file.seek(hole, os.SEEK_CUR)
        file.write(inner)


def run(command):
    """Seconds and the most memory in KiB."""
    begun = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - begun
    if os.waitstatus_to_exitcode(status):
        sys.exit(f"{command}: {said.decode()}")
    return seconds, usage.ru_maxrss


def main(mlctl, small):
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HOME"] = folder
        heavy, graph = f"{folder}/heavy", f"{folder}/graph"
        for to in heavy, graph:
            shutil.copytree(small, to)
        data = f"{heavy}/variables/variables.data-00000-of-00001"
        os.truncate(data, 2 << 30)
        large_graph(f"{small}/saved_model.pb", f"{graph}/saved_model.pb")
        times = {}
        theirs = shutil.which("saved_model_cli") or os.path.join(
            os.path.dirname(sys.executable), "saved_model_cli")
        commands = {
            "2 GiB of weights": [mlctl, "model", "inspect", heavy],
            "2 GiB of graph": [mlctl, "model", "inspect", graph],
            "small": [mlctl, "model", "inspect", small],
        }
        if os.path.exists(theirs):
            commands["saved_model_cli, small"] = [theirs, "show", "--dir", small, "--all"]
        memory = {}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                seconds, kib = run(command)
                times.setdefault(name, []).append(seconds)
                memory[name] = max(memory.get(name, 0), kib)
        for name, all in times.items():
            print(f"{name:24} {statistics.median(all) * 1000:8.1f} ms  {max(all) * 1000:8.1f} ms "
                  f"at most  {memory[name] / 1024:6.1f} MiB")
        if "saved_model_cli, small" in times:
            pairs = zip(times["small"], times["saved_model_cli, small"])
            ratios = [own / other for own, other in pairs]
            print(f"time beside saved_model_cli: {statistics.median(ratios):.4f} "
                  f"({min(ratios):.4f} to {max(ratios):.4f})")


if __name__ == "__main__":
    main(sys.argv[1], *sys.argv[2:3] or [f"{HERE}/../tests/it/models/fixtures/text"])
