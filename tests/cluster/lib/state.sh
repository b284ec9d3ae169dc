# What a cluster reads when it starts: certificates, tokens, kubeconfigs, configuration.
# shellcheck shell=bash

# prepare: writes all of it, into a new state folder.
prepare() {
    (umask 077 && mkdir "$state")
    mkdir -p "$state"/{bin,etc,log,pki,kubeconfig,pids}
    ln -s "$kube/kube" "$kube/kubectl" "$coredns/coredns" "$kwok/kwok" "$state/bin"
    simulation >"$state/etc/kwok.yaml"
    certificates
    tokens
    kubeconfigs https://198.18.0.1:6443 controller-manager scheduler kube-proxy addons node1 node2
    corefile >"$state/etc/Corefile"
    echo "nameserver 198.18.0.1" >"$state/etc/resolv.conf"
    if [ "$store" ]; then
        ln -s "$store" "$state/bin/store"
        node_state node1
        node_state node2
        touch "$state/pods"
    fi
}

# A real authority: strict clients refuse a server certificate that is its own.
certificates() {
    (
        cd "$state/pki"
        openssl ecparam -genkey -name prime256v1 -noout -out ca.key
        openssl req -x509 -new -key ca.key -days 3650 -subj /CN=mlctl-test-ca -out ca.crt
        openssl ecparam -genkey -name prime256v1 -noout -out apiserver.key
        openssl req -new -key apiserver.key -subj /CN=kube-apiserver -out apiserver.csr
        openssl x509 -req -in apiserver.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -out apiserver.crt \
            -extfile <(printf '%s\n' 'basicConstraints=CA:FALSE' 'extendedKeyUsage=serverAuth' \
                'subjectAltName=IP:127.0.0.1,IP:198.18.0.1,IP:198.18.128.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local')
        openssl ecparam -genkey -name prime256v1 -noout -out service-account.key
        rm apiserver.csr
    ) 2>"$state/log/openssl" || { cat "$state/log/openssl" >&2; die "openssl could not make the certificates"; }
}

# token USER: new on every start.
tokens() {
    local user account groups
    while read -r user account groups; do
        openssl rand -hex 16 >"$state/pki/$user.token"
        printf '%s,%s,%s,"%s"\n' "$(<"$state/pki/$user.token")" "$account" "$user" "$groups"
    done >"$state/pki/tokens.csv" <<'END'
admin admin system:masters
alice alice mlctl-test
bob bob mlctl-test
addons system:addons system:masters
controller-manager system:kube-controller-manager
scheduler system:kube-scheduler
kube-proxy system:kube-proxy
node1 system:node:node1 system:nodes
node2 system:node:node2 system:nodes
END
}

# kubeconfigs SERVER USER...
kubeconfigs() {
    local server=$1 user authority
    shift
    authority=$(base64 -w 0 "$state/pki/ca.crt")
    for user; do
        cat >"$state/kubeconfig/$user" <<END
apiVersion: v1
kind: Config
current-context: mlctl-$name
contexts:
- name: mlctl-$name
  context: {cluster: mlctl-$name, user: $user}
clusters:
- name: mlctl-$name
  cluster: {server: "$server", certificate-authority-data: $authority}
users:
- name: $user
  user: {token: $(<"$state/pki/$user.token")}
END
    done
}

corefile() {
    cat <<'END'
cluster.local in-addr.arpa {
    bind 198.18.0.1
    errors
    kubernetes {
        kubeconfig /run/cluster/kubeconfig/addons
        ttl 1
    }
}
# Nothing else exists: an answer at once instead of a resolver's time-out.
. {
    bind 198.18.0.1
    template ANY ANY {
        rcode NXDOMAIN
    }
}
END
}

# simulation: what KWOK's nodes and pods do, and what their pods say.
simulation() {
    cat "$kwok/stages.yaml" - <<'END'
apiVersion: kwok.x-k8s.io/v1alpha1
kind: ClusterLogs
metadata: {name: every-pod}
spec:
  logs: [{logsFile: /run/cluster/etc/simulated.log}]
END
    echo "2026-01-01T00:00:00.000000000Z stdout F simulated" >"$state/etc/simulated.log"
}

# node_state NODE: a node's folder, its containerd filled from the store.
node_state() {
    local dir=$state/$1 root=$state/$1/containerd from=$store/containerd snapshots=io.containerd.snapshotter.v1.overlayfs one
    mkdir -p "$dir"/{kubelet,cni,log,manifests} "$root"
    # Layers are only ever read, so the nodes share them: blobs by hard link, unpacked ones by symbolic link.
    cp -al "$from/io.containerd.content.v1.content" "$root"
    cp -a "$from/io.containerd.metadata.v1.bolt" "$root"
    mkdir -p "$root/$snapshots/snapshots"
    cp "$from/$snapshots/metadata.db" "$root/$snapshots"
    for one in "$from/$snapshots/snapshots"/*; do
        ln -s "$one" "$root/$snapshots/snapshots/"
    done
    containerd_config "$1" >"$state/etc/containerd-$1.toml"
    kubelet_config "$1" >"$state/etc/kubelet-$1.yaml"
    network_config "$1" >"$dir/cni/10-bridge.conflist"
}

# Without restrict_oom_score_adj runc fails where CAP_SYS_RESOURCE is missing.
containerd_config() {
    cat <<END
version = 2
root = "/run/cluster/$1/containerd"
state = "/run/containerd-$1"
[grpc]
address = "/run/containerd-$1/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
path = "/run/containerd-$1/opt"
[plugins."io.containerd.grpc.v1.cri"]
restrict_oom_score_adj = true
sandbox_image = "localhost/pause:1"
stream_server_port = "0"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "/run/cluster/$1/cni"
END
}

kubelet_config() {
    local number=${1#node}
    cat <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 198.18.0.$number
healthzPort: 1024$number
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
containerRuntimeEndpoint: unix:///run/containerd-$1/containerd.sock
cgroupDriver: cgroupfs
cgroupRoot: /$cgroup/$1
failCgroupV1: false
failSwapOn: false
clusterDomain: cluster.local
clusterDNS: [198.18.0.1]
resolvConf: /run/cluster/etc/resolv.conf
podLogsDir: /run/cluster/$1/log
volumePluginDir: /run/flex
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%, nodefs.inodesFree: 1%}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
localStorageCapacityIsolation: true
serializeImagePulls: false
registryPullQPS: 0
eventRecordQPS: 0
kubeAPIQPS: 200
kubeAPIBurst: 400
syncFrequency: 10s
nodeStatusUpdateFrequency: 2s
nodeLeaseDurationSeconds: 10
shutdownGracePeriod: 0s
END
}

# Both nodes' pods are on one bridge, each node with a range of addresses of its own.
network_config() {
    local number=${1#node}
    cat <<END
{"cniVersion": "0.4.0", "name": "$1", "plugins": [
  {"type": "bridge", "bridge": "mlctl0", "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "/run/cni-$1", "routes": [{"dst": "0.0.0.0/0"}],
            "ranges": [[{"subnet": "198.18.0.0/17", "gateway": "198.18.0.1",
                         "rangeStart": "198.18.$number.1", "rangeEnd": "198.18.$number.254"}]]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}
]}
END
}
