# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""What is compiled, kept for a user: every checkout and every environment takes it from here.

An entry is a folder that is named by a digest of all it is made from. It appears complete or not at
all, and nothing in it changes; so any number of processes use it, and one that is killed while it
makes one leaves nothing that counts.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from crocuta import stops
from crocuta.errors import BuildError
from crocuta.models.files import write_generated

LIMIT_BYTES = 4 << 30
RECENT_S = 600
"""What was used so recently is not removed: a process may be about to open it."""
LEFT_S = 24 * 3600
"""What nobody finished in that time, nobody will."""
SAFE = re.compile(r"/[A-Za-z0-9_./+@-]*")
"""Make and the simulators take other characters in a path for something else."""


def root() -> Path:
    """The cache's folder: CROCUTA_CACHE, or `crocuta` where caches are, or a folder of /tmp.

    Raises:
        BuildError: CROCUTA_CACHE, or all the others, cannot be used.
    """
    named = os.environ.get("CROCUTA_CACHE", "")
    if named:
        problem = _problem(Path(named))
        if problem:
            raise BuildError(
                f"CROCUTA_CACHE is {named}, which {problem}: name another folder, or none."
            )
        return Path(named)
    usual = os.environ.get("XDG_CACHE_HOME", "")
    home = Path(usual) if usual.startswith("/") else Path("~/.cache").expanduser()
    places = (home / "crocuta", Path(f"/tmp/crocuta-{os.getuid()}"))
    for place in places:
        if not _problem(place):
            return place
    raise BuildError(
        f"Neither {places[0]} nor {places[1]} can hold what is compiled: name a folder that can be"
        " written in CROCUTA_CACHE."
    )


def _problem(path: Path) -> str:
    """Why a folder, which this makes, cannot be the cache; "" if it can."""
    if not SAFE.fullmatch(str(path)):
        return "is no absolute path of ASCII letters, digits and ./_+@-"
    with suppress(OSError):
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.is_dir():
        return "cannot be made"
    if path.parent == Path("/tmp") and path.lstat().st_uid != os.getuid():
        return "belongs to somebody else"
    return "" if os.access(path, os.W_OK | os.X_OK) else "cannot be written"


def digest(*parts: object) -> str:
    """What names an entry that is made from `parts`: bytes, or what JSON can say."""
    found = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else json.dumps(part).encode()
        found.update(f"{len(data)} ".encode() + data)
    return found.hexdigest()[:32]


@contextmanager
def alone(name: str, waiting: Callable[[], object]) -> Iterator[None]:
    """Lets one process at a time make what is called `name`; calls `waiting` before it waits."""
    locks = root() / "locks"
    locks.mkdir(exist_ok=True)
    lock = FileLock(locks / f"{name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        waiting()
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def entry(
    name: str, make: Callable[[Path], object], waiting: Callable[[], object] = lambda: None
) -> Path:
    """The folder `name`, whose last part is a digest; `make` fills it unless it is there.

    Args:
        make: called with an empty folder, whose path is not the one it gets in the end.
        waiting: called if another process is making it, before the wait.
    """
    path = root() / "entries" / name
    if _use(path):
        return path
    with alone(name, waiting):
        if _use(path):
            return path
        unfinished = root() / "unfinished"
        unfinished.mkdir(exist_ok=True)
        for left in unfinished.glob(f"{name}.*"):  # by who was killed
            shutil.rmtree(left, ignore_errors=True)
        made = Path(tempfile.mkdtemp(prefix=f"{name}.", dir=unfinished))

        def remove() -> None:
            shutil.rmtree(made, ignore_errors=True)

        try:
            with stops.last(remove):
                make(made)
                path.parent.mkdir(exist_ok=True)
                made.rename(path)
        finally:
            remove()
    evict(LIMIT_BYTES)
    return path


def _use(path: Path) -> bool:
    """Whether an entry is there; it then counts as used now."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def tables(files: Mapping[str, str]) -> Path:
    """A folder of these files, for designs that read them: their text decides where it is."""
    path = root() / "entries" / f"tables-{digest(dict(sorted(files.items())))}"
    for name, text in files.items():
        write_generated(path / name, text)
    os.utime(path)
    return path


def _size(path: Path) -> int:
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with suppress(OSError):
                total += (Path(folder) / name).stat().st_size
    return total


def evict(limit: int) -> None:
    """Removes the entries that were not used for longest, until what is left has `limit` bytes."""
    now = time.time()
    for left in (root() / "unfinished").glob("*"):
        with suppress(OSError):
            if left.stat().st_mtime < now - LEFT_S:
                shutil.rmtree(left, ignore_errors=True)
    entries = []
    for path in (root() / "entries").glob("*"):
        with suppress(OSError):
            entries.append((path.stat().st_mtime, _size(path), path))
    total = sum(size for _, size, _ in entries)
    for used, size, path in sorted(entries):
        if total <= limit or used > now - RECENT_S:
            return
        with suppress(OSError):
            # At once for those who look for it; then the contents.
            removed = path.rename(root() / "unfinished" / f"{path.name}.removed-{os.getpid()}")
            shutil.rmtree(removed, ignore_errors=True)
            total -= size
