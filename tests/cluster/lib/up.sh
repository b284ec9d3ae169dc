# Starting a cluster.
# shellcheck shell=bash

up() {
    local fake=2 real=0 began
    while [ $# -gt 0 ]; do
        case $1 in
            --fake-nodes) fake=${2:?--fake-nodes needs a number}; shift 2 ;;
            --fake-nodes=*) fake=${1#*=}; shift ;;
            *) die "up: no option \`$1\`" ;;
        esac
    done
    exec 8>"$cache/clusters/.lock-$name"
    flock 8
    if init >/dev/null && [ -e "$state/ready" ]; then
        fake_nodes "$fake"
        say "\`$name\` is up already"
        return
    fi
    build
    began=$SECONDS
    sweep
    prepare
    if has_pods; then
        make_cgroups
        real=2
    fi
    boot
    await "the components are started" 90 test -e "$state/started"
    storage_class
    fake_nodes "$fake"
    await "every node is ready" 90 nodes_ready "$((fake + real))"
    touch "$state/ready"
    say "\`$name\` is up after $((SECONDS - began)) s: export KUBECONFIG=$state/kubeconfig/admin"
}

# await WHAT SECONDS COMMAND...: polls, and shows what the components say if it never comes.
await() {
    local limit=$((SECONDS + $2)) what=$1
    shift 2
    until "$@"; do
        if ! init >/dev/null || [ "$SECONDS" -ge "$limit" ]; then
            tail -n 5 "$state"/log/* >&2 2>/dev/null || true
            halt
            die "gave up waiting until $what; the whole logs are in $state/log"
        fi
        sleep 0.2
    done
}

nodes_ready() {
    local ready
    ready=$(kubectl_admin get nodes -o 'jsonpath={range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}' 2>/dev/null | grep -c True) || true
    [ "${ready:-0}" -ge "$1" ]
}

# boot: the namespaces, and all components in them.
boot() {
    local user=() parent first='' limit=$((SECONDS + 10))
    is_root || user=(--user --map-root-user)
    # The socket for the API server is opened in this network namespace and served from the other one.
    setsid env -i PATH="$PATH" HOME="$state" "$state/bin/kube" listen 127.0.0.1:0 "$state/address" \
        unshare "${user[@]}" --pid --mount --net --uts --ipc --fork --kill-child \
        bash "$here/lib/inside.sh" "$state" </dev/null >"$state/log/init" 2>&1 8>&- &
    parent=$!
    until first=$(cat "/proc/$parent/task/$parent/children" 2>/dev/null) && [ -n "$first" ]; do
        if [ ! -e "/proc/$parent" ] || [ "$SECONDS" -ge "$limit" ]; then
            cat "$state/log/init" >&2
            die "the namespaces could not be made"
        fi
        sleep 0.02
    done
    first=${first%% *}
    echo "$first $(started "$first")" >"$state/init"
    kubeconfigs "https://$(<"$state/address")" admin alice bob
}

# Claims of the default class become folders that both nodes share.
storage_class() {
    has_pods || return 0
    kubectl_admin create --validate=false -f - >/dev/null <<'END'
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: shared
  annotations: {storageclass.kubernetes.io/is-default-class: "true"}
provisioner: test/shared
reclaimPolicy: Delete
volumeBindingMode: Immediate
END
}

# fake_nodes N: simulated nodes of 64 cores and 8 GPUs each, of two products by turns, as far as missing.
fake_nodes() {
    local i product memory have missing=()
    have=$(kubectl_admin get nodes -o name | xargs)
    for ((i = 0; i < $1; i++)); do
        [[ " $have " == *" node/gpu-$i "* ]] || missing+=("$i")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    for i in "${missing[@]}"; do
        if ((i % 2)); then product=NVIDIA-H100-80GB-HBM3 memory=81559; else product=NVIDIA-A100-SXM4-80GB memory=81920; fi
        cat <<END
---
apiVersion: v1
kind: Node
metadata:
  name: gpu-$i
  annotations: {kwok.x-k8s.io/node: fake, node.alpha.kubernetes.io/ttl: "0"}
  labels:
    kubernetes.io/arch: amd64
    kubernetes.io/os: linux
    kubernetes.io/hostname: gpu-$i
    type: kwok
    nvidia.com/gpu.present: "true"
    nvidia.com/gpu.count: "8"
    nvidia.com/gpu.product: $product
    nvidia.com/gpu.memory: "$memory"
spec:
  taints: [{key: kwok.x-k8s.io/node, value: fake, effect: NoSchedule}]
status:
  capacity: &room {cpu: "64", memory: 512Gi, ephemeral-storage: 1Ti, pods: "1000", nvidia.com/gpu: "8"}
  allocatable: *room
  addresses: [{type: InternalIP, address: 198.18.0.1}, {type: Hostname, address: gpu-$i}]
  daemonEndpoints: {kubeletEndpoint: {Port: 10247}}
END
    done | kubectl_admin create --validate=false -f - >/dev/null
}
