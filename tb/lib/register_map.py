# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""registers/crocuta.rdl, compiled and elaborated."""

from __future__ import annotations

from pathlib import Path

from systemrdl.compiler import RDLCompiler
from systemrdl.messages import RDLCompileError
from systemrdl.node import AddrmapNode, FieldNode
from systemrdl.rdltypes.builtin_enums import AccessType, OnReadType, OnWriteType

from crocuta.models.configs import ROOT

SOURCE = ROOT / "registers" / "crocuta.rdl"

ACCESS = {
    (AccessType.rw, None, None): "RW",
    (AccessType.r, None, None): "RO",
    (AccessType.w, None, None): "WO",
    (AccessType.r, None, OnReadType.rclr): "RC",
    (AccessType.rw, OnWriteType.woset, None): "W1S",
    (AccessType.rw, OnWriteType.wot, None): "W1T",
}
"""UVM's access names for SystemRDL's sw, onwrite and onread."""


class RegisterMapError(Exception):
    """An error in the register map; the message says where."""


def access(field: FieldNode) -> str:
    """UVM's name for the effect of software's reads and writes on a field.

    Raises:
        RegisterMapError: the benches do not support this kind of access.
    """
    kind = field.get_property("sw"), field.get_property("onwrite"), field.get_property("onread")
    if kind not in ACCESS:
        names = ", ".join(each.name for each in kind if each)
        raise RegisterMapError(f"{field.get_path()}: the benches know no field of {names}.")
    return ACCESS[kind]


def reset_of(field: FieldNode) -> int:
    """The value after a reset; 0 if the configuration defines it.

    Raises:
        RegisterMapError: the value is not a constant.
    """
    reset, parameter = field.get_property("reset"), field.get_property("parameter")
    if parameter and reset is None:
        return 0
    if parameter or not isinstance(reset, int):
        raise RegisterMapError(f"{field.get_path()} must have either a reset or a parameter.")
    return reset


def codes(field: FieldNode) -> dict[str, int]:
    """A field's named values in order; empty if they have no names."""
    encode = field.get_property("encode")
    if encode is None:
        return {}
    members: dict[str, int] = {code.name: code.value for code in encode}
    return dict(sorted(members.items(), key=lambda code: code[1]))


def field_of(top: AddrmapNode, path: str) -> FieldNode:
    """A field by its path, "register.field"."""
    node = top.find_by_path(path)
    if not isinstance(node, FieldNode):
        raise RegisterMapError(f"The register map has no field {path}.")
    return node


def read_map(source: Path = SOURCE) -> AddrmapNode:
    """The map as a tree of nodes.

    Raises:
        RegisterMapError: the map has an error; if it breaks SystemRDL's rules, the compiler has
            printed where.
    """
    compiler = RDLCompiler()
    try:
        compiler.compile_file(str(source))
        top = compiler.elaborate().top
    except RDLCompileError as error:
        raise RegisterMapError(f"{source.name} is wrong: {str(error).rstrip('.')}.") from None
    for register in top.registers():
        for field in register.fields():
            access(field)
            reset_of(field)
    return top
