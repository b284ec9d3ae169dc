"""mlctl and kubectl do the same things to one cluster, in turns; prints times, requests and ratios.

Requests are counted at the API server: both run as one ordinary user, whose requests have a flow
schema (API priority and fairness) that no component of the cluster uses.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import time

mlctl, kubectl, admin, work = sys.argv[1:5]
rounds, many, ended = map(int, sys.argv[5:8])
work = pathlib.Path(work)
namespace = "bench"


def as_admin(*args, **options):
    return subprocess.run([kubectl, "--kubeconfig", admin, *args], check=True, capture_output=True, **options).stdout


def requests():
    text = as_admin("get", "--raw", "/metrics").decode()
    found = re.findall(r'^apiserver_flowcontrol_dispatched_requests_total\{.*flow_schema="global-default".*\} (\S+)', text, re.M)
    return int(sum(float(number) for number in found))


def measure(*argv, stdin=None):
    """Wall and client time in seconds, the largest resident memory in MiB, and requests."""
    before, start = requests(), time.perf_counter()
    process = subprocess.Popen(argv, stdin=subprocess.PIPE if stdin else subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    if stdin:
        process.stdin.write(stdin)
        process.stdin.close()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status:
        sys.exit(f"{' '.join(map(str, argv))} failed")
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, requests() - before


def row(what, wall, client, memory, count, base=None):
    ratio = f"   wall {wall / base[0]:5.2f}   client {client / base[1]:6.3f} of kubectl" if base else ""
    print(f"{what:44} {wall:8.2f} s {client:8.2f} s client {memory:6.0f} MiB {count:7} requests{ratio}", flush=True)


def spec(name, extra=""):
    return f"apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: {name}\nimage: localhost/busybox:1\n{extra}"


GANG = spec("gang", 'command: ["true"]\nroles:\n  worker: {replicas: 2, cpu: 100m, memory: 64Mi}\n')
# Simulated nodes run no agent: their pods complete by themselves.
SIMULATED = (
    'command: ["true"]\ncpu: 10m\nmemory: 32Mi\nnodeSelector: {type: kwok}\n'
    "tolerations: [{key: kwok.x-k8s.io/node, operator: Exists}]\n"
)


def submit():
    (work / "gang.yaml").write_text(GANG)
    mine, theirs = [], []
    for _ in range(rounds):
        rendered = subprocess.run([mlctl, "render", str(work / "gang.yaml")], check=True, capture_output=True).stdout
        theirs.append(measure(kubectl, "-n", namespace, "apply", "-f", "-", stdin=rendered))
        mine.append(measure(mlctl, "train", "--detach", "--quiet", str(work / "gang.yaml")))
    middle = [[statistics.median(column) for column in zip(*side)] for side in (theirs, mine)]
    row("kubectl apply of a gang's objects", *middle[0])
    row("mlctl train --detach of the same gang", *middle[1], base=middle[0])


# Says when it starts and ends, by the clock that all nodes of the test cluster share.
MARKED = ["python3", "-uc", "import time; print('START', time.time()); time.sleep(3); print('END', time.time())"]


def marks(text):
    found = {word: [float(n) for n in re.findall(rf"{word} ([0-9.]+)", text)] for word in ("START", "END")}
    if any(len(times) != 3 for times in found.values()):
        sys.exit(f"three replicas have not printed their marks: {text}")
    return max(found["START"]), max(found["END"])


def short():
    """A gang of three that runs for three seconds, to its end: what each side adds to that."""
    pod = {
        "restartPolicy": "Never",
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{"name": "main", "image": "localhost/python:1", "command": MARKED}],
    }
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "plain"},
        "spec": {"completionMode": "Indexed", "completions": 3, "parallelism": 3, "template": {"spec": pod}},
    }
    (work / "short.yaml").write_text(
        f"apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: short\nimage: localhost/python:1\n"
        f"command: {json.dumps(MARKED)}\nroles:\n  worker: {{replicas: 3, cpu: 100m, memory: 64Mi}}\n"
    )
    base = [kubectl, "-n", namespace]
    theirs, mine = [], []
    for number in range(rounds):
        job["metadata"]["name"] = f"plain-{number}"
        begin = time.time()
        subprocess.run([*base, "create", "-f", "-"], input=json.dumps(job).encode(), check=True, capture_output=True)
        wait = [*base, "wait", "--for=condition=Complete", "--timeout=120s", f"job/plain-{number}"]
        subprocess.run(wait, check=True, capture_output=True)
        end = time.time()
        text = as_admin("-n", namespace, "logs", "-l", f"job-name=plain-{number}", "--tail=-1").decode()
        started, ended = marks(text)
        theirs.append((started - begin, end - ended))
        begin = time.time()
        run = subprocess.run([mlctl, "train", str(work / "short.yaml")], check=True, capture_output=True, text=True)
        end = time.time()
        started, ended = marks(run.stderr)
        mine.append((started - begin, end - ended))
    middle = [[statistics.median(column) for column in zip(*side)] for side in (theirs, mine)]
    for what, (start, finish) in zip(("kubectl create and wait of 3 plain pods", "mlctl train of a gang of 3"), middle):
        ratio = f"   {start / middle[0][0]:.2f} and {finish / middle[0][1]:.2f} of kubectl" if what.startswith("mlctl") else ""
        print(f"{what:44} {start:8.2f} s to START {finish:6.2f} s from END{ratio}", flush=True)


def follow():
    """A loop of kubectl, as scripts do it, against one mlctl that follows all."""
    documents = "---\n".join(spec(f"many-{number}", SIMULATED) for number in range(many))
    (work / "many.yaml").write_text(documents)
    few = min(many, 50)
    (work / "one.yaml").write_text(spec("one", SIMULATED))
    for number in range(few):
        argv = [mlctl, "render", str(work / "one.yaml"), "--set", f"name=loop-{number}"]
        rendered = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
        (work / f"loop-{number}.yaml").write_text(rendered)
        run = re.search(r"mlctl\.dev/run: *(\S+)", rendered)[1]
        (work / f"loop-{number}.job").write_text(run)
    loop = work / "loop.sh"
    loop.write_text(
        f"""set -e
for file in '{work}'/loop-*.yaml; do '{kubectl}' -n {namespace} apply -f "$file"; done
for file in '{work}'/loop-*.job; do
    '{kubectl}' -n {namespace} wait --for=condition=Complete --timeout=300s "job/$(cat "$file")"
done
"""
    )
    before, start, used = requests(), time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["sh", str(loop)], check=True, stdout=subprocess.DEVNULL)
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    scale = many / few
    wall = (time.perf_counter() - start) * scale
    client = (now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime) * scale
    base = (wall, client, now.ru_maxrss / 1024, int((requests() - before) * scale))
    row(f"kubectl loop over {few} Jobs, scaled to {many}", *base)
    row(f"mlctl train of {many} Jobs, followed", *measure(mlctl, "train", "--quiet", str(work / "many.yaml")), base=base)


def finished():
    """Finished Jobs in the cluster, and the same number of finished runs in the state."""
    config = json.loads(as_admin("config", "view", "--raw", "-o", "json"))
    server = config["clusters"][0]["cluster"]["server"]
    import base64, ssl, urllib.request

    token = config["users"][0]["user"]["token"]
    cluster = config["clusters"][0]["cluster"]
    if "certificate-authority-data" in cluster:
        authority = {"cadata": base64.b64decode(cluster["certificate-authority-data"]).decode()}
    else:
        authority = {"cafile": cluster["certificate-authority"]}
    trust = ssl.create_default_context(**authority)

    def call(method, path, body, kind="application/json"):
        request = urllib.request.Request(server + path, json.dumps(body).encode(), method=method)
        request.add_header("Authorization", f"Bearer {token}")
        request.add_header("Content-Type", kind)
        urllib.request.urlopen(request, context=trust).read()

    pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "localhost/busybox:1"}]}
    jobs = f"/apis/batch/v1/namespaces/{namespace}/jobs"

    def one(number):
        name = f"ended-{number:06d}"
        labels = {"app.kubernetes.io/managed-by": "mlctl", "mlctl.dev/run": name}
        call("POST", jobs, {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "labels": labels}, "spec": {"suspend": True, "template": {"metadata": {"labels": labels}, "spec": pod}}})

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(one, range(ended)))
    state = pathlib.Path(os.environ["XDG_STATE_HOME"]) / "mlctl"
    record = next((state / "runs").glob("*/run.json"))
    subprocess.run([sys.executable, "benches/make_runs.py", str(state), str(ended), str(record)], check=True)
    mine, theirs = [], []
    for _ in range(5):
        theirs.append(measure(kubectl, "-n", namespace, "get", "jobs"))
        mine.append(measure(mlctl, "list", "--limit", "0"))
    middle = [[statistics.median(column) for column in zip(*side)] for side in (theirs, mine)]
    row(f"kubectl get jobs, {ended} of them", *middle[0])
    row("mlctl list of as many runs that ended", *middle[1], base=middle[0])


as_admin("create", "namespace", namespace)
settings = pathlib.Path(os.environ["XDG_CONFIG_HOME"]) / "mlctl"
settings.mkdir(parents=True)
version = subprocess.run([mlctl, "--version"], check=True, capture_output=True, text=True).stdout.split()[-1]
(settings / "config.yaml").write_text(f"runtime: kubernetes\nnamespace: {namespace}\nrunnerImage: localhost/mlctl:{version}\n")
submit()
short()
follow()
finished()
