# Starts this replica's processes of Horovod, which meet over gloo, and waits for them. The first replica keeps the
# store by which they find each other, at the port of its gang. Arguments: how many processes, and what they run.
# Source: Horovod 0.28, horovod/runner/gloo_run.py, horovod/runner/http/http_server.py.
import http.server, os, signal, socket, socketserver, subprocess, sys, threading, time


class Store(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 1024
    values, done, lock = {}, {}, threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        value = self.server.values.get(self.path)
        self.answer(404) if value is None else self.answer(200, value)

    def do_PUT(self):
        value = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.values[self.path] = value
        self.answer(200)

    # Who has met says so. Once all of a group have, its values are stale: the next `init` meets anew.
    def do_DELETE(self):
        group = self.path.rsplit("/", 1)[0] + "/"
        kind, _, own = group.strip("/").partition("_")
        sizes = {"global": total, "local": slots, "cross": nodes}
        # The groups of a set of processes come and go, one value at a time.
        size = 0 if "process_set" in own else sizes.get(kind, 0)
        with self.server.lock:
            values, done = self.server.values, self.server.done
            done[group] = done.get(group, 0) + 1
            if size == 0:
                values.pop(self.path, None)
            elif done[group] >= size:
                done[group] = 0
                for path in [path for path in values if path.startswith(group)]:
                    del values[path]
        self.answer(200)

    def log_message(self, *_):
        pass


def address(host):
    for _ in range(120):
        try:
            return socket.gethostbyname(host)
        except OSError:
            time.sleep(1)
    return host


slots, command, env = int(sys.argv[1]), sys.argv[2:], dict(os.environ)
node, nodes = int(env.pop("RANK", 0)), int(env.pop("WORLD_SIZE", 1))
host, port, total = env.pop("MASTER_ADDR"), env.pop("MASTER_PORT"), nodes * slots
host, bound = address(host), ""
if host.startswith("127."):
    # All replicas are on this machine, and nobody on another one is to ask.
    bound = host
    env.setdefault("HOROVOD_GLOO_IFACE", "lo")
if node == 0:
    threading.Thread(target=Store((bound, int(port)), Handler).serve_forever, daemon=True).start()
env.update(HOROVOD_GLOO_RENDEZVOUS_ADDR=host, HOROVOD_GLOO_RENDEZVOUS_PORT=port, HOROVOD_CONTROLLER="gloo",
           HOROVOD_CPU_OPERATIONS="gloo", HOROVOD_HOSTNAME=env.get("MLCTL_REPLICA", str(node)))
running, copies, turns = {}, [], {1: threading.Lock(), 2: threading.Lock()}


# Several processes write, each of them lines in pieces: one's line comes whole before another's begins.
def copy(source, to):
    rest = b""
    try:
        while True:
            piece = os.read(source, 1 << 16)
            # Bars of progress end by a return, and what has no end is passed on too.
            end = max(piece.rfind(b"\n"), piece.rfind(b"\r")) + 1
            if len(rest) > 1 << 16:
                end = len(piece)
            lines, rest = (rest + piece[:end], piece[end:]) if end else (b"", rest + piece)
            if rest and not piece:
                lines = rest + b"\n"
            with turns[to]:
                while lines:
                    lines = lines[os.write(to, lines):]
            if not piece:
                return
    except OSError:
        pass
    finally:
        # Nobody reads any more, which whoever writes is told.
        os.close(source)


def pipe(to):
    if slots == 1:
        return None
    source, end = os.pipe()
    copies.append(threading.Thread(target=copy, args=(source, to), daemon=True))
    return end


def tell(number, _=None):
    for process in list(running):
        try:
            os.kill(process, number)
        except ProcessLookupError:
            pass


for slot in range(slots):
    ranks = {"RANK": node * slots + slot, "SIZE": total, "LOCAL_RANK": slot, "LOCAL_SIZE": slots,
             "CROSS_RANK": node, "CROSS_SIZE": nodes}
    own = {"HOROVOD_" + name: str(value) for name, value in ranks.items()}
    ends = [pipe(1), pipe(2)]
    process = subprocess.Popen(command, env={**env, **own}, stdout=ends[0], stderr=ends[1])
    running[process.pid] = process
    for end in filter(None, ends):
        os.close(end)
for one in copies:
    one.start()
signal.signal(signal.SIGTERM, tell)
signal.signal(signal.SIGINT, tell)
signal.signal(signal.SIGALRM, lambda *_: tell(signal.SIGKILL))
failed = 0
while running:
    process, status = os.wait()
    if running.pop(process, None) is None:
        continue
    code = 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    # The others would wait for this one for ever.
    if code and not failed:
        failed = code
        tell(signal.SIGTERM)
        signal.alarm(10)
# Who outlives its process may hold a pipe open for ever.
limit = time.monotonic() + 5
for one in copies:
    one.join(max(0, limit - time.monotonic()))
sys.exit(failed)
