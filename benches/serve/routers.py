"""The two routers of `just bench-serve`: an endpoint of mlctl, and Envoy before that endpoint's replicas."""

import json
import os
import subprocess
import time
from pathlib import Path
from socket import create_connection, socket

WEIGHTS = {"v1": 90, "v2": 10}
TICK = os.sysconf("SC_CLK_TCK")


class Endpoint:
    """What `mlctl serve` makes of a spec."""

    def __init__(self, mlctl, folder, name, spec):
        self.mlctl, self.name, self.port = mlctl, name, free_port()
        file = folder / f"{name}.yaml"
        file.write_text(f"apiVersion: mlctl.dev/v1\nkind: Endpoint\nname: {name}\nport: {self.port}\n{spec}")
        self.call("serve", file, "--yes")
        self.pid = self.controller()

    def call(self, *words):
        said = subprocess.run([self.mlctl, *words], capture_output=True, text=True)
        assert said.returncode == 0, f"mlctl {words}: {said.stdout}{said.stderr}"
        return said.stdout

    def controller(self):
        """The process that routes and decides."""
        (replica,) = self.status()["view"]["replicas"]
        return replica["pid"]

    def status(self):
        return json.loads(self.call("status", self.name, "-o", "json"))

    def revisions(self):
        return {one["revision"]: one for one in self.status()["endpoint"]["live"]["revisions"]}

    def replicas(self):
        """By revision, where its replica is asked by REST and by gRPC."""
        found = {}
        for name, revision in self.revisions().items():
            run = revision["replicas"][0]["run"]
            (file,) = Path(os.environ["XDG_STATE_HOME"]).glob(f"**/replicas/{run}.json")
            ready = json.loads(file.read_text())
            found[name] = {kind: int(ready[kind].split(":")[1]) for kind in ["http", "grpc"]}
        return found

    def end(self):
        self.call("undeploy", self.name, "--yes")


class Envoy:
    """Envoy with a thread for each processor, as mlctl has."""

    def __init__(self, envoy, folder, replicas):
        self.port = free_port()
        file = folder / "envoy.json"
        file.write_text(json.dumps(envoy_config(self.port, replicas)))
        log = (folder / "envoy.log").open("w")
        command = [envoy, "--config-path", file, "--concurrency", "2", "--disable-hot-restart"]
        self.process = subprocess.Popen([*command, "--log-level", "warning"], stdout=log, stderr=log)
        self.pid = self.process.pid
        wait_for(self.port)

    def end(self):
        self.process.terminate()
        self.process.wait()


def envoy_config(port, replicas):
    """The endpoint's weights, for REST and for gRPC. It retries nothing and writes no log."""
    def weighted(kind):
        clusters = [{"name": f"{name}-{kind}", "weight": weight} for name, weight in WEIGHTS.items()]
        return {"weighted_clusters": {"clusters": clusters}}

    def cluster(name, kind, port):
        address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
        most = {"max_connections": 8192, "max_pending_requests": 8192, "max_requests": 8192}
        made = {
            "name": f"{name}-{kind}",
            "type": "STATIC",
            "connect_timeout": "3s",
            "circuit_breakers": {"thresholds": [most]},
            "load_assignment": {
                "cluster_name": f"{name}-{kind}",
                "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
            },
        }
        if kind == "grpc":
            options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
            http2 = {"explicit_http_config": {"http2_protocol_options": {}}}
            made["typed_extension_protocol_options"] = {options: typed(options, http2)}
        return made

    manager = {
        "stat_prefix": "bench",
        "codec_type": "AUTO",
        "use_remote_address": True,
        "http_filters": [{
            "name": "envoy.filters.http.router",
            "typed_config": typed("envoy.extensions.filters.http.router.v3.Router", {}),
        }],
        "route_config": {"virtual_hosts": [{
            "name": "all",
            "domains": ["*"],
            "routes": [
                {"match": {"prefix": "/", "grpc": {}}, "route": weighted("grpc")},
                {"match": {"prefix": "/"}, "route": weighted("http")},
            ],
        }]},
    }
    kind = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    listener = {
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": typed(kind, manager),
        }]}],
    }
    clusters = [cluster(name, kind, port) for name, ports in replicas.items() for kind, port in ports.items()]
    return {"static_resources": {"listeners": [listener], "clusters": clusters}}


def typed(name, fields):
    return {"@type": f"type.googleapis.com/{name}", **fields}


def cpu_of(pid):
    """Seconds of CPU that a process has used, all its threads together."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(after_name[11]) + int(after_name[12])) / TICK


def peak_memory_of(pid):
    """The most MiB that were resident."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def free_port():
    with socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(port):
    end = time.monotonic() + 30
    while True:
        try:
            return create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert time.monotonic() < end, f"nobody listens on {port}"
            time.sleep(0.01)
