#!/bin/sh
# Makes .venv with the pinned packages and this project in it, or brings it up to date; nothing to do takes
# no time. Settings of pip or uv for an index hold for both.
# Usage: scripts/setup.sh EXTRAS        such as: learner,server
# Environment: PYTHON, UV_TORCH_BACKEND (which build of torch: auto, cpu, cu130 ...)
set -eu
cd "$(dirname "$0")/.."

UV_VERSION=0.13.9
extras=$1
stamp=.venv/.installed
unfinished=.venv/.unfinished
wanted="$PWD $(cat pyproject.toml requirements.txt scripts/setup.sh | cksum)"

fail() {
    echo "$1" >&2
    exit 2
}

supported() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

version() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

find_python() {
    for name in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if supported "$name"; then
            command -v "$name"
            return
        fi
    done
    first=${PYTHON:-python3}
    found=$("$first" -c 'import sys; print("Python %d.%d.%d" % sys.version_info[:3])' 2>/dev/null) || found="not one"
    fail "labelloop needs Python 3.11 to 3.13 and $first is $found: install one, or name it by PYTHON=/path/to/python3.12"
}

make_environment() {
    python=$(find_python)
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        package="python$(version "$python")-venv"
        scripts/apt.sh "$package" || fail "$python cannot make a virtual environment: install $package, then run this again"
    fi
    rm -rf .venv
    mkdir .venv
    touch "$unfinished"
    "$python" -m venv .venv || fail "$python could not make .venv: see above, or name another by PYTHON="
}

pip_setting() {
    .venv/bin/python -m pip config list | sed -n "s/^[^=]*\.$1='\(.*\)'\$/\1/p" | sed 's/\\n/ /g; s/^ *//' | tail -n 1
}

share_index_settings() {
    if [ -n "${UV_DEFAULT_INDEX:-${UV_INDEX_URL:-}}" ]; then
        export PIP_INDEX_URL="${PIP_INDEX_URL:-${UV_DEFAULT_INDEX:-$UV_INDEX_URL}}"
    elif index=$(pip_setting index-url) && [ -n "$index" ]; then
        export UV_DEFAULT_INDEX="$index"
    fi
    extra=$(pip_setting extra-index-url)
    [ -z "$extra" ] || export UV_INDEX="${UV_INDEX:-$extra}"
    links=$(pip_setting find-links)
    [ -z "$links" ] || export UV_FIND_LINKS="${UV_FIND_LINKS:-$(echo "$links" | tr ' ' ',')}"
    certificates=$(pip_setting cert)
    [ -z "$certificates" ] || export SSL_CERT_FILE="${SSL_CERT_FILE:-$certificates}"
}

install_uv() {
    [ "$(.venv/bin/uv --version 2>/dev/null | cut -d' ' -f2)" = "$UV_VERSION" ] && return
    .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION" </dev/null ||
        fail "uv could not be installed from PyPI: check the network, or the index that pip is set to"
}

install_project() {
    .venv/bin/uv pip install --quiet --compile-bytecode --python .venv/bin/python \
        --constraint requirements.txt --editable ".[$extras]" </dev/null
}

has_all() {
    case $(cat "$stamp") in "$wanted "*) ;; *) return 1 ;; esac
    for extra in $(echo "$extras" | tr ',' ' '); do
        case ",$(sed 's/.* //' "$stamp")," in *",$extra,"*) ;; *) return 1 ;; esac
    done
}

if [ -n "${PYTHON:-}" ] && [ -e .venv ] && [ "$(version "$PYTHON")" != "$(version .venv/bin/python)" ]; then
    find_python >/dev/null
    touch "$unfinished"
fi
if [ -e "$stamp" ] && [ ! -e "$unfinished" ] && supported .venv/bin/python; then
    has_all && exit 0
    case $(cat "$stamp") in "$PWD "*) ;; *) touch "$unfinished" ;; esac
fi

if [ -e "$unfinished" ] || ! supported .venv/bin/python; then
    make_environment
fi
touch "$unfinished"
share_index_settings
install_uv
echo "Installing into .venv: 1.3 GB, or 5.8 GB with the build of torch for a GPU: some minutes ..."
[ -n "${UV_TORCH_BACKEND:-}" ] || unset UV_TORCH_BACKEND
# An index of one's own has its own torch.
chosen=${UV_TORCH_BACKEND:-${UV_DEFAULT_INDEX:-${UV_INDEX_URL:-}}}
if [ -n "$chosen" ] || ! (export UV_TORCH_BACKEND=auto && install_project) 2>/dev/null; then
    [ -n "$chosen" ] ||
        echo "The build of torch for this machine could not be had: taking that of the package index, 4.4 GB on Linux ..."
    install_project ||
        fail "the installation failed, see above: put it right and run this again; what was downloaded is kept"
fi
echo "$wanted $extras" >"$stamp"
rm "$unfinished"
