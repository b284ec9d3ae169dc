# What runs.
# shellcheck shell=bash

# processes: `NAME PID` of every component that runs, by the ids that the machine counts.
processes() {
    local namespace file pid inner one
    declare -A outer=()
    namespace=$(readlink "/proc/$(init)/ns/pid")
    for file in /proc/[0-9]*/status; do
        pid=${file#/proc/}
        pid=${pid%/status}
        [ "$(readlink "/proc/$pid/ns/pid" 2>/dev/null)" = "$namespace" ] || continue
        inner=$(sed -n 's/^NSpid:.*\t//p' "$file" 2>/dev/null) && outer[${inner:-none}]=$pid
    done
    for file in "$state"/pids/*; do
        one=$(<"$file")
        [ -z "${outer[$one]:-}" ] || printf '%s %s\n' "${file##*/}" "${outer[$one]}"
    done
}

status() {
    local format=text up=false pods=no nodes='' running='' first=
    case ${1:-} in
        '') ;;
        -o) format=${2:-} ;;
        -o*) format=${1#-o} ;;
        *) die "status: no option \`$1\`" ;;
    esac
    if first=$(init) && [ -e "$state/ready" ]; then
        up=true
        running=$(processes)
        ! has_pods || pods=yes
        nodes=$(kubectl_admin --request-timeout=5s get nodes -o 'jsonpath={range .items[*]}{.metadata.name}{" "}{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}' 2>/dev/null) || true
    fi
    case $format in
        json)
            printf '{"name":"%s","up":%s,"kubeconfig":%s,"kubectl":%s,"pods":"%s","nodes":{%s},"init":%s,"pids":{%s}}\n' \
                "$name" "$up" "$($up && printf '"%s"' "$state/kubeconfig/admin" || printf null)" \
                "$($up && printf '"%s"' "$state/bin/kubectl" || printf null)" "$pods" \
                "$(awk 'NF { printf "%s\"%s\":\"%s\"", s, $1, $2 == "True" ? "Ready" : "NotReady"; s = "," }' <<<"$nodes")" \
                "${first:-null}" \
                "$(awk 'NF { printf "%s\"%s\":%d", s, $1, $2; s = "," }' <<<"$running")"
            ;;
        text)
            if ! $up; then
                echo "$name: not up"
                return
            fi
            echo "$name: up"
            echo "kubeconfig: $state/kubeconfig/admin"
            echo "pods: $pods"
            awk 'NF { printf "node %s: %s\n", $1, $2 == "True" ? "Ready" : "NotReady" }' <<<"$nodes"
            awk 'NF { printf "%s: process %d\n", $1, $2 }' <<<"$running"
            ;;
        *) die "status: -o json, or nothing" ;;
    esac
}
