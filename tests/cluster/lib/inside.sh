#!/usr/bin/env bash
# The first process of the cluster's namespaces: when it ends, all that runs in them ends.
# inside.sh STATE
# inside.sh start COMPONENT...     (from outside, by nsenter)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=tests/cluster/lib/components.sh
. "$here/lib/components.sh"

if [ "$1" = start ]; then
    shift
    for one; do launch "$one"; done
    exit
fi

state=$1
pods=
[ ! -e "$state/pods" ] || pods=yes

# Everything that components write outside the cluster's folder goes to memory of this namespace.
mount -t proc proc /proc
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/cluster /run/netns /run/lock /run/var-lib/{upper,work}
mount --bind "$state" /run/cluster
# Parts in use are not pruned.
for part in /run/cluster/bin/*; do
    part=$(readlink "$part")
    [ -d "$part" ] || part=${part%/*}
    exec {lock}<"$part/.used"
    flock --shared "$lock"
done
mkdir -p /run/cluster/{pids,log/var,volumes,etcd}
mount --bind /run/cluster/log/var /var/log
[ ! -e /etc/resolv.conf ] || mount --bind /run/cluster/etc/resolv.conf /etc/resolv.conf

ip link set lo up
# With an address of its own: else it takes the lowest of its ports', and every pod that comes or goes
# may leave the others without DNS until their neighbour tables notice.
ip link add mlctl0 address 0a:58:c6:12:00:01 type bridge
ip address add 198.18.0.1/17 dev mlctl0
ip link set mlctl0 up
/run/cluster/bin/kube forward 198.18.0.1:6443 >>/run/cluster/log/forward 2>&1 &
exec 3<&-

launch etcd
launch apiserver
if [ "$pods" ]; then
    mount -t overlay -o lowerdir=/var/lib,upperdir=/run/var-lib/upper,workdir=/run/var-lib/work overlay /var/lib
    ip address add 198.18.0.2/32 dev mlctl0
    sysctl -q -w net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1
    launch containerd-node1
    launch containerd-node2
fi

kubectl() { /run/cluster/bin/kubectl --kubeconfig /run/cluster/kubeconfig/admin --server "$api" "$@"; }
until kubectl get --raw /readyz >/dev/null 2>&1; do sleep 0.2; done

launch controller-manager
launch scheduler
launch coredns
launch kwok
if [ "$pods" ]; then
    for one in kube-proxy provisioner kubelet-node1 kubelet-node2; do launch "$one"; done
fi
touch /run/cluster/started

# As the first process it inherits what loses its parent; bash reaps between two commands.
while :; do sleep 5; done
