# Installing Python packages in seconds: uv, which comes as a Python package itself.
# shellcheck shell=bash

# bring_uv ROOT CACHE: makes sure that `$uv` is the pinned uv. ROOT is the repository. pip may be missing,
# and is brought as mlctl itself brings it.
bring_uv() {
    local pins=$1/tests/python/uv.txt dir wheel
    dir=$2/uv-$(sha256sum "$pins" | cut -c1-16)
    uv=$dir/bin/uv
    [ ! -x "$uv" ] || return 0
    mkdir -p "$2"
    (
        flock 9
        [ ! -x "$uv" ] || exit 0
        rm -rf "$dir.work" "$dir"
        wheel=$(python3 -I "$1/src/agent/setup/pip.py" "$2/pip-wheels" | tail -n 1)
        PIP_ROOT_USER_ACTION=ignore python3 "$wheel/pip" --disable-pip-version-check install --quiet \
            --no-deps --require-hashes --target "$dir.work" -r "$pins"
        mv -T "$dir.work" "$dir"
    ) 9>"$2/.lock-uv" >&2
}

# python_packages PINS FOLDER CACHE: the packages of a pinned list into a folder, for PYTHONPATH. They come
# from where pip's come from, if that is said by its variable.
python_packages() {
    [ -n "${UV_DEFAULT_INDEX:-}" ] || [ -z "${PIP_INDEX_URL:-}" ] || export UV_DEFAULT_INDEX=$PIP_INDEX_URL
    UV_CACHE_DIR=$3/uv-packages "$uv" --quiet pip install --python "$(command -v python3)" --no-deps \
        --require-hashes --target "$2" -r "$1" >&2
}

# python_tag: what packages for one Python can't be used with another for.
python_tag() {
    python3 -c 'import sys, sysconfig; print(sys.version_info[:2], sysconfig.get_platform())'
}
