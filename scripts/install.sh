#!/usr/bin/env bash
# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
#
# install.sh: makes .venv with the pinned Python packages and installs what the system lacks
# through apt. `install.sh waves` adds the headers that Verilator's waves need.
# PYTHON names the interpreter to use (default: python3).
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}

stop() {
  echo "$1" >&2
  exit 1
}

# packages NAME...: installs Debian packages, or says that somebody has to.
packages() {
  local root=()
  if [ "$(id -u)" != 0 ]; then
    root=(sudo)
    command -v sudo > /dev/null || root=(none)
  fi
  if ! command -v apt-get > /dev/null || [ "${root[*]}" = none ]; then
    stop "Crocuta needs these packages of your system (Debian's names): $*; install them and run make again."
  fi
  echo "Installing $* with apt-get."
  mkdir -p build
  {
    "${root[@]}" apt-get update || true # an older list may still do
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
  } > build/apt.log 2>&1 ||
    stop "apt-get could not install $* (see build/apt.log): install them and run make again."
}

has_header() {
  echo "#include <$1>" | c++ -E -x c++ - > /dev/null 2>&1
}

if [ "${1:-}" = waves ]; then
  missing=()
  has_header lz4.h || missing+=(liblz4-dev)
  has_header zlib.h || missing+=(zlib1g-dev)
  [ ${#missing[@]} = 0 ] || packages "${missing[@]}"
  exit 0
fi

command -v "$python" > /dev/null ||
  stop "Crocuta needs Python 3.11 or newer, and there is no $python: install it or set PYTHON=."
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  stop "Crocuta needs Python 3.11 or newer and $python is $version: install a newer one or set PYTHON=."

missing=()
command -v c++ > /dev/null || missing+=(g++)
command -v make > /dev/null || missing+=(make)
# A minimal system has a perl without the modules that Verilator's script uses.
perl -MPod::Usage -MFindBin -e 1 2> /dev/null || missing+=(perl)
command -v iverilog > /dev/null || missing+=(iverilog)
command -v tclsh > /dev/null || missing+=(tcl)
# Debian and Ubuntu ship venv and pip's bootstrap apart from Python.
"$python" -c 'import venv, ensurepip' 2> /dev/null || missing+=("python$version-venv")
[ ${#missing[@]} = 0 ] || packages "${missing[@]}"

[ -x .venv/bin/python ] && .venv/bin/python -c 'import pip' 2> /dev/null ||
  "$python" -m venv --clear .venv
export PIP_DISABLE_PIP_VERSION_CHECK=1
.venv/bin/python -m pip install --quiet -r requirements.txt
.venv/bin/python -m pip install --quiet --no-build-isolation --no-deps -e .
# Apart, because it names older versions of what others need newer, and works with those.
.venv/bin/python -m pip install --quiet --no-deps tclint==0.9.0

# cocotb loads Python into the simulators as a shared library, which Debian ships apart too.
if [ "$(.venv/bin/python -c 'import find_libpython as f; print(f.find_libpython())')" = None ]; then
  packages "libpython$version"
fi
touch .venv/installed
