#!/usr/bin/env bash
# images.sh FOLDER: makes the images and unpacks them into FOLDER/containerd, a containerd's root folder.
# Runs in mount and process namespaces of its own, so that nothing it mounts or starts stays.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
out=$1
work=$out/work
suite=bookworm
mkdir "$work" "$work/layouts"

# layer NAME FOLDER PATH...: work/NAME.tar with paths of FOLDER.
layer() {
    tar --sort=name --numeric-owner --owner=0 --group=0 --xattrs -C "$2" -cf "$work/$1.tar" "${@:3}"
    sha256sum "$work/$1.tar" | cut -d' ' -f1 >"$work/$1.digest"
}

# blob FOLDER MEDIATYPE TEXT: stores TEXT, prints its descriptor.
blob() {
    local digest
    digest=$(printf %s "$3" | sha256sum | cut -d' ' -f1)
    printf %s "$3" >"$1/blobs/sha256/$digest"
    printf '"mediaType":"%s","digest":"sha256:%s","size":%d' "$2" "$digest" "${#3}"
}

# image NAME CONFIG LAYER...: an OCI layout, work/layouts/NAME, of layers made before.
image() {
    local name=$1 config=$2 dir=$work/layouts/$1 digest diffs='' layers='' oci=application/vnd.oci.image one
    shift 2
    mkdir -p "$dir/blobs/sha256"
    for one; do
        digest=$(<"$work/$one.digest")
        ln "$work/$one.tar" "$dir/blobs/sha256/$digest"
        diffs+="${diffs:+,}\"sha256:$digest\""
        layers+="${layers:+,}{\"mediaType\":\"$oci.layer.v1.tar\",\"digest\":\"sha256:$digest\",\"size\":$(stat -c %s "$work/$one.tar")}"
    done
    config=$(blob "$dir" "$oci.config.v1+json" "{\"architecture\":\"$arch\",\"os\":\"linux\",\"config\":$config,\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[$diffs]}}")
    config=$(blob "$dir" "$oci.manifest.v1+json" "{\"schemaVersion\":2,\"mediaType\":\"$oci.manifest.v1+json\",\"config\":{$config},\"layers\":[$layers]}")
    printf '{"schemaVersion":2,"manifests":[{%s,"platform":{"architecture":"%s","os":"linux"},"annotations":{"io.containerd.image.name":"localhost/%s:1"}}]}' \
        "$config" "$arch" "$name" >"$dir/index.json"
    printf '{"imageLayoutVersion":"1.0.0"}' >"$dir/oci-layout"
}

pause_image() {
    mkdir "$work/pause"
    gcc -O2 -static -s -o "$work/pause/pause" "$here/images/pause.c"
    layer pause "$work/pause" pause
    image pause '{"Entrypoint":["/pause"]}' pause
}

python_image() {
    local mirror
    # The mirror that this machine uses for the suite, else debootstrap's own.
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $suite" 2>/dev/null | head -n 1)
    debootstrap --variant=minbase --include=busybox,ca-certificates,python3,python3-venv,python3-pip,python-is-python3 \
        "$suite" "$work/debian" ${mirror:+"$mirror"}
    rm -rf "$work/debian"/{var/cache/apt,var/lib/apt/lists,usr/share/{doc,man,locale}}/* "$work/debian"/{dev,proc,sys}/*
    layer debian "$work/debian" .
    image python "$shell" debian
}

# With its libraries: a static one crashes when it looks up a host's name.
busybox_image() {
    local root=$work/busybox
    mkdir -p "$root"/{bin,etc,tmp,root,dev,proc,sys}
    chmod 1777 "$root/tmp"
    echo root:x:0:0:root:/root:/bin/sh >"$root/etc/passwd"
    # Read from within: some are links to absolute paths, which here would lead to this machine's own.
    chroot "$work/debian" sh -c 'tar -ch /bin/busybox $(ldd /bin/busybox | grep -o "/[^ ]*")' 2>/dev/null |
        tar -C "$root" -x
    chroot "$root" /bin/busybox --install -s /bin
    layer busybox "$root" .
    image busybox '{"Env":["PATH=/bin"],"Cmd":["sh"]}' busybox
}

# lend PATH: what is at PATH here is there in the image's root as well, while it is built.
lend() {
    [ -e "$1" ] || return 0
    if [ -d "$1" ]; then mkdir -p "$root$1"; else mkdir -p "$root${1%/*}" && touch "$root$1"; fi
    mount --bind "$1" "$root$1"
}

# TensorFlow by the image's own pip with this machine's settings, certificates and cache, onto an
# overlay: what it adds is a layer.
tensorflow_image() {
    local root=$work/root cache path pins=$here/../../examples/digits/requirements.txt
    mkdir -p "$root" "$work/upper" "$work/overlay"
    mount -t overlay -o "lowerdir=$work/debian,upperdir=$work/upper,workdir=$work/overlay" overlay "$root"
    cache=${PIP_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/pip}
    mkdir -p "$cache"
    mount -t proc proc "$root/proc"
    for path in /dev/null /dev/urandom /etc/resolv.conf /etc/hosts /etc/ssl/certs /etc/pip.conf \
        "$HOME/.config/pip" "$HOME/.pip" "$cache" "${PIP_CONFIG_FILE:-/-}" "${PIP_CERT:-/-}" \
        "${PIP_FIND_LINKS:-/-}" "${REQUESTS_CA_BUNDLE:-/-}" "${SSL_CERT_FILE:-/-}"; do
        lend "$path"
    done
    cp "$pins" "$root/tmp/requirements.txt"
    # tf_keras asks for the package `tensorflow`, which would come beside tensorflow-cpu.
    PIP_CACHE_DIR=$cache PIP_ROOT_USER_ACTION=ignore chroot "$root" sh -euc "
        pip='python3 -m pip --quiet --disable-pip-version-check install --break-system-packages'
        \$pip -r /tmp/requirements.txt
        \$pip --no-deps tf_keras==$(sed -n 's/^tensorflow-cpu==//p' "$pins")"
    umount --recursive "$root"
    layer tensorflow "$work/upper" usr/local
    image tf "$shell" debian tensorflow
    rm -rf "$work/upper" "$work/overlay"
}

# What the nodes' containerds start from: their own import of it would take a minute each.
unpack() {
    local dir socket=$work/containerd.sock
    cat >"$work/config.toml" <<END
version = 2
root = "$out/containerd"
state = "$work/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "$socket"
[plugins."io.containerd.internal.v1.opt"]
path = "$work/opt"
END
    containerd --config "$work/config.toml" --log-level warn &
    until [ -S "$socket" ]; do sleep 0.1; done
    for dir in "$work/layouts"/*; do
        tar -C "$dir" -c . | ctr --address "$socket" --namespace k8s.io images import --snapshotter overlayfs -
        rm -rf "$dir"
    done
    kill %%
    wait %% || true
}

arch=$(dpkg --print-architecture)
shell='{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","LANG=C.UTF-8"],"Cmd":["bash"]}'
pause_image
python_image
busybox_image
tensorflow_image
unpack
rm -rf "$work"
