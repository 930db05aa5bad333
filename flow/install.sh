#!/usr/bin/env bash
# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
#
# install.sh: creates .venv with the pinned Python packages and installs missing system packages
# with apt. `install.sh waves` adds the headers that Verilator's waves need, `install.sh torch` the
# packages in requirements-torch.txt.
# PYTHON names the interpreter to use (default: that of .venv, or python3). A .venv is recreated if
# another interpreter made it, or if its directory was moved or copied.
set -euo pipefail
cd "$(dirname "$0")/.."

here=$(pwd -P)

stop() {
  echo "$1" >&2
  exit 1
}

# packages NAME...: installs Debian packages, or exits with a request to install them.
packages() {
  local root=()
  if [ "$(id -u)" != 0 ]; then
    root=(sudo)
    command -v sudo > /dev/null || root=(none)
  fi
  if ! command -v apt-get > /dev/null || [ "${root[*]}" = none ]; then
    stop "Crocuta needs these system packages (Debian's names): $*; install them and run make again."
  fi
  echo "Installing $* with apt-get."
  mkdir -p build
  {
    "${root[@]}" apt-get update || true # an old package list may still work
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

export PIP_DISABLE_PIP_VERSION_CHECK=1
# Compiling every module takes as long as all the rest; Python compiles those it imports, unless it may not.
install=(pip install --quiet)
[ -n "${PYTHONDONTWRITEBYTECODE:-}" ] || install+=(--no-compile)

if [ "${1:-}" = torch ]; then
  exec .venv/bin/python -m "${install[@]}" -r requirements.txt -r requirements-torch.txt
fi

case $here in
  *[[:space:]:\;\$\#%\\\'\"\`]*)
    stop "Some of Crocuta's tools cannot work in $here: move it to a path without spaces, quotes and : ; \$ # % \\." ;;
esac

# base PYTHON: path and version of the interpreter, or of the one that created its environment.
base() {
  "$1" -c 'import os, sys; print(os.path.realpath(sys._base_executable), sys.version)' 2> /dev/null
}

# An environment's programs contain its path, so they reveal where it was created.
usable() {
  [ -x .venv/bin/python ] && .venv/bin/python -c 'import pip' 2> /dev/null &&
    head -n 3 .venv/bin/pip | grep -qF "$here/.venv/bin/python" &&
    { [ -z "${PYTHON:-}" ] || [ "$(base "$PYTHON")" = "$(base .venv/bin/python)" ]; }
}

if usable; then
  if [ "$(cat .venv/installed 2> /dev/null)" = "$here" ] && ! [ requirements.txt -nt .venv/installed ] &&
    ! [ pyproject.toml -nt .venv/installed ] && ! [ flow/install.sh -nt .venv/installed ]; then
    exit 0
  fi
  python=.venv/bin/python
else
  python=${PYTHON:-python3}
fi

command -v "$python" > /dev/null ||
  stop "Crocuta needs Python 3.11 or newer, and there is no $python: install it or set PYTHON=."
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  stop "Crocuta needs Python 3.11 or newer and $python is $version: install a newer one or set PYTHON=."

missing=()
command -v c++ > /dev/null || missing+=(g++)
command -v make > /dev/null || missing+=(make)
# A minimal system's perl lacks the modules that Verilator's script uses.
perl -MPod::Usage -MFindBin -e 1 2> /dev/null || missing+=(perl)
command -v iverilog > /dev/null || missing+=(iverilog)
command -v tclsh > /dev/null || missing+=(tcl)
# Debian and Ubuntu package venv and ensurepip separately from Python.
"$python" -c 'import venv, ensurepip' 2> /dev/null || missing+=("python$version-venv")
[ ${#missing[@]} = 0 ] || packages "${missing[@]}"

if [ "$python" != .venv/bin/python ]; then
  [ ! -e .venv/bin ] || echo "Recreating .venv: it belongs to another directory or another Python."
  "$python" -m venv --clear .venv
fi
rm -f .venv/installed
.venv/bin/python -m "${install[@]}" -r requirements.txt
.venv/bin/python -m "${install[@]}" --no-build-isolation --no-deps -e .
# A relative path keeps the file ASCII whatever the directory's name: Python reads it in the locale's encoding.
for file in .venv/lib/python3*/site-packages/__editable__.crocuta-*.pth; do
  echo ../../../../host > "$file"
done
# Separately and without dependencies: it pins older versions than other packages need, but works with the newer ones.
.venv/bin/python -m "${install[@]}" --no-deps tclint==0.9.0

# cocotb loads Python into the simulators as a shared library, which Debian also packages separately.
if [ "$(.venv/bin/python -c 'import find_libpython as f; print(f.find_libpython())')" = None ]; then
  packages "libpython$version"
fi
printf '%s\n' "$here" > .venv/installed
