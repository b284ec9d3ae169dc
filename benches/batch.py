"""Batch prediction against a server's own peak and a Python client: prints figures and ratios.

python batch.py MLCTL FOLDER [ROWS]
"""

import ctypes
import json
import os
import re
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path

MLCTL, WORK = sys.argv[1], Path(sys.argv[2])
ROWS = int(sys.argv[3]) if len(sys.argv) > 3 else 1_280_000
BATCH, IN_FLIGHT = 64, 64
PR_SET_CHILD_SUBREAPER = 36


def main():
    # What mlctl leaves running becomes this process's child, so that its CPU time is counted.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    url = start_server()
    small = write_rows("small.jsonl", ROWS // 10)
    large = write_rows("large.jsonl", ROWS)
    peak = wrk(url, large)
    ours_small = ours(url, small)
    ours_large = ours(url, large)
    theirs = python_client(url, large)
    print(f"{ROWS} rows of {large.stat().st_size / ROWS:.0f} bytes, {BATCH} a request")
    print(f"server's peak under wrk     {peak:12,.0f} rows/s")
    line = "{:<28}{:12,.0f} rows/s {:8.1f} CPU-s per million rows {:6.0f} MiB"
    for name, run, rows in [
        ("mlctl", ours_large, ROWS),
        ("mlctl, a tenth of the rows", ours_small, ROWS // 10),
        ("Python client (aiohttp)", theirs, ROWS),
    ]:
        print(line.format(name, rows / run["seconds"], run["cpu"] / rows * 1e6, run["memory"]))
    print(f"of the server's peak        {ROWS / ours_large['seconds'] / peak:8.2f}  (aim 0.95)")
    ratio = theirs["cpu"] / ours_large["cpu"]
    print(f"rows per CPU-second, x Python {ratio:6.1f}  (aim 10)")
    grown = ours_large["seconds"] / ours_small["seconds"] / 10
    print(f"time of ten times the rows  {grown:8.2f} x ten times  (aim 1.0)")
    print(f"memory, ten times the rows  {ours_large['memory'] / ours_small['memory']:8.2f} x  (aim 1)")


def start_server():
    """nginx, which answers every request with the predictions of a whole batch."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    answer = json.dumps({"predictions": [[0.25, 0.5, 0.25]] * BATCH})
    available = '{"model_version_status":[{"version":"1","state":"AVAILABLE","status":{"error_code":"OK","error_message":""}}]}'
    conf = WORK / "nginx.conf"
    conf.write_text(f"""
worker_processes 1;
pid {WORK}/nginx.pid;
error_log /dev/null;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000; client_max_body_size 64m; client_body_buffer_size 1m;
  server {{
    listen 127.0.0.1:{port};
    default_type application/json;
    location = /v1/models/echo {{ return 200 '{available}'; }}
    location / {{ return 200 '{answer}'; }}
  }}
}}
""")
    subprocess.run(["nginx", "-c", conf, "-p", WORK], check=True)
    return f"http://127.0.0.1:{port}"


def write_rows(name, rows):
    assert rows % BATCH == 0, "the server answers whole batches only"
    path = WORK / name
    with path.open("w") as out:
        for number in range(rows):
            out.write(f'{{"id":{number},"x":[{number % 97}.5,0.25,-1.75e-3],"name":"row {number % 13} of a set"}}\n')
    return path


def wrk(url, source):
    rows = [line.rstrip("\n") for line, _ in zip(source.open(), range(BATCH))]
    body = '{"instances":[' + ",".join(rows) + "]}"
    script = WORK / "post.lua"
    script.write_text(
        "wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/json'\n"
        f"wrk.body = [==[{body}]==]\n"
    )
    command = ["wrk", "-t1", f"-c{IN_FLIGHT}", "-d8s", "-s", script, f"{url}/v1/models/echo:predict"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(re.search(r"Requests/sec:\s*([\d.]+)", said)[1]) * BATCH


def measured(command, **more):
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, **more)
    memory = 0
    while True:
        try:
            _, status, usage = os.wait4(-1, 0)
        except ChildProcessError:
            break
        assert status == 0 or os.WIFEXITED(status), status
        memory = max(memory, usage.ru_maxrss / 1024)
    process.returncode = 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": time.monotonic() - begin, "cpu": cpu, "memory": memory}


def ours(url, source):
    output = WORK / f"out-{source.stem}"
    run = measured([
        MLCTL, "batch-predict", "--quiet", "--server", "tensorflow-serving", "--endpoint", url,
        "--model", "echo", "--input", source, "--output", output, "--max-batch-size", str(BATCH),
    ])
    summary = json.loads((output / "_mlctl/summary.json").read_text())
    rows = source.read_bytes().count(b"\n")
    assert summary["succeeded"] == rows, summary
    # From the first to the last row: a job's start and end do not grow with its rows.
    return {**run, "seconds": summary["seconds"]}


def python_client(url, source):
    client = Path(__file__).with_name("batch_client.py")
    return measured([sys.executable, client, f"{url}/v1/models/echo:predict", source, WORK / "python.out"])


main()
