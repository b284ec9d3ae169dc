# Reaching into a running cluster.
# shellcheck shell=bash

kubeconfig() {
    local user=admin
    case ${1:-} in
        --user) user=${2:?--user needs a name} ;;
        --user=*) user=${1#*=} ;;
        '') ;;
        *) die "kubeconfig: no option \`$1\`" ;;
    esac
    case $user in admin | alice | bob) ;; *) die "no user \`$user\`; there are admin, alice and bob" ;; esac
    init >/dev/null || die "the cluster \`$name\` is not up; start it with: $0 up"
    printf '%s\n' "$state/kubeconfig/$user"
}

run_kubectl() {
    init >/dev/null || die "the cluster \`$name\` is not up; start it with: $0 up"
    exec "$state/bin/kubectl" --kubeconfig "$state/kubeconfig/admin" "$@"
}

run_inside() {
    [ "${1:-}" != -- ] || shift
    [ $# -gt 0 ] || die "exec needs a command: $0 exec -- COMMAND..."
    inside "$@"
}

image_import() {
    local node jobs=() job failed=
    [ -r "${1:-}" ] || die "image-import needs a file, an OCI archive"
    has_pods || die "the cluster \`$name\` runs no pods, so it needs no image"
    for node in node1 node2; do
        inside ctr --address "/run/containerd-$node/containerd.sock" --namespace k8s.io images import - <"$1" &
        jobs+=($!)
    done
    for job in "${jobs[@]}"; do wait "$job" || failed=1; done
    [ -z "$failed" ] || die "could not import $1"
}

image_export() {
    local file=${1:?image-export needs a file to write}
    shift
    [ $# -gt 0 ] || set -- localhost/{busybox,python,tf}:1
    has_pods || die "the cluster \`$name\` runs no pods, so it has no image"
    inside ctr --address /run/containerd-node1/containerd.sock --namespace k8s.io images export - "$@" >"$file.part" ||
        { rm -f "$file.part"; die "could not export $*"; }
    mv "$file.part" "$file"
}

# known COMPONENT: or an error that lists them.
known() {
    # shellcheck source=/dev/null
    . "$here/lib/components.sh"
    local all=("${components[@]}")
    ! has_pods || all+=("${node_components[@]}")
    [[ " ${all[*]} " == *" ${1:-} "* ]] || die "no component \`${1:-}\`; there are ${all[*]}"
}

# alive COMPONENT: its process id inside, if it runs.
alive() { inside bash -c 'read -r pid <"/run/cluster/pids/$1" && kill -0 "$pid" && echo "$pid"' - "$1" 2>/dev/null; }

stop_component() {
    local signal=KILL pid
    known "${1:-}"
    case ${2:-} in
        --signal) signal=${3:?--signal needs a name} ;;
        --signal=*) signal=${2#*=} ;;
        '') ;;
        *) die "stop: no option \`$2\`" ;;
    esac
    pid=$(alive "$1") || die "$1 does not run"
    inside bash -c 'kill -s "$2" "$1"' - "$pid" "${signal#SIG}"
    # Other signals may be meant to be survived.
    [ "${signal#SIG}" != KILL ] || while alive "$1" >/dev/null; do sleep 0.02; done
}

start_component() {
    known "${1:-}"
    ! alive "$1" >/dev/null || die "$1 runs already"
    inside env -i PATH="$PATH" HOME="$state" bash "$here/lib/inside.sh" start "$1"
}

component_logs() {
    [ -r "$state/log/${1:-}" ] && [ -f "$state/log/$1" ] || die "no log of \`${1:-}\`; there are: $(ls "$state/log" 2>/dev/null | xargs)"
    cat "$state/log/$1"
}
