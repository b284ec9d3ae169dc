#!/bin/sh
# Collects the traces of the slow peers, one run at a time, into OUT; goes on where it was stopped.
#   PYTHON, VIZIER_PYTHON: interpreters of the two environments (requirements*.txt)
set -u
cd "$(dirname "$0")"
out=${1:?file to append to}
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
export XLA_FLAGS="--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
export JAX_COMPILATION_CACHE_DIR=${JAX_COMPILATION_CACHE_DIR:-$(dirname "$out")/jax-cache}
export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0 JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES=-1
functions=branin,hart6,ackley10_mixed,levy5,rosen4,rastr3,hpo_like8,hart6_noisy
some_mixint=mixint_f3_d5,mixint_f8_d5,mixint_f10_d5,mixint_f15_d10,mixint_f20_d5
$PYTHON trace.py "$out" optuna-gp judged 0-4
$VIZIER_PYTHON trace.py "$out" vizier $functions 0-0
$PYTHON trace.py "$out" ax $functions 0-0
$PYTHON trace.py "$out" optuna-gp judged 5-9
$VIZIER_PYTHON trace.py "$out" vizier $functions 1-1
$PYTHON trace.py "$out" optuna-gp mixint 0-4
$PYTHON trace.py "$out" ax $functions 1-1
$PYTHON trace.py "$out" hebo $functions 0-1
$VIZIER_PYTHON trace.py "$out" vizier $functions 2-2
$PYTHON trace.py "$out" ax $functions 2-2
$PYTHON trace.py "$out" optuna-gp judged 0-9 4
$VIZIER_PYTHON trace.py "$out" vizier $some_mixint 0-1
$PYTHON trace.py "$out" ax $some_mixint 0-1
$PYTHON trace.py "$out" smac $functions 0-1
$PYTHON trace.py "$out" optuna-gp mixint 5-9
$VIZIER_PYTHON trace.py "$out" vizier $functions 3-9
$PYTHON trace.py "$out" ax $functions 3-9
