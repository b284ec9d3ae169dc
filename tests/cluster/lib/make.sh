#!/usr/bin/env bash
# make.sh PART FOLDER: builds one part into an empty folder.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
out=$2

module() { go -C "$here/go/$1" list -m -f "{{.$3}}" "$2"; }

# go_build MODULE FILE PACKAGE [LDFLAGS]
go_build() {
    CGO_ENABLED=0 nice -n 5 go -C "$here/go/$1" build -trimpath -mod=readonly \
        -ldflags "-s -w ${4:-}" -o "$2" "$3"
}

make_kube() {
    # Without its version the API server calls itself v0.0.0, which kubelet and kubectl refuse.
    local version=k8s.io/component-base/version at
    at=$(module kube k8s.io/kubernetes Version)
    go_build kube "$out/kube" . \
        "-X $version.gitVersion=$at -X $version.gitMajor=1 -X $version.gitMinor=$(cut -d. -f2 <<<"$at")"
    ln -s kube "$out/kubectl"
}

make_coredns() { go_build coredns "$out/coredns" github.com/coredns/coredns; }

make_kwok() {
    local stages stage
    go_build kwok "$out/kwok" sigs.k8s.io/kwok/cmd/kwok
    stages=$(module kwok sigs.k8s.io/kwok Dir)/kustomize/stage
    for stage in node/fast/node-initialize node/heartbeat-with-lease/node-heartbeat-with-lease \
        pod/fast/pod-{ready,complete,delete}; do
        cat "$stages/$stage.yaml"
        echo ---
    done >"$out/stages.yaml"
}

make_store() {
    unshare --mount --pid --fork --kill-child --mount-proc bash "$here/lib/images.sh" "$out"
}

"make_$1"
