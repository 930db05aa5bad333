#!/usr/bin/env bash
# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
#
# install.sh: makes .venv with the pinned Python packages and installs what the system lacks
# through apt. `install.sh waves` adds the headers that Verilator's waves need, `install.sh torch`
# the packages of requirements-torch.txt.
# PYTHON names the interpreter to use (default: that of .venv, or python3). A .venv that was made
# with another one, or in another folder and then moved or copied, is made anew.
set -euo pipefail
cd "$(dirname "$0")/.."

here=$(pwd -P)

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

if [ "${1:-}" = torch ]; then
  exec .venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt \
    -r requirements-torch.txt
fi

case $here in
  *[[:space:]:\;\$\#%\\\'\"\`]*)
    stop "Tools that Crocuta needs cannot work in $here: move it where no folder's name has a space, a quote or one of : ; \$ # % \\." ;;
esac

# base PYTHON: the interpreter that it is, or that its environment was made with.
base() {
  "$1" -c 'import os, sys; print(os.path.realpath(sys._base_executable), sys.version)' 2> /dev/null
}

# Programs of an environment name its folder, so they tell where it was made.
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
# A minimal system has a perl without the modules that Verilator's script uses.
perl -MPod::Usage -MFindBin -e 1 2> /dev/null || missing+=(perl)
command -v iverilog > /dev/null || missing+=(iverilog)
command -v tclsh > /dev/null || missing+=(tcl)
# Debian and Ubuntu ship venv and pip's bootstrap apart from Python.
"$python" -c 'import venv, ensurepip' 2> /dev/null || missing+=("python$version-venv")
[ ${#missing[@]} = 0 ] || packages "${missing[@]}"

if [ "$python" != .venv/bin/python ]; then
  [ ! -e .venv/bin ] || echo "Making .venv anew: it is of another folder or another Python."
  "$python" -m venv --clear .venv
fi
rm -f .venv/installed
export PIP_DISABLE_PIP_VERSION_CHECK=1
.venv/bin/python -m pip install --quiet -r requirements.txt
.venv/bin/python -m pip install --quiet --no-build-isolation --no-deps -e .
# Relative, so that the file is ASCII whatever the folder's name: Python reads it in the locale's encoding.
for file in .venv/lib/python3*/site-packages/__editable__.crocuta-*.pth; do
  echo ../../../../host > "$file"
done
# Apart, because it names older versions of what others need newer, and works with those.
.venv/bin/python -m pip install --quiet --no-deps tclint==0.9.0

# cocotb loads Python into the simulators as a shared library, which Debian ships apart too.
if [ "$(.venv/bin/python -c 'import find_libpython as f; print(f.find_libpython())')" = None ]; then
  packages "libpython$version"
fi
printf '%s\n' "$here" > .venv/installed
