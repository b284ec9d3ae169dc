"""Measures mlctl's router beside Envoy, and endpoints in time, and prints a table of ratios.

python measure.py MLCTL UPSTREAM ENVOY FOLDER ROUNDS SECONDS
"""

import contextlib
import re
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from routers import WEIGHTS, Endpoint, Envoy, cpu_of, free_port, peak_memory_of

MLCTL, UPSTREAM, ENVOY = sys.argv[1:4]
WORK, ROUNDS, SECONDS = Path(sys.argv[4]), int(sys.argv[5]), int(sys.argv[6])
BODY, MESSAGE, LOG = WORK / "body", WORK / "message", WORK / "requests.log"
# h2load's words for each protocol, the path included at last.
GRPC_HEADERS = ["--header", "content-type: application/grpc", "--header", "te: trailers"]
ASKED = {
    "REST": (["--h1", "--clients", "32", "--data", BODY, "--header", "content-type: application/json"], "/predict"),
    "gRPC": (["--clients", "8", "--max-concurrent-streams", "8", "--data", MESSAGE, *GRPC_HEADERS], "/bench.Model/Ask"),
}
CLIENTS = {"REST": 32, "gRPC": 8}
table = []


def main():
    BODY.write_bytes(b'{"instances":[' + b",".join([b"0.125"] * 168) + b"]}")
    MESSAGE.write_bytes(b"\0\0\0\x04\0" + bytes(1024))
    beside_envoy()
    step_in_load()
    first_answer()
    print()
    for what, found, aim in table:
        print(f"{what:58}{found:>10}   {aim}")


def beside_envoy():
    revisions = "".join(
        f"- {{name: {name}, traffic: {weight}, command: ['{UPSTREAM}', '{{port}}', '{{grpcPort}}']}}\n"
        for name, weight in WEIGHTS.items()
    )
    with contextlib.ExitStack() as stack:
        endpoint = Endpoint(MLCTL, WORK, "beside", f"server: custom\nrevisions:\n{revisions}")
        stack.callback(endpoint.end)
        envoy = Envoy(ENVOY, WORK, endpoint.replicas())
        stack.callback(envoy.end)
        routers = {"Envoy": envoy, "mlctl": endpoint}
        rounds = [one_round(routers, number) for number in range(ROUNDS)]
        memory = {name: peak_memory_of(router.pid) for name, router in routers.items()}
        direct = Endpoint.replicas(endpoint)["v1"]
        for kind, port in [("REST", direct["http"]), ("gRPC", direct["grpc"])]:
            print(f"{kind}: one replica alone bears {load(kind, port)['rate']:,.0f} requests/s")
    for kind in ASKED:
        print(f"{kind}, medians of {ROUNDS}")
        for name in routers:
            of = {key: statistics.median(one[kind][name][key] for one in rounds) for key in ["rate", "cpu", "p50", "p99"]}
            print(
                f"  {name:10}{of['rate']:10,.0f} requests/s {of['cpu'] * 1e6:6.1f} CPU-us per request"
                f" {of['p50']:6.2f} ms p50 {of['p99']:6.2f} ms p99 at half of Envoy's load {memory[name]:6.1f} MiB"
            )
        for key, what, aim in [
            ("rate", "requests/s", "at least 1.2"),
            ("cpu", "CPU per request", "at most 0.5"),
            ("p99", "p99 at half of Envoy's load", "at most 1"),
        ]:
            ratios = [one[kind]["mlctl"][key] / one[kind]["Envoy"][key] for one in rounds]
            spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
            table.append((f"{kind} {what}, of Envoy's", f"{statistics.median(ratios):.2f}", f"{aim}; rounds {spread}"))
    table.append(("memory, of Envoy's", f"{memory['mlctl'] / memory['Envoy']:.2f}", "at most 0.25"))


def one_round(routers, number):
    """What each router bears, and then how fast it answers at half of what Envoy bears."""
    turns = list(routers.items())[:: -1 if number % 2 else 1]
    found = {}
    for kind in ASKED:
        of = {}
        for name, router in turns:
            load(kind, router.port, 1)
            before = cpu_of(router.pid)
            of[name] = load(kind, router.port)
            of[name]["cpu"] = (cpu_of(router.pid) - before) / of[name]["count"]
        half = max(1, round(of["Envoy"]["rate"] / 2 / CLIENTS[kind]))
        for name, router in turns:
            load(kind, router.port, 1, half)
            of[name] |= latencies(kind, router.port, half)
        found[kind] = of
        said = "; ".join(
            f"{name} {one['rate']:,.0f}/s {one['cpu'] * 1e6:.1f} us p99 {one['p99']:.2f} ms" for name, one in of.items()
        )
        print(f"round {number + 1} {kind}: {said}", flush=True)
    return found


def load(kind, port, seconds=SECONDS, rate=None, log=None):
    """Asks for some time, as fast as it is answered or at so many requests a second of each client."""
    words, path = ASKED[kind]
    command = ["h2load", *words, "--duration", str(seconds)]
    command += ["--rps", str(rate)] if rate else []
    command += ["--log-file", log] if log else []
    command.append(f"http://127.0.0.1:{port}{path}")
    # h2load can wait for ever where a server closes a connection under it.
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 30).stdout
    done, well, *bad = map(int, re.search(r"(\d+) done, (\d+) succeeded, (\d+) failed, (\d+) err", said).groups())
    assert done and done == well and not any(bad), said
    return {"count": done, "rate": done / seconds}


def latencies(kind, port, rate):
    LOG.unlink(missing_ok=True)
    load(kind, port, SECONDS, rate, LOG)
    took = sorted(int(line.split("\t")[2]) / 1000 for line in LOG.read_text().splitlines())
    return {"p50": took[len(took) // 2], "p99": took[len(took) * 99 // 100]}


def step_in_load():
    """The time from a step in load until there are enough replicas: as many as carry it by their target."""
    callers, target, waits = 16, 4, 100
    enough = callers // target
    with contextlib.ExitStack() as stack:
        endpoint = Endpoint(MLCTL, WORK, "step", f"""server: custom
command: ['{UPSTREAM}', '{{port}}', '{{grpcPort}}', '{waits}']
replicas: {{min: 1, max: 8}}
scaling: {{target: {{concurrency: {target}}}}}
revisions:
- {{name: v1}}
""")
        stack.callback(endpoint.end)
        wait_until(lambda: time.monotonic(), lambda _: ready(endpoint) == 1)
        url = f"http://127.0.0.1:{endpoint.port}/predict"
        command = ["h2load", "--h1", "--clients", str(callers), "--duration", "60", "--data", BODY, url]
        began = time.monotonic()
        asking = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        stack.callback(asking.wait)
        stack.callback(asking.terminate)
        took = wait_until(lambda: time.monotonic() - began, lambda _: ready(endpoint) >= enough)
    table.append((f"step from 0 to {callers} requests at once: {enough} replicas ready", f"{took:.1f} s", "-"))


def ready(endpoint):
    return sum(replica["state"] == "ready" for replica in endpoint.revisions()["v1"]["replicas"])


def wait_until(now, is_so):
    end = time.monotonic() + 60
    while not is_so(None):
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.05)
    return now()


def first_answer():
    """From the command to its first answer, and the same for the server alone."""
    model = WORK / "model"
    model.mkdir()
    (model / "weights").write_text("nothing\n")
    alone, ours = [], []
    for number in range(max(ROUNDS, 3)):
        ports = [free_port(), free_port()]
        began = time.monotonic()
        server = subprocess.Popen([UPSTREAM, *map(str, ports)])
        alone.append(until_answered(ports[0], began))
        server.kill()
        server.wait()
        name, port = f"first{number}", free_port()
        words = ["serve", model, "--name", name, "--port", str(port), "--yes", "--detach"]
        began = time.monotonic()
        serving = subprocess.Popen(
            [MLCTL, *words, "--", UPSTREAM, "{port}", "{grpcPort}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        ours.append(until_answered(port, began))
        assert serving.wait() == 0
        subprocess.run([MLCTL, "undeploy", name, "--yes"], check=True, capture_output=True)
    for what, took in [("the server alone", alone), ("`mlctl serve MODEL`", ours)]:
        table.append((f"first answer of {what}", f"{statistics.median(took):.2f} s", f"- ; {min(took):.2f} to {max(took):.2f}"))


def until_answered(port, began):
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/predict", BODY.read_bytes(), timeout=30) as answer:
                assert answer.status == 200
                return time.monotonic() - began
        except (urllib.error.URLError, ConnectionError):
            assert time.monotonic() < began + 60, "there was no answer"
            time.sleep(0.002)


if __name__ == "__main__":
    main()
