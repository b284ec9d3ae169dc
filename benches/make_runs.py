"""Fills a state folder with runs that have ended: the files that mlctl itself would have written."""

import json
import pathlib
import sys
from datetime import datetime, timedelta, timezone

root, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
template = json.loads(pathlib.Path(sys.argv[3]).read_text())
index = []
start = datetime.now(timezone.utc) - timedelta(days=90)
for number in range(count):
    run = f"bench-{number:06d}"
    times = [start + timedelta(seconds=600 * number + offset) for offset in (0, 1, 60)]
    created, started, ended = (time.isoformat().replace("+00:00", "Z") for time in times)
    record = template | {"id": run, "name": "bench", "created": created, "started": started, "ended": ended}
    folder = root / "runs" / run
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(record))
    first = {key: record[key] for key in ("id", "name", "kind", "runtime", "cwd", "user", "created")}
    last = {"id": run, "outcome": "succeeded", "started": started, "ended": ended}
    # Without spaces, as mlctl writes them.
    index += [json.dumps(line, separators=(",", ":")) for line in (first, last)]
with (root / "index").open("a") as file:
    file.write("\n".join(index) + "\n")
