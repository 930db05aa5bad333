# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The prepared filters that a device keeps for the tensors that they were made of."""

from __future__ import annotations

import itertools
import weakref
from dataclasses import dataclass

import torch

from crocuta.many import AnyFilter

KEPT = 64
"""Prepared filters that are kept at most; fewer if the device's memory is full."""


@dataclass
class Kept:
    """A filter made of a view of a weight, and of a skip."""

    filter: AnyFilter
    weight: tuple[object, ...]
    skip: tuple[object, ...]
    skip_storage: weakref.ref[object] | None
    used: int


def view(tensor: torch.Tensor) -> tuple[object, ...]:
    """What tells a tensor from the others in its storage, and from what it was before a write."""
    return (
        tensor._version,
        tensor.dtype,
        tensor.storage_offset(),
        tuple(tensor.shape),
        tensor.stride(),
        tensor.is_neg(),
    )


class Filters:
    """Filters by the storage of their weights: dropped when the storage is freed, written to, or
    when others were used more recently and the device has no more room."""

    def __init__(self) -> None:
        self._kept: weakref.WeakKeyDictionary[object, list[Kept]] = weakref.WeakKeyDictionary()
        self._count = itertools.count()

    def __len__(self) -> int:
        return sum(map(len, list(self._kept.values())))

    def find(
        self, weight: torch.Tensor, skip: torch.Tensor | None, length: int
    ) -> AnyFilter | None:
        """The filter of these tensors for x of this length, if it is kept."""
        storage = None if skip is None else skip.untyped_storage()
        wanted = view(weight), () if skip is None else view(skip)
        for kept in self._kept.get(weight.untyped_storage(), []):
            same_skip = (kept.skip_storage and kept.skip_storage()) is storage
            if (kept.weight, kept.skip) == wanted and same_skip and length <= kept.filter.longest:
                kept.used = next(self._count)
                return kept.filter
        return None

    def keep(self, filter: AnyFilter, weight: torch.Tensor, skip: torch.Tensor | None) -> None:
        """Keeps a filter made of these tensors, and none of what their storage held before."""
        storage = weight.untyped_storage()
        siblings = [
            kept for kept in self._kept.get(storage, []) if kept.weight[0] == weight._version
        ]
        siblings.append(
            Kept(
                filter,
                view(weight),
                () if skip is None else view(skip),
                None if skip is None else weakref.ref(skip.untyped_storage()),
                next(self._count),
            )
        )
        self._kept[storage] = siblings
        while len(self) > KEPT:
            self.drop_oldest()

    def drop_oldest(self) -> bool:
        """Drops the filter that was used the longest time ago; false if there is none."""
        found = [(kept.used, storage) for storage, all in self._kept.items() for kept in all]
        if not found:
            return False
        oldest, storage = min(found, key=lambda each: each[0])
        self._kept[storage] = [kept for kept in self._kept[storage] if kept.used != oldest]
        return True

    def clear(self) -> bool:
        """Drops all; false if there were none."""
        found = len(self) > 0
        self._kept.clear()
        return found

    def drop(self, storage: object) -> None:
        """Drops the filters of a storage."""
        self._kept.pop(storage, None)
