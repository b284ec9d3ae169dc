# The parts of a cluster, built once into the cache and keyed by what they are made of.
# shellcheck shell=bash

# key PATH...: a hash over the content of files and folders.
key() { find "$@" -type f -print0 | sort -z | xargs -0 cat | sha256sum | cut -c1-16; }

# go_part MODULE: the folder of a part that Go builds.
go_part() {
    local compiler
    compiler=$(go -C "$here/go/$1" env GOVERSION GOOS GOARCH | xargs)
    printf '%s/%s-%s\n' "$parts" "$1" \
        "$(printf '%s %s' "$(key "$here/go/$1")" "$compiler" | sha256sum | cut -c1-16)"
}

# store_part: the folder of the images, as both nodes' containerd wants them.
store_part() {
    printf '%s/store-%s\n' "$parts" "$(key "$here/images" "$here/lib/images.sh" "$here/../../examples/digits/requirements.txt")"
}

# make_part FOLDER: makes sure that a part is there. Only a full one gets its name; of two that make
# the same one, the second waits for the first, or for what a killed first one left running.
make_part() {
    local dir=$1 id=${1##*/} began=$SECONDS
    if [ ! -d "$dir" ]; then
        (
            flock 9
            [ ! -d "$dir" ] || exit 0
            work=$parts/.work-$id
            log=$parts/.log-$id
            rm -rf "$work"
            mkdir "$work"
            if ! bash "$here/lib/make.sh" "${id%-*}" "$work" >"$log" 2>&1; then
                tail -n 20 "$log" >&2
                rm -rf "$work"
                die "could not build ${id%-*}; its whole output is in $log"
            fi
            rm -f "$log"
            touch "$work/.used"
            mv -T "$work" "$dir"
            say "built ${id%-*} in $((SECONDS - began)) s"
        ) 9>"$parts/.lock-$id" || return 1
    fi
    touch "$dir/.used"
}

# packages COMMAND=PACKAGE...: installs the packages whose commands (or files) are missing.
packages() {
    local pair missing=()
    for pair in "$@"; do
        command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if ! is_root || ! command -v apt-get >/dev/null; then
        die "missing: ${missing[*]} (as Debian names them); install them"
    fi
    say "installing ${missing[*]}"
    (
        flock 9
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        # A service of the machine's own containerd would be of no use here.
        RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${missing[@]}"
    ) 9>"$cache/.lock-apt" >&2 || die "apt-get could not install ${missing[*]}"
}

# find_parts: names the parts' folders, as $kube, $coredns, $kwok and, with root, $store.
find_parts() {
    bring_go "$here" "$cache" || exit 1
    kube=$(go_part kube)
    coredns=$(go_part coredns)
    kwok=$(go_part kwok)
    store=
    ! is_root || store=$(store_part)
}

# build: every part, side by side.
build() {
    [ $# = 0 ] || die "build takes no argument"
    local jobs=() dir job failed=
    find_parts
    packages ip=iproute2 openssl=openssl unshare=util-linux
    if is_root; then
        packages containerd=containerd runc=runc iptables=iptables conntrack=conntrack sysctl=procps \
            debootstrap=debootstrap gcc=gcc /usr/lib/cni/bridge=containernetworking-plugins
    fi
    for dir in "$kube" "$coredns" "$kwok" ${store:+"$store"}; do
        make_part "$dir" &
        jobs+=($!)
    done
    for job in "${jobs[@]}"; do
        wait "$job" || failed=1
    done
    [ -z "$failed" ] || exit 1
    prune
}

# prune: parts that nothing used for a week go. A running cluster holds a lock on its own.
prune() {
    local used
    find "$parts" -maxdepth 2 -name .used -mtime +7 | while read -r used; do
        flock --nonblock "$used" rm -rf "${used%/.used}" || true
    done
}
