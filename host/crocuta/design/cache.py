# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""A per-user cache of compiled designs, shared by all checkouts and environments.

An entry is a folder named by a digest of everything it is made from. It appears complete or not at
all, and never changes, so any number of processes can use it. A process that is killed while making
an entry leaves nothing that another would use.
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
"""Entries used this recently are kept: a process may be about to open them."""
LEFT_S = 24 * 3600
"""An unfinished entry this old is abandoned."""
SAFE = re.compile(r"/[A-Za-z0-9_./+@-]*")
"""Make and the simulators give other characters in a path a special meaning."""


def root() -> Path:
    """The cache's folder: CROCUTA_CACHE, or `crocuta` in the user's cache folder or in /tmp.

    Raises:
        BuildError: CROCUTA_CACHE, or each of the others, is unusable.
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
        f"Neither {places[0]} nor {places[1]} can hold compiled designs: name a writable folder"
        " in CROCUTA_CACHE."
    )


def _problem(path: Path) -> str:
    """Creates the folder if necessary. Returns why it cannot be the cache, or "" if it can."""
    if not SAFE.fullmatch(str(path)):
        return "is not an absolute path of ASCII letters, digits and ./_+@-"
    with suppress(OSError):
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.is_dir():
        return "cannot be made"
    if path.parent == Path("/tmp") and path.lstat().st_uid != os.getuid():
        return "belongs to another user"
    return "" if os.access(path, os.W_OK | os.X_OK) else "cannot be written"


def digest(*parts: object) -> str:
    """The digest of `parts`, which are bytes or JSON values."""
    found = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else json.dumps(part).encode()
        found.update(f"{len(data)} ".encode() + data)
    return found.hexdigest()[:32]


@contextmanager
def alone(name: str, waiting: Callable[[], object]) -> Iterator[None]:
    """Locks `name` against other processes; calls `waiting` before it waits."""
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
    """Returns the folder `name`, whose last part is a digest. If it does not exist, `make` fills
    it.

    Args:
        make: called with an empty folder, which is renamed when it is complete.
        waiting: called before waiting for another process that is making the entry.
    """
    path = root() / "entries" / name
    if _use(path):
        return path
    with alone(name, waiting):
        if _use(path):
            return path
        unfinished = root() / "unfinished"
        unfinished.mkdir(exist_ok=True)
        for left in unfinished.glob(f"{name}.*"):  # left by killed processes
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
    """Whether an entry exists; marks it as used now."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def tables(files: Mapping[str, str]) -> Path:
    """Returns a folder with these files, for designs that read them; the text determines the
    path."""
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
    """Removes the least recently used entries until the rest fits into `limit` bytes."""
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
            # Hide the entry at once by renaming it, then delete the contents.
            removed = path.rename(root() / "unfinished" / f"{path.name}.removed-{os.getpid()}")
            shutil.rmtree(removed, ignore_errors=True)
            total -= size
