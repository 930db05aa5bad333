# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""One register map: generated and hand-written files agree with registers/crocuta.rdl. Simulation
compares the behaviour of the RTL's registers with it (bench_control_registers)."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyslang
import pytest

from crocuta import kernel
from crocuta import registers as host
from crocuta.backends import register_kernel
from crocuta.design.sources import rtl_file
from crocuta.kernel import POINTERS, arguments
from crocuta.models import configs
from crocuta.models.configs import ROOT
from crocuta.models.convolution import chunk_controller
from crocuta.models.convolution.chunk_controller import Job, Mode
from flow.registers import OUTPUTS, pascal, render
from tb.lib import registers
from tb.lib.register_map import RegisterMapError, codes, field_of, read_map

OFFSETS = {
    name: offset for name, offset in registers.OFFSETS.items() if not name.endswith(registers.HIGH)
}
MODES = codes(field_of(registers.MAP, "mode.value"))
MAX_CHANNELS = field_of(registers.MAP, "channels.value").get_property("maximum")
VERSION = registers.BY_OFFSET[OFFSETS["version"]].reset_value(configs.load("tiny"))


def compiled(*modules: str) -> pyslang.ast.Compilation:
    compilation = pyslang.ast.Compilation()
    for module in modules:
        compilation.addSyntaxTree(pyslang.syntax.SyntaxTree.fromFile(str(rtl_file(module))))
    return compilation


@pytest.fixture(scope="module")
def rendered() -> dict[Path, str]:
    return render()


@pytest.mark.parametrize("path", OUTPUTS.values())
def test_derived_file_is_up_to_date(rendered: dict[Path, str], path: str) -> None:
    found = (ROOT / path).read_text(encoding="utf-8")
    assert found == rendered[ROOT / path], f"{path}: run `make registers`"


def test_the_rtl_has_the_constants_of_the_map() -> None:
    package = compiled("crocuta_pkg").getPackage("crocuta_pkg")
    found = {
        member.name: int(str(member.value.value))
        for member in package
        if isinstance(member, pyslang.ast.ParameterSymbol)
    }
    wanted = {"Version": VERSION, "MaxChannels": MAX_CHANNELS}
    wanted |= {f"Mode{pascal(name)}": value for name, value in MODES.items()}
    wanted |= {f"Error{pascal(name)}": value for value, name in enumerate(registers.ERRORS)}
    wanted["ErrorBits"] = registers.BY_OFFSET[OFFSETS["error"]].fields[0].bits
    wanted |= {f"Reg{pascal(name)}": offset for name, offset in OFFSETS.items()}
    assert found == wanted


@pytest.mark.parametrize("name", ["tiny", "tiny-long"])
def test_the_kernel_has_the_slave_and_the_ports_of_the_map(name: str) -> None:
    config = configs.load_model(name)
    # The kernel's ports can be read without the modules inside.
    (kernel,) = compiled("crocuta_pkg", config.top).getRoot().topInstances
    widths = {port.name: port.type.bitWidth for port in kernel.body.portList}
    address_bits = (widths[f"s_axi_control_{way}addr"] for way in ("aw", "ar"))
    assert {1 << bits for bits in address_bits} == {registers.SIZE}
    pointers = {
        name: node.get_property("port")
        for node in registers.MAP.registers()
        if (name := node.inst_name) in arguments(config) and node.get_property("port")
    }
    # An argument is either a pointer, as wide as its port's addresses, or a number.
    for name in arguments(config):
        _, bits = registers.ARGUMENTS[name]
        assert bits == (widths[f"{pointers[name]}_araddr"] if name in pointers else 32), name
    assert all(pointers[name] == f"m_axi_{POINTERS[name].name.lower()}" for name in pointers)
    masters = {name for port in widths for name in re.findall(r"^(m_axi_\w+)_araddr$", port)}
    assert set(pointers.values()) == masters


def test_the_host_has_the_map() -> None:
    assert {each.name.lower(): each.value for each in host.Register} == OFFSETS
    wide = {name for name in OFFSETS if name + registers.HIGH in registers.OFFSETS}
    assert {register.name.lower() for register in host.WIDE} == wide
    counters = [register.name.lower() for register in host.COUNTERS]
    assert counters == [name for name in OFFSETS if name in wide - registers.ARGUMENTS.keys()]
    assert counters == [field.name for field in dataclasses.fields(kernel.Counters)]
    assert [code.name.lower() for code in sorted(host.ErrorCode)] == list(registers.ERRORS)
    assert sorted(host.ErrorCode) == list(range(len(registers.ERRORS)))
    assert register_kernel.REMEDIES.keys() | register_kernel.TIMEOUTS.keys() == set(
        host.ErrorCode
    ) - {host.ErrorCode.NONE}
    assert host.VERSION == VERSION
    only = {node.inst_name: node.get_property("schedule") for node in registers.MAP.registers()}
    assert {name: of for name, of in only.items() if of} == kernel.SCHEDULES
    assert host.MAX_CHANNELS == MAX_CHANNELS
    for register in registers.REGISTERS:
        flags = getattr(host, pascal(register.name), None)
        single = all(field.bits == 1 for field in register.fields)
        assert single == (flags is not None), register.name
        if flags:
            found = {flag.name.lower(): flag.value for flag in flags}
            assert found == {field.name: field.mask for field in register.fields}
    for name in configs.names():
        config = configs.load(name)
        words = (registers.BY_OFFSET[OFFSETS[each]] for each in ("identity", "identity2"))
        assert host.identity(config) == tuple(word.reset_value(config) for word in words)


def test_the_models_have_the_modes_and_the_arguments_of_the_map() -> None:
    assert {mode.name.lower(): mode.value for mode in Mode} == MODES
    assert chunk_controller.MAX_CHANNELS == MAX_CHANNELS
    assert [field.name for field in dataclasses.fields(Job)] == list(registers.ARGUMENTS)


def tcl_value(text: str, name: str) -> Any:
    """The value that a script gives a variable, as nested lists of words."""
    levels: list[list[Any]] = [[]]
    body = text[text.index(f"set {name} ") + len(f"set {name} ") :]
    for token in re.findall(r"[{}]|[^\s{}]+", body):
        if token == "{":
            levels.append([])
        elif token == "}":
            inner = levels.pop()
            levels[-1].append(inner)
        else:
            levels[-1].append(token)
        if len(levels) == 1:
            return levels[0][0]
    raise AssertionError(f"{name} does not end")


def tcl_dict(words: list[Any]) -> dict[str, Any]:
    return dict(zip(words[::2], words[1::2], strict=True))


def test_vitis_gets_the_arguments_and_the_control_registers() -> None:
    text = (ROOT / "vivado" / "kernel_arguments.tcl").read_text(encoding="utf-8")
    assert 1 << int(tcl_value(text, "crocuta_address_bits")) == registers.SIZE
    arguments = [tcl_dict(words) for words in tcl_value(text, "crocuta_arguments")]
    assert {
        each["name"]: (int(each["offset"], 0), int(each["size"])) for each in arguments
    } == registers.ARGUMENTS
    # Vitis treats an argument with a port as a pointer, and places its buffers there.
    assert all((each["port"] != []) == each["type"].endswith("*") for each in arguments)
    control = [tcl_dict(words) for words in tcl_value(text, "crocuta_control_registers")]
    # The layout of ap_ctrl_chain that XRT expects.
    assert [(each["name"], int(each["offset"], 0)) for each in control] == [
        ("CTRL", 0x0),
        ("GIER", 0x4),
        ("IP_IER", 0x8),
        ("IP_ISR", 0xC),
    ]
    fields = [tcl_dict(words) for words in control[0]["fields"]]
    assert [(each["name"], int(each["offset"])) for each in fields] == [
        ("AP_START", 0),
        ("AP_DONE", 1),
        ("AP_IDLE", 2),
        ("AP_READY", 3),
        ("AP_CONTINUE", 4),
        ("SW_RESET", 8),
    ]


def test_the_host_needs_no_compiler_of_the_map() -> None:
    modules = sorted(
        f"crocuta.{path.stem}"
        for path in (ROOT / "host" / "crocuta").glob("*.py")
        if not path.stem.startswith("__")
    )
    code = f"import sys, {', '.join(modules)}; sys.exit('systemrdl' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ("sw = rw; reset = 0; onwrite = wclr;", "no field of rw, wclr"),
        ("sw = r; hw = na;", "must have either a reset or a parameter"),
        ("sw = rw; reset = 0", "wrong.rdl is wrong: Parse aborted"),
    ],
)
def test_a_wrong_map_is_refused_in_a_sentence(tmp_path: Path, field: str, sentence: str) -> None:
    text = (ROOT / "registers" / "crocuta.rdl").read_text(encoding="utf-8")
    properties = text[: text.index("enum ")]
    path = tmp_path / "wrong.rdl"
    path.write_text(f"{properties} addrmap wrong {{ reg {{ field {{ {field} }} part; }} word; }};")
    with pytest.raises(RegisterMapError, match=sentence):
        read_map(path)
