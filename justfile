# Recipes for developers. `just --list` shows them.

# All tests, as CI runs them.
test *args:
    tests/run {{args}}

# The README's two commands on a fresh Debian, in a root of its own; `just fresh 1` the first alone.
fresh *numbers:
    tests/fresh {{numbers}}

# What one NVIDIA GPU can show, on a machine that has one with PyTorch and JAX.
gpu *checks:
    MLCTL=${MLCTL:-target/debug/mlctl} tests/gpu/run {{checks}}

# Format, lint, check drift of generated files.
check:
    cargo fmt --check
    cargo clippy --workspace --profile ci --all-targets -- -D warnings
    tests/deny/run

# Renews the advisories of machines that can't fetch RustSec's, from there or from a clone of it.
advisories clone="https://github.com/RustSec/advisory-db":
    rm -rf target/advisory-db
    git clone --quiet --depth 1 {{clone}} target/advisory-db
    python3 tests/deny/snapshot.py pack target/advisory-db tests/deny/advisories.jsonl

# Completions, man pages, schemas and the other generated files.
generate:
    MLCTL_UPDATE=1 cargo test --profile ci --test it -- generated:: schema

# 100,000 simulated schedules against the gang (the tests run a tenth of it).
sim schedules="100000":
    MLCTL_SIM_SCHEDULES={{schedules}} cargo test --profile ci --lib gang::sim -- --nocapture

# 50,000 simulated endpoints against what decides over them (the tests run 3,000).
sim-serve schedules="50000":
    MLCTL_SIM_SCHEDULES={{schedules}} cargo test --profile ci --lib serve::sim -- --nocapture

# Changes the gang's machines in every way and tells which changes no simulation notices (needs
# cargo-mutants). Half an hour or more; `just mutants --file src/gang/session/ending.rs` for one file.
mutants *args:
    tests/mutants/run {{args}}

# kill -9 at random moments, 50 times over TensorFlow and plain gangs.
kill rounds="50":
    MLCTL_KILL_ROUNDS={{rounds}} tests/run train::kill:: --nocapture

# kill -9 of mlctl, agents, workers and model servers of batch predictions with 200 shards, so often.
kill-batch rounds="100":
    MLCTL_KILL_ROUNDS={{rounds}} tests/run batch::kills --nocapture

# kill -9 of mlctl at random moments of submitting to a cluster and following.
kill-kube rounds="50":
    MLCTL_KILL_ROUNDS={{rounds}} tests/run kube::faults::kill --nocapture

# Runs in all states, some left by killed commands, and `cleanup` over them.
cleanup-kube runs="200":
    MLCTL_CLEANUP_RUNS={{runs}} tests/run kube::cleanup --nocapture

# An MPIJob of Horovod with Horovod itself, which is compiled first.
horovod:
    MLCTL_TEST_HOROVOD="$(tests/horovod/build)" tests/run kubeflow::horovod

# The exporter's scripts with whole conversions, in a Python that has templates/export/requirements.txt and
# no-deps.txt installed.
test-export python="python3":
    {{python}} -B tests/python/export_test.py

# `--version` and `list` with 10,000 runs, against the real kubectl.
bench-cli:
    benches/cli

# Submitting, following 1,000 Jobs and listing 10,000 that ended, against the real kubectl.
bench-kube rounds="11" many="1000" ended="10000":
    benches/kube {{rounds}} {{many}} {{ended}}

# Batch prediction: the data path alone, against a server's own peak and a Python client, memory and
# time as the input grows, a store's own peak; `just bench-batch 2000000 1000 server` one part of it.
bench-batch *args:
    benches/batch/run {{args}}

# An endpoint beside Envoy with the same routes: requests a second, CPU, memory and latency by REST and by
# gRPC; then the time of a step in load, and of a model's first answer.
bench-serve rounds="3":
    benches/serve/run {{rounds}}

# `model inspect` over a SavedModel of two gigabytes, with its time and memory, and beside `saved_model_cli`:
# `just bench-inspect PYTHON` with one that has TensorFlow.
bench-inspect python="python3":
    cargo build --profile ci
    {{python}} benches/inspect.py target/ci/mlctl

# The optimiser of `tune` against others: regrets, ranks, wins, seconds per suggestion; hours with all
# ten seeds, `just bench-tune 0-1 judged` less.
bench-tune seeds="0-9" sets="judged mixint":
    SEEDS={{seeds}} SETS="{{sets}}" benches/tune/run.sh

# What early stopping saves of a study's epochs, by rule, and the best value that is left: 18 minutes a seed.
bench-early *seeds="1":
    cargo build --profile ci
    python3 benches/early/measure.py target/ci/mlctl {{seeds}}

# What comes from outside under libFuzzer: the parser of specs, what is read of clusters, agents, the state
# and its index, and models, each for so long (needs cargo-fuzz and a nightly toolchain).
fuzz seconds="60" targets="load cluster wire state index saved_model tflite tfjs onnx archive":
    for target in {{targets}}; do cargo +nightly fuzz run $target -- -max_total_time={{seconds}} || exit; done

# One static binary, target/x86_64-unknown-linux-musl/release/mlctl (needs musl-tools).
static:
    rustup target add x86_64-unknown-linux-musl
    MLCTL_COMMIT=$(git rev-parse HEAD 2>/dev/null || true) cargo build --release --target x86_64-unknown-linux-musl
