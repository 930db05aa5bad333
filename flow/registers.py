# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`make registers`: generates files from registers/crocuta.rdl with the templates in registers/."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from systemrdl.node import AddrmapNode, FieldNode, RegNode

from crocuta.models.configs import ROOT
from tb.lib.register_map import (
    SOURCE,
    RegisterMapError,
    access,
    codes,
    field_of,
    read_map,
    reset_of,
)

OUTPUTS = {
    "crocuta_pkg.sv.j2": "rtl/crocuta_pkg.sv",
    "registers.py.j2": "host/crocuta/registers.py",
    "kernel_arguments.tcl.j2": "vivado/kernel_arguments.tcl",
    "registers.md.j2": "docs/registers.md",
}
"""Templates and the files that they generate."""
IP_XACT = {"RO": "read-only", "RC": "read-only", "WO": "write-only"}
"""IP-XACT's names for UVM's access modes; all others are read-write."""


def pascal(name: str) -> str:
    """Snake case to Pascal case."""
    return "".join(part.capitalize() for part in name.split("_"))


def localparams(values: Mapping[str, object], prefix: str = "", layout: str = "%s") -> str:
    """SystemVerilog integer constants, aligned."""
    names = [prefix + pascal(name) for name in values]
    longest = max(map(len, names))
    return "\n".join(
        f"  localparam int {name:{longest}} = {layout % value};"
        for name, value in zip(names, values.values(), strict=True)
    )


def bits(field: FieldNode) -> str:
    """An access mode as datasheets write it."""
    return str(field.lsb) if field.width == 1 else f"{field.msb}:{field.lsb}"


def reset(node: FieldNode | RegNode) -> str:
    """The value after reset, or the parameter that defines it."""
    if isinstance(node, FieldNode):
        parameter = node.get_property("parameter")
        return f"`{parameter}`" if parameter else f"{reset_of(node):#x}"
    if parameters(node):
        return "the configuration's"
    return f"{sum(reset_of(field) << field.lsb for field in node.fields()):#x}"


def parameters(register: RegNode) -> list[str]:
    """Python expressions for the fields of a register that reads back the configuration."""
    return [
        f"config.{field.get_property('parameter')}" + (f" << {field.lsb}" if field.lsb else "")
        for field in register.fields()
        if field.get_property("parameter")
    ]


def about(register: RegNode) -> str:
    """A register's description, range and port."""
    parts = [register.get_property("desc") or ""]
    parts += [
        f"1 to {field.get_property('maximum')}."
        for field in register.fields()
        if field.get_property("maximum")
    ]
    if register.get_property("port"):
        parts.append(f"Port: `{register.get_property('port')}`.")
    return " ".join(parts)


def texts(field: FieldNode) -> list[tuple[str, int, str]]:
    """Names, values and meanings of a field's codes."""
    meanings = {member.name: member.rdl_desc for member in field.get_property("encode") or ()}
    return [(name, value, meanings[name] or "") for name, value in codes(field).items()]


def context(top: AddrmapNode) -> dict[str, Any]:
    """The templates' variables."""
    registers = list(top.registers())
    mode, error = field_of(top, "mode.value"), field_of(top, "error.code")
    arguments = [each for each in registers if each.get_property("argument")]
    wide = [each for each in registers if each.get_property("regwidth") == 64]
    return {
        "address_bits": top.get_property("address_bits"),
        "registers": registers,
        "offsets": {each.inst_name: each.absolute_address for each in registers},
        "arguments": arguments,
        "control": [each for each in registers if each.get_property("vitis")],
        "counters": [each for each in wide if each not in arguments],
        "flags": [each for each in registers if all(one.width == 1 for one in each.fields())],
        "identity": [each for each in registers if parameters(each)],
        "maxima": {
            each.inst_name: field.get_property("maximum")
            for each in registers
            for field in each.fields()
            if field.get_property("maximum")
        },
        "version": reset_of(field_of(top, "version.value")),
        "modes": codes(mode),
        "mode_texts": texts(mode),
        "errors": codes(error),
        "error_bits": error.width,
        "error_texts": texts(error),
        "localparams": localparams,
    }


def render() -> dict[Path, str]:
    """The contents of the generated files by path."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(SOURCE.parent),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters |= {
        "about": about,
        "access": access,
        "bits": bits,
        "hex": lambda register: f"0x{register.absolute_address:02X}",
        "ipxact": lambda field: IP_XACT.get(access(field), "read-write"),
        "parameters": parameters,
        "pascal": pascal,
        "reset": reset,
    }
    values = context(read_map())
    made = {}
    for template, name in OUTPUTS.items():
        text = environment.get_template(template).render(values)
        if name.endswith(".py"):
            ruff = [str(Path(sys.executable).parent / "ruff"), "format", "--stdin-filename", name]
            run = subprocess.run(
                [*ruff, "-"], input=text, cwd=ROOT, text=True, capture_output=True, check=True
            )
            text = run.stdout
        made[ROOT / name] = text
    return made


def main() -> None:
    """Writes the generated files and prints which changed."""
    try:
        made = render()
    except RegisterMapError as error:
        sys.exit(str(error))
    for path, text in made.items():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"Wrote {path.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
