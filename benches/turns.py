"""Runs commands in turns and prints the median wall time of each and its ratio to the last one."""

import statistics
import subprocess
import sys
import time

rounds, mlctl, kubectl = int(sys.argv[1]), sys.argv[2], sys.argv[3]
commands = {
    "mlctl --version": [mlctl, "--version"],
    "mlctl list (all of 10,000 runs)": [mlctl, "list", "--limit", "0"],
    "mlctl list (the default)": [mlctl, "list"],
    "kubectl version --client": [kubectl, "version", "--client"],
}
times = {name: [] for name in commands}
for turn in range(rounds + 1):
    for name, argv in commands.items():
        start = time.perf_counter()
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
        if turn:  # the first turn warms the page cache
            times[name].append(time.perf_counter() - start)
base = statistics.median(list(times.values())[-1])
for name, taken in times.items():
    median = statistics.median(taken)
    print(f"{name:34} {median * 1000:8.2f} ms   {median / base:6.3f} of kubectl")
