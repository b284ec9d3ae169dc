"""Callers of an endpoint in a pod: ask without a pause until there is /tmp/stop, then print what came.

`failures` has every request without an answer; `broken` the times of those of them whose connection was
refused or broke off, which is what callers see of a router that is killed. Such a request is not counted as
answered by the one that comes after it.

python3 caller.py URL COUNT
"""

import collections
import http.client
import json
import os
import sys
import threading
import time
import urllib.parse

URL, COUNT = urllib.parse.urlsplit(sys.argv[1]), int(sys.argv[2])
BODY = json.dumps({"instances": [{"x": 1}]})
answers, failures, broken, lock = collections.Counter(), [], [], threading.Lock()


def ask(connection):
    connection.request("POST", "/predict", BODY, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    return answer


def call():
    connection, used = None, False
    while not os.path.exists("/tmp/stop"):
        try:
            if connection is None:
                connection, used = http.client.HTTPConnection(URL.hostname, URL.port or 80, timeout=60), False
            answer = ask(connection)
            used = True
            with lock:
                answers[f"{answer.status} {answer.headers.get('x-mlctl-revision', '')}"] += 1
            if answer.will_close:
                connection.close()
                connection = None
        except (OSError, http.client.HTTPException) as error:
            # A server may close a connection on which nothing is under way at any time (RFC 9112, 9.5):
            # what was just sent there is asked again.
            if not (used and isinstance(error, (http.client.RemoteDisconnected, BrokenPipeError))):
                with lock:
                    failures.append(f"{time.time():.3f} {error!r}")
                    if isinstance(error, (OSError, http.client.IncompleteRead)):
                        broken.append(time.time())
                # Whoever asks again does not do so at once.
                time.sleep(0.2)
            connection.close()
            connection = None
        time.sleep(0.005)


threads = [threading.Thread(target=call) for _ in range(COUNT)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps({"answers": answers, "failures": failures, "broken": broken}), flush=True)
