#!/bin/sh
# `just bench-tune`: mlctl and the quick peers live, the slow peers from their stored traces.
#   MLCTL_SUGGEST  the filter, such as "mlctl tune suggest"; built unless it is given
#   PYTHON         with requirements.txt installed; made unless it is given
#   SEEDS (0-9)    SETS ("judged mixint")    OUT  where live runs are kept, so that a stopped one goes on
set -eu
cd "$(dirname "$0")"
seeds=${SEEDS:-0-9} work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=${OUT:-$work/live.jsonl}
if [ -z "${MLCTL_SUGGEST:-}" ]; then
    MLCTL_SUGGEST=$(cargo build --release --locked --quiet --package mlctl-optimizer --bench suggest \
        --message-format json | python3 -c '
import json, sys
built = [m["executable"] for m in map(json.loads, sys.stdin) if m.get("executable")]
print(built[-1])')
    export MLCTL_SUGGEST
fi
if [ -z "${PYTHON:-}" ]; then
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check -r requirements.txt
    PYTHON=$work/venv/bin/python
fi
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
for slots in 1 4; do
    for set in ${SETS:-judged mixint}; do
        for peer in mlctl optuna-tpe nevergrad random; do
            "$PYTHON" trace.py "$out" "$peer" "$set" "$seeds" "$slots"
        done
    done
    "$PYTHON" report.py --slots "$slots" --sets judged,mixint "$out" traces/slow.jsonl.gz
done
