# Paths, messages and what is known of a running cluster.
# shellcheck shell=bash

say() { printf '%s\n' "cluster: $*" >&2; }
die() {
    say "$*"
    exit 1
}

is_root() { [ "$(id -u)" = 0 ]; }

set_paths() {
    [[ $name =~ ^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$ ]] || die "\`$name\` is no name: use a-z, 0-9 and -"
    cache=${MLCTL_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mlctl-tests}
    parts=$cache/parts
    state=$cache/clusters/$name
    mkdir -p "$parts" "$cache/clusters"
    # The same name may exist in another cache.
    # shellcheck disable=SC2034
    cgroup=mlctl-$name-$(printf %s "$state" | sha256sum | cut -c1-8)
}

# started PID: the moment a process started, or nothing if it has ended. Ids are used again; a process
# is its id and that moment.
started() { sed -n 's/.*) //; s/^[^ZX] //p' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f19; }

# init: the id of the first process in the cluster's namespaces, or failure.
init() {
    local pid time
    [ -r "$state/init" ] && read -r pid time <"$state/init" || return 1
    [ -n "$time" ] && [ "$(started "$pid")" = "$time" ] && printf '%s\n' "$pid"
}

# inside COMMAND...: runs it in the namespaces, as a process that dies with them.
inside() {
    local pid
    pid=$(init) || die "the cluster \`$name\` is not up; start it with: $0 up"
    # A cluster without root has a user namespace too, which has to be entered first.
    local user=()
    is_root || user=(--user --preserve-credentials)
    nsenter --target "$pid" "${user[@]}" --mount --uts --ipc --net --pid -- "$@"
}

has_pods() { [ -e "$state/pods" ]; }

kubectl_admin() { "$state/bin/kubectl" --kubeconfig "$state/kubeconfig/admin" "$@"; }
