# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Files that the command line writes: checked before any work begins, and written completely or not
at all."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from crocuta.errors import InputError

Identity = tuple[object, ...]


class OutputError(Exception):
    """An output file that could not be written although its contents were computed."""


def reason(error: OSError) -> str:
    """Why, as the system says it, for the end of a sentence."""
    return (error.strerror or str(error)).lower()


class Output:
    """A file that is written as a whole, once its contents are complete.

    Until then a regular file keeps its old contents, and it keeps mode, owner and links for good: a
    new file replaces it or, where that would lose a hard link or the owner, or where the directory
    does not accept a new file, it is overwritten. For a link, its target is written. A FIFO, a
    device or a descriptor such as /dev/stdout is written to directly.

    Raises:
        InputError: the file cannot be written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = path
        if not str(path):
            raise InputError("The name of a file to write is empty.")
        try:
            self._descriptor = _descriptor(Path(path))
            self._target = Path(os.path.realpath(path))
            self._state = self._look()
            self._in_place = not self._is_new_or_regular() or not self._replaceable()
        except OSError as error:
            raise self._refusal(reason(error)) from None

    def _look(self) -> os.stat_result | None:
        """What lies there."""
        if self._descriptor is not None:
            return os.fstat(self._descriptor)
        try:
            return Path(self.path).stat()
        except FileNotFoundError:
            return None

    def _refusal(self, reason: str) -> InputError:
        return InputError(f"{self.path} cannot be written: {reason}.")

    def _is_new_or_regular(self) -> bool:
        state = self._state
        names_directory = str(self.path).endswith((os.sep, f"{os.sep}.", f"{os.sep}.."))
        if names_directory or (state and stat.S_ISDIR(state.st_mode)):
            raise InputError(f"{self.path} is a directory: name a file in it.")
        if state and stat.S_ISSOCK(state.st_mode) and self._descriptor is None:
            raise self._refusal("it is a socket")
        if self._descriptor is not None:
            flags = fcntl.fcntl(self._descriptor, fcntl.F_GETFL)
            if flags & os.O_ACCMODE == os.O_RDONLY:
                raise self._refusal("it is open for reading only")
            return False
        # Root could write a read-only file, but does not mean to either.
        if state and not (state.st_mode & 0o222 and os.access(self.path, os.W_OK)):
            raise self._refusal("it is read-only")
        return state is None or stat.S_ISREG(state.st_mode)

    def _replaceable(self) -> bool:
        """Returns whether a new file can replace the target, if there is one."""
        try:
            with self._part() as (part, _):
                part.unlink()
        except OSError as error:
            if self._state and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
                return False
            raise
        return self._state is None or self._state.st_nlink == 1

    @contextmanager
    def _part(self) -> Iterator[tuple[Path, BinaryIO]]:
        """Creates a file next to the target, with its mode and owner. It is deleted on exit unless
        it has been renamed."""
        part = self._target.parent / f".crocuta-{secrets.token_hex(8)}.part"
        try:
            with part.open("xb") as file:
                if self._state:
                    old, new = self._state, os.fstat(file.fileno())
                    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
                        os.fchown(file.fileno(), old.st_uid, old.st_gid)
                    os.fchmod(file.fileno(), stat.S_IMODE(old.st_mode))
                yield part, file
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def write(self, *pieces: bytes | memoryview) -> None:
        """Writes the contents, in one or more parts.

        Raises:
            OutputError: writing failed.
        """
        try:
            if self._in_place:
                self._write_over(pieces)
            else:
                with self._part() as (part, file):
                    file.writelines(pieces)
                    file.close()
                    part.replace(self._target)
        except OSError as error:
            raise OutputError(f"{self.path} cannot be written: {reason(error)}.") from None

    def _write_over(self, pieces: Sequence[bytes | memoryview]) -> None:
        """Overwrites the existing target."""
        if self._descriptor is not None:
            number = os.dup(self._descriptor)
        else:
            number = os.open(self.path, os.O_WRONLY)
        with os.fdopen(number, "wb") as file:
            old = self._descriptor is None and stat.S_ISREG(os.fstat(number).st_mode)
            size = sum(map(len, pieces))
            if old:  # if the disk is full, the old contents survive
                os.posix_fallocate(number, 0, size)
            file.writelines(pieces)
            if old:
                file.truncate(size)

    @property
    def identity(self) -> Identity | None:
        """Equal for two names of one file. None where several outputs may share a target."""
        if self._target == Path(os.devnull):
            return None
        if self._state:
            return self._state.st_dev, self._state.st_ino
        with suppress(OSError):
            folder = self._target.parent.stat()
            return folder.st_dev, folder.st_ino, self._target.name
        return (self._target,)

    @property
    def is_stdout(self) -> bool:
        """Whether the target is the program's standard output."""
        with suppress(OSError):
            state = os.fstat(1)
            return self.identity == (state.st_dev, state.st_ino)
        return False


def _descriptor(path: Path) -> int | None:
    """The descriptor of this process that a path such as /dev/stdout leads to."""
    own = Path("/proc/self/fd").resolve()
    for _ in range(40):  # as many links as Linux follows
        if path.parent.resolve() == own:
            return int(path.name) if path.name.isdigit() else None
        if not path.is_symlink():
            break
        path = path.parent / path.readlink()
    return None


def check_apart(outputs: Mapping[str, Output], inputs: Iterable[Path]) -> None:
    """Raises InputError if two options name the same file, or an option names an input."""
    taken: dict[Identity, str] = {}
    for path in inputs:
        with suppress(OSError):
            state = path.stat()
            if stat.S_ISREG(state.st_mode):
                taken[state.st_dev, state.st_ino] = f"the input {path}"
    for option, output in outputs.items():
        identity = output.identity
        if identity is None:
            continue
        if identity in taken:
            raise InputError(f"{option} and {taken[identity]} are one file: name another one.")
        taken[identity] = option


@contextmanager
def output_directory(path: Path) -> Iterator[None]:
    """Creates a directory for outputs, and removes it if the block fails.

    Raises:
        InputError: it cannot be created.
    """
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{path} cannot be made: {reason(error)}.") from None
        yield
    except BaseException:
        for folder in missing:
            with suppress(OSError):
                folder.rmdir()
        raise
