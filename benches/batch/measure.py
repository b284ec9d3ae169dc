"""Measures batch prediction and prints a table of ratios with what they should be.

python measure.py MLCTL BENCH SERVER FOLDER ROWS MIB [PART...]
"""

import ctypes
import hashlib
import hmac
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

MLCTL, BENCH, SERVER = sys.argv[1:4]
WORK, ROWS, MIB = Path(sys.argv[4]), int(sys.argv[5]), int(sys.argv[6])
PARTS = sys.argv[7:] or ["path", "server", "memory", "store"]
BATCH, IN_FLIGHT, TURNS = 64, 64, 5
ASKERS = ["taskset", "-c", "1"]
PREDICT = f"{SERVER}/v1/models/echo:predict"
PR_SET_CHILD_SUBREAPER = 36
table = []


def main():
    # What mlctl leaves running becomes this process's child, so that its CPU time is counted.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    for part in PARTS:
        {"path": path, "server": server, "memory": memory, "store": store}[part]()
    print()
    for what, found, aim in table:
        print(f"{what:58}{found:8.2f}   aim {aim}")


def path():
    said = subprocess.run([BENCH, "data-path", str(ROWS)], check=True, capture_output=True, text=True)
    found = json.loads(said.stdout)
    print(f"{ROWS} rows, {found['bytes'] / ROWS:.0f} bytes each, {BATCH} a batch, no server")
    for name, of in [("lines alone, one core", found["alone"]), ("data path", found["whole"])]:
        print(f"  {name:28}{of['rowsPerSecond']:12,.0f} rows/s {of['cpu']:8.2f} CPU-s per million rows", flush=True)
    table.append(("(a) data path's rows/s, of finding lines on one core", found["ofSpeed"], "0.5"))
    table.append(("    the same by CPU time", found["ofCpu"], "-"))


def server():
    source = write_rows("server.jsonl", ROWS)
    # A tenth of the rows, which takes it as long.
    fewer = write_rows("fewer.jsonl", ROWS // 10)
    peak, ours_all, theirs_all = [], [], []
    for _ in range(3):
        peak.append(wrk(source))
        ours_all.append(ours(source))
        theirs_all.append(python_client(fewer, rows=ROWS // 10))
    print(f"{ROWS} rows, {BATCH} a request; server and client have a core each; medians of 3")
    print(f"  {'the server under wrk':28}{statistics.median(peak):12,.0f} rows/s")
    show("mlctl", ROWS, middle(ours_all))
    show("Python client (aiohttp)", ROWS // 10, middle(theirs_all))
    of_peak = statistics.median(ROWS / run["seconds"] / most for run, most in zip(ours_all, peak))
    table.append(("(b) mlctl's rows/s, of the server's peak under wrk", of_peak, "0.95"))
    ratio = statistics.median(theirs["cpu"] * 10 / run["cpu"] for run, theirs in zip(ours_all, theirs_all))
    table.append(("(c) rows per CPU-second, times those of a Python client", ratio, "10"))


def memory():
    size = write_rows("one.jsonl", 1000).stat().st_size / 1000
    runs = {}
    for mib in [10, MIB // 10, MIB]:
        rows = int(mib * 1e6 / size)
        source = write_rows(f"grown-{mib}.jsonl", rows)
        runs[mib] = [ours(source) for _ in range(1 if mib == MIB else 3)]
        show(f"mlctl, {mib} MB", rows, middle(runs[mib]))
        source.unlink()
    peak = {mib: max(run["memory"] for run in some) for mib, some in runs.items()}
    table.append((f"(d) memory at {MIB} MB, of that at 10 MB", peak[MIB] / peak[10], "1 (flat)"))
    rows = [run["rows"] / run["seconds"] for run in (middle(runs[MIB // 10]), middle(runs[MIB]))]
    table.append(("(e) time of ten times the rows, of ten times the time", rows[0] / rows[1], "1 +- 0.1"))


def show(name, rows, run):
    print(
        f"  {name:28}{rows / run['seconds']:12,.0f} rows/s {run['cpu'] / rows * 1e6:8.2f} CPU-s per million rows"
        f" {run['memory']:6.0f} MiB {run['seconds']:7.2f} s of {run['wall']:.2f}",
        flush=True,
    )


def middle(runs):
    return sorted(runs, key=lambda run: run["seconds"])[len(runs) // 2]


def write_rows(name, rows):
    path = WORK / name
    with path.open("w") as out:
        for row in range(rows):
            x = row / 7
            out.write(f'{{"id":{row},"pixels":[{x:.4f},0.25,1e-3,17,0.0,{x:.2f}],"name":"row {row}"}}\n')
    return path


def wrk(source):
    """The most rows per second that the server answers, asked with batches of the input itself."""
    lines = source.open()
    bodies = []
    for _ in range(64):
        rows = [line.rstrip("\n") for line, _ in zip(lines, range(BATCH))]
        bodies.append('{"instances":[' + ",".join(rows) + "]}")
    script = WORK / "post.lua"
    script.write_text(
        "wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/json'\n"
        + "local requests, at = {}, 0\n"
        + "local bodies = {" + ",".join(f"[==[{body}]==]" for body in bodies) + "}\n"
        + "function init() for i, body in ipairs(bodies) do requests[i] = wrk.format(nil, nil, nil, body) end end\n"
        + "function request() at = at % #requests + 1; return requests[at] end\n"
    )
    most = 0
    for connections in [8, IN_FLIGHT]:
        command = [*ASKERS, "wrk", "-t1", f"-c{connections}", "-d5s", "-s", script, PREDICT]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        assert "Non-2xx" not in said and "Socket errors" not in said, said
        most = max(most, float(re.search(r"Requests/sec:\s*([\d.]+)", said)[1]) * BATCH)
    return most


def measured(command):
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.Popen([*ASKERS, *command], stdout=subprocess.DEVNULL)
    most = 0
    while True:
        try:
            pid, status, usage = os.wait4(-1, 0)
        except ChildProcessError:
            break
        if pid == process.pid:
            process.returncode = os.waitstatus_to_exitcode(status)
        most = max(most, usage.ru_maxrss / 1024)
    assert process.returncode == 0, f"{command} ended with {process.returncode}"
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    seconds = time.monotonic() - begin
    return {"seconds": seconds, "wall": seconds, "cpu": cpu, "memory": most}


def ours(source):
    output = WORK / "out"
    shutil.rmtree(output, ignore_errors=True)
    run = measured([
        MLCTL, "batch-predict", "--quiet", "--server", "tensorflow-serving", "--endpoint", SERVER,
        "--model-name", "echo", "--input", source, "--output", output, "--max-batch-size", str(BATCH),
    ])
    summary = json.loads((output / "_mlctl/summary.json").read_text())
    assert summary["failed"] == 0, summary
    # From the first to the last row: a job's start and end do not grow with its rows.
    return {**run, "seconds": summary["seconds"], "rows": summary["succeeded"]}


def python_client(source, rows):
    target = WORK / "python.out"
    run = measured([sys.executable, Path(__file__).with_name("client.py"), PREDICT, source, target])
    assert sum(1 for _ in target.open()) == rows
    return run


def store():
    size = 512 << 20
    source, target = WORK / "object", WORK / "fetched"
    with source.open("wb") as out:
        block = os.urandom(1 << 20)
        for _ in range(size >> 20):
            out.write(block)
    endpoint = os.environ["AWS_ENDPOINT_URL_S3"]
    ratios = {"upload": [], "download": []}
    best, ratios_in_parts = {}, []
    for turn in range(TURNS):
        for what in ratios:
            own = min(curl(what, endpoint, source, size, streams) for streams in [1, 4])
            if what == "upload":
                in_parts = curl_parts(endpoint, source, size)
            place = "s3://bucket/ours"
            file = source if what == "upload" else target
            said = subprocess.run([BENCH, "transfer", what, place, file], check=True, capture_output=True, text=True)
            took = float(said.stdout)
            if turn:  # The first one warms the caches.
                ratios[what].append(own / took)
                if what == "upload":
                    ratios_in_parts.append(in_parts / took)
                best.setdefault(what, []).append((own, took))
    assert target.read_bytes() == source.read_bytes()
    print(f"one object of {size >> 20} MiB in a store (versitygw); medians of {TURNS - 1}")
    for what, times in best.items():
        own, took = (size / 1e6 / statistics.median(part) for part in zip(*times))
        print(f"  {what:28}the store's peak {own:8,.0f} MB/s   mlctl {took:8,.0f} MB/s", flush=True)
        table.append((f"(f) {what}, of the store's own peak", statistics.median(ratios[what]), "0.9"))
        if what == "upload":
            middle_ratio = statistics.median(ratios_in_parts)
            table.append(("    the same against curl with the same parts", middle_ratio, "-"))


def curl(what, endpoint, source, size, streams):
    """Seconds for the same bytes by curl: one object, or as many as streams."""
    part = size // streams
    common = ["curl", "--silent", "--show-error", "--fail", "-H", "Expect:"]
    pieces = []
    for stream in range(streams):
        piece = WORK / f"piece-{streams}-{stream}"
        if not piece.exists():
            with source.open("rb") as whole, piece.open("wb") as out:
                whole.seek(stream * part)
                out.write(whole.read(part))
        pieces.append(piece)
    begin = time.monotonic()
    running = []
    for stream, piece in enumerate(pieces):
        url = presigned("PUT" if what == "upload" else "GET", endpoint, f"/bucket/theirs-{streams}-{stream}")
        moved = ["-T", piece] if what == "upload" else ["-o", WORK / f"theirs-{stream}"]
        running.append(subprocess.Popen([*common, *moved, url]))
    for process in running:
        assert process.wait() == 0
    return time.monotonic() - begin


def curl_parts(endpoint, source, size, part=8 << 20):
    """Seconds for one object in parts of the size that mlctl sends, 4 at once."""
    path, config = "/bucket/theirs-in-parts", WORK / "parts.curl"
    pieces = []
    for at in range(0, size, part):
        piece = WORK / f"part-{at}"
        if not piece.exists():
            with source.open("rb") as whole:
                whole.seek(at)
                piece.write_bytes(whole.read(part))
        pieces.append(piece)
    begin = time.monotonic()
    url = presigned("POST", endpoint, path, uploads="")
    begun = urllib.request.urlopen(urllib.request.Request(url, data=b"", method="POST")).read().decode()
    upload = re.search(r"<UploadId>(.*?)</UploadId>", begun)[1]
    lines = ["silent", "show-error", "fail", "parallel", "parallel-max = 4"]
    for number, piece in enumerate(pieces, 1):
        url = presigned("PUT", endpoint, path, partNumber=number, uploadId=upload)
        lines += [f'url = "{url}"', f'upload-file = "{piece}"', 'header = "Expect:"']
        lines += [f'write-out = "{number} %header{{etag}}\\n"', "next"]
    config.write_text("\n".join(lines[:-1]) + "\n")
    said = subprocess.run(["curl", "-K", config], check=True, capture_output=True, text=True).stdout
    etags = dict(line.split() for line in said.splitlines())
    done = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>{etags[str(number)]}</ETag></Part>"
        for number in range(1, len(pieces) + 1)
    )
    done = f"<CompleteMultipartUpload>{done}</CompleteMultipartUpload>".encode()
    url = presigned("POST", endpoint, path, uploadId=upload)
    urllib.request.urlopen(urllib.request.Request(url, data=done, method="POST")).read()
    return time.monotonic() - begin


def presigned(method, endpoint, path, **more):
    """A URL that lets its holder in (AWS's Signature Version 4): curl need not read the bytes to sign them."""
    secret, region = os.environ["AWS_SECRET_ACCESS_KEY"], os.environ["AWS_REGION"]
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = f"{now[:8]}/{region}/s3/aws4_request"
    host = endpoint.removeprefix("http://")
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{os.environ['AWS_ACCESS_KEY_ID']}/{scope}",
        "X-Amz-Date": now,
        "X-Amz-Expires": "3600",
        "X-Amz-SignedHeaders": "host",
        **more,
    }
    query = urllib.parse.urlencode(sorted(query.items()), quote_via=urllib.parse.quote)
    request = f"{method}\n{path}\n{query}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD"
    digest = hashlib.sha256(request.encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in [now[:8], region, "s3", "aws4_request"]:
        key = hmac.digest(key, part.encode(), "sha256")
    signed = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{digest}"
    return f"{endpoint}{path}?{query}&X-Amz-Signature={hmac.digest(key, signed.encode(), 'sha256').hex()}"


main()
