# The commands of the cluster's components, as they run inside its namespaces. The cluster's folder
# is /run/cluster there.
# shellcheck shell=bash

components=(etcd apiserver controller-manager scheduler coredns kwok)
node_components=(containerd-node1 containerd-node2 kubelet-node1 kubelet-node2 kube-proxy provisioner)

# The addresses are of the range for benchmarks (RFC 2544): nobody's private network is hidden.
api=https://198.18.0.1:6443
services=198.18.128.0/20

kube() { exec /run/cluster/bin/kube "$@"; }

# config USER: the kubeconfig of a component.
config() { printf '%s/kubeconfig/%s' /run/cluster "$1"; }

# component NAME: becomes it.
component() {
    local pki=/run/cluster/pki node=${1##*-}
    case $1 in
        etcd)
            kube etcd --name=test --data-dir=/run/cluster/etcd --unsafe-no-fsync \
                --listen-client-urls=http://127.0.0.1:2379 --advertise-client-urls=http://127.0.0.1:2379 \
                --listen-peer-urls=http://127.0.0.1:2380 --initial-advertise-peer-urls=http://127.0.0.1:2380 \
                --initial-cluster=test=http://127.0.0.1:2380 --quota-backend-bytes=4294967296 --log-level=warn
            ;;
        apiserver)
            kube apiserver --etcd-servers=http://127.0.0.1:2379 \
                --bind-address=198.18.0.1 --advertise-address=198.18.0.1 --secure-port=6443 \
                --tls-cert-file=$pki/apiserver.crt --tls-private-key-file=$pki/apiserver.key \
                --client-ca-file=$pki/ca.crt --token-auth-file=$pki/tokens.csv --authorization-mode=Node,RBAC \
                --service-account-key-file=$pki/service-account.key \
                --service-account-signing-key-file=$pki/service-account.key \
                --service-account-issuer=https://kubernetes.default.svc \
                --service-cluster-ip-range=$services --allow-privileged=true \
                --enable-admission-plugins=NodeRestriction --kubelet-preferred-address-types=InternalIP \
                --default-not-ready-toleration-seconds=5 --default-unreachable-toleration-seconds=5 \
                --max-requests-inflight=1600 --max-mutating-requests-inflight=800
            ;;
        controller-manager)
            kube controller-manager --kubeconfig="$(config controller-manager)" \
                --use-service-account-credentials --leader-elect=false \
                --service-account-private-key-file=$pki/service-account.key --root-ca-file=$pki/ca.crt \
                --service-cluster-ip-range=$services --flex-volume-plugin-dir=/run/flex \
                --node-monitor-period=2s --node-monitor-grace-period=20s \
                --kube-api-qps=1000 --kube-api-burst=2000 --concurrent-job-syncs=50 --concurrent-gc-syncs=50
            ;;
        scheduler)
            kube scheduler --kubeconfig="$(config scheduler)" --leader-elect=false \
                --kube-api-qps=1000 --kube-api-burst=2000
            ;;
        coredns) exec /run/cluster/bin/coredns -conf /run/cluster/etc/Corefile ;;
        kwok)
            exec /run/cluster/bin/kwok --kubeconfig="$(config addons)" --manage-all-nodes=false \
                --manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake \
                --config=/run/cluster/etc/kwok.yaml --node-lease-duration-seconds=20 --cidr=198.18.64.0/18 \
                --node-ip=198.18.0.1 --node-port=10247 --server-address=198.18.0.1:10247 \
                --tls-cert-file=$pki/apiserver.crt --tls-private-key-file=$pki/apiserver.key --v=WARN
            ;;
        provisioner) kube provision "$(config addons)" /run/cluster/volumes ;;
        kube-proxy)
            kube kube-proxy --kubeconfig="$(config kube-proxy)" --hostname-override=node1 \
                --proxy-mode=iptables --conntrack-max-per-core=0
            ;;
        containerd-*) exec containerd --config "/run/cluster/etc/containerd-$node.toml" --log-level warn ;;
        kubelet-*)
            kube kubelet --config="/run/cluster/etc/kubelet-$node.yaml" --kubeconfig="$(config "$node")" \
                --hostname-override="$node" --node-ip="$(node_address "$node")" \
                --root-dir="/run/cluster/$node/kubelet" --cert-dir="/run/cluster/$node/pki"
            ;;
    esac
}

node_address() { printf '198.18.0.%s' "${1#node}"; }

# launch NAME: starts a component; its process id, as the namespaces count, is in pids/NAME.
launch() {
    (component "$1") </dev/null >>"/run/cluster/log/$1" 2>&1 3<&- &
    echo $! >"/run/cluster/pids/$1"
}
