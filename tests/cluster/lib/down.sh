# Stopping a cluster, and removing what a killed one left.
# shellcheck shell=bash

down() {
    [ $# = 0 ] || die "down takes no argument"
    exec 8>"$cache/clusters/.lock-$name"
    flock 8
    sweep
}

# sweep: nothing of the cluster stays.
sweep() {
    halt
    rm -rf "$state"
}

# halt: ends it. The kernel ends every process of the namespaces with their first one, and mounts and
# network go with the last of them; only cgroups and files stay.
halt() {
    local pid limit=$((SECONDS + 20))
    while [ -n "$(leaders)" ]; do
        for pid in $(leaders); do kill -KILL "$pid" 2>/dev/null || true; done
        sleep 0.05
    done
    until sweep_cgroups; do
        [ "$SECONDS" -lt "$limit" ] || die "these cgroups still have processes: $(cgroup_folders | xargs)"
        sleep 0.1
    done
}

# leaders: the first process of the cluster's namespaces and its parent outside. They are found by their
# arguments, so that one whose `up` was killed before it wrote anything down is found too.
leaders() {
    local file
    for file in $(grep -lszx '.*/cluster/lib/inside\.sh' /proc/[0-9]*/cmdline); do
        ! grep -qszxF "$state" "$file" || printf '%s\n' "${file//[!0-9]/}"
    done
}

cgroup_folders() {
    local mount
    for mount in /sys/fs/cgroup /sys/fs/cgroup/*; do
        [ ! -d "$mount/$cgroup" ] || printf '%s\n' "$mount/$cgroup"
    done
}

sweep_cgroups() {
    local dir
    cgroup_folders | while read -r dir; do
        find "$dir" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done
    [ -z "$(cgroup_folders)" ]
}

# make_cgroups: a folder for each node, in every controller.
make_cgroups() {
    local mount dir file
    for mount in /sys/fs/cgroup /sys/fs/cgroup/*; do
        { mountpoint -q "$mount" && [ -e "$mount/cgroup.procs" ]; } || continue
        for dir in "$mount/$cgroup" "$mount/$cgroup"/node{1,2}; do
            mkdir -p "$dir"
            if [ -e "$mount/cgroup.controllers" ]; then
                # Version 2: what children may control is said one level above.
                sed 's/[^ ]*/+&/g' "${dir%/*}/cgroup.controllers" >"${dir%/*}/cgroup.subtree_control" ||
                    die "${dir%/*} refuses to hand its controllers on: it has processes itself"
            else
                # Version 1: no process can join where these are empty.
                for file in cpuset.cpus cpuset.mems; do
                    [ ! -e "$dir/$file" ] || cat "${dir%/*}/$file" >"$dir/$file"
                done
            fi
        done
    done
}
