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
    local pid parent time limit=$((SECONDS + 20))
    if pid=$(init); then
        parent=$(sed -n 's/^PPid:\t//p' "/proc/$pid/status")
        time=$(started "$parent")
        kill -KILL "$pid" 2>/dev/null || true
        while init >/dev/null; do sleep 0.05; done
        # Its parent, outside, ends last.
        while [ "$parent" != 1 ] && [ "$(started "$parent")" = "$time" ]; do sleep 0.05; done
    fi
    until sweep_cgroups; do
        [ "$SECONDS" -lt "$limit" ] || die "these cgroups still have processes: $(cgroup_folders | xargs)"
        sleep 0.1
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

# make_cgroups: one folder for each node, in every controller.
make_cgroups() {
    local mount node dir file
    for mount in /sys/fs/cgroup /sys/fs/cgroup/*; do
        [ -e "$mount/cgroup.procs" ] || continue
        [ "$(stat -f -c %T "$mount")" = cgroup2fs ] || [ "$(stat -f -c %T "$mount")" = cgroupfs ] || continue
        # A folder of a mount is none.
        [ "$mount" = /sys/fs/cgroup ] || mountpoint -q "$mount" || continue
        for dir in "$mount/$cgroup" "$mount/$cgroup"/node{1,2}; do
            mkdir -p "$dir"
            for file in cpuset.cpus cpuset.mems; do
                # Version 1 refuses processes where these are empty.
                [ ! -e "$dir/$file" ] || [ -e "$mount/cgroup.controllers" ] || cat "${dir%/*}/$file" >"$dir/$file"
            done
            if [ -s "${dir%/*}/cgroup.controllers" ]; then
                sed 's/[^ ]*/+&/g' "${dir%/*}/cgroup.controllers" >"${dir%/*}/cgroup.subtree_control"
            fi
        done
    done
}
