# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""What is mutated and what is not, and that the right bench kills a mutant."""

from __future__ import annotations

import itertools
import json
import time
import tomllib
from pathlib import Path

import pytest
import typer
from pyslang.syntax import SyntaxTree
from typer.testing import CliRunner

from crocuta.design.sources import rtl_file, rtl_files
from crocuta.models.configs import ROOT, load_engine
from flow import equivalence, mutants, mutate, runner, signoff
from tb.registry import BENCHES

MODULE = """module m #(parameter int Width = 8 + 1) (
  input  logic             clk_i,
  input  logic [Width-1:0] a_i,
  output logic             b_o
);
  initial if (Width < 1) $fatal(1, "m: Width");
  logic b_q;
  if (Width > 3) begin : gen_wide
    always_ff @(posedge clk_i) begin
      if (a_i[0]) b_q <= a_i[2] ? !a_i[1] : 1'b0;
    end
  end
  assign b_o = b_q && (a_i == (Width)'(3));
endmodule
"""


def mutated(tmp_path: Path, text: str) -> list[tuple[int, str]]:
    path = tmp_path / "m.sv"
    path.write_text(text)
    found = mutants.mutants_of(path)
    return [(m.line, m.change) for m in found if m.operator in mutants.PLAIN]


def test_every_operator_of_the_logic_and_nothing_static(tmp_path: Path) -> None:
    assert mutated(tmp_path, MODULE) == [
        (10, "'a_i[0]' becomes '!(a_i[0])'"),
        (10, "'0' becomes '1'"),
        (10, "\"b_q <= a_i[2] ? !a_i[1] : 1'b0\" becomes 'b_q <= b_q'"),
        (10, '"!a_i[1] : 1\'b0" becomes "1\'b0 : !a_i[1]"'),
        (10, "'a_i[2]' becomes '!(a_i[2])'"),
        (10, "'2' becomes '3'"),
        (10, "'!' becomes ''"),
        (10, "'1' becomes '2'"),
        (10, '"1\'b0" becomes "1\'b1"'),
        (13, "'&&' becomes '||'"),
        (13, "'==' becomes '!='"),
        (13, "'3' becomes '4'"),
    ]


def test_mutants_of_the_rtl_change_one_place() -> None:
    path = ROOT / "rtl" / "cells" / "fifo.sv"
    source = path.read_text()
    found = mutants.mutants_of(path)
    assert len(found) > 20
    for mutant in found:
        assert mutant.apply(source) != source
        assert "$fatal" not in source.splitlines()[mutant.line - 1]


def test_files_share_the_mutants() -> None:
    pool = {
        name: mutants.mutants_of(ROOT / "rtl" / "cells" / name) for name in ("fifo.sv", "delay.sv")
    }
    chosen = mutants.order(pool, 1)[:8]
    assert len(set(chosen)) == 8
    assert chosen == mutants.order(pool, 1)[:8] != mutants.order(pool, 2)[:8]
    assert {mutant.file for mutant in chosen} == set(pool)
    # Those of a file stay what they are when another one changes.
    one = {"fifo.sv": pool["fifo.sv"], "delay.sv": pool["delay.sv"][1:]}
    of_fifo = [mutant for mutant in mutants.order(pool, 1)[:20] if mutant.file == "fifo.sv"]
    again = [mutant for mutant in mutants.order(one, 1)[:20] if mutant.file == "fifo.sv"]
    assert min(len(of_fifo), len(again)) >= 10
    assert all(before == after for before, after in zip(of_fifo, again, strict=False))


def test_a_constant_never_comes_late() -> None:
    found = mutants.mutants_of(ROOT / "rtl" / "ports" / "spectrum_writer.sv")
    late = [mutant.change for mutant in found if mutant.operator == "mark"]
    assert repr("(left_q == LeftBits'(1))") + " comes a clock late" in late
    assert repr("(Bursts == 1)") + " comes a clock late" not in late


def test_a_survivor_needs_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutate, "DIRECTORY", tmp_path)
    monkeypatch.setattr(mutate, "SURVIVORS", tmp_path / "survivors.toml")
    verdicts = [mutate.Verdict("fifo.sv", n, "x", "y", killed_by="cells") for n in range(39)]
    verdicts += [
        mutate.Verdict("fifo.sv", 43, "x", "y", killed_by="cells", hung=True),
        mutate.Verdict("fifo.sv", 44, "x", "y", equivalent="proved"),
        mutate.Verdict("fifo.sv", 40, "a = b;", "'b' becomes 'c'"),
        mutate.Verdict("fifo.sv", 41, "x", "y", invalid="cells"),
    ]
    (tmp_path / "survivors.toml").write_text("")
    run = mutate.Run(1, planned=len(verdicts), seconds=2.0, verdicts=verdicts)
    assert not run.held
    (tmp_path / "survivors.toml").write_text(
        '[[survivors]]\nfile = "fifo.sv"\nsource = "a = b;"\n'
        "change = \"'b' becomes 'c'\"\nreason = \"b and c are the same\"\n"
    )
    assert run.held
    run.write()
    summary = json.loads((tmp_path / "summary.json").read_text())
    names = ("mutants", "killed", "hung", "survived", "equivalent", "invalid", "percent")
    assert [summary[name] for name in names] == [41, 39, 1, 1, 1, 1, 97.5]
    assert summary["survivors"][0]["reason"] == "b and c are the same"
    assert "b and c are the same" in (tmp_path / "index.html").read_text()
    run.planned += 1
    assert not run.held, "a mutant was not judged"
    run.verdicts += [mutate.Verdict("fifo.sv", 42, "a = b;", "'b' becomes 'c'")] * 3
    run.planned = len(run.verdicts)
    assert not run.held, "under the target"


def test_every_reason_is_of_a_mutant() -> None:
    """A module that has changed since needs other reasons, or none."""
    for entry in tomllib.loads(mutate.SURVIVORS.read_text())["survivors"]:
        path = rtl_file(Path(entry["file"]).stem)
        lines = path.read_text().splitlines()
        found = [m for m in mutants.mutants_of(path) if m.change == entry["change"]]
        assert entry["source"] in [lines[m.line - 1].strip() for m in found], entry


CUNNING = """module m (
  input  logic       clk_i,
  input  logic       rst_ni,
  input  logic       valid_i,
  input  logic [3:0] a_i,
  input  logic [3:0] b_i,
  output logic       last_o
);
  logic signed [3:0] count_q;
  logic              flag_q;
  sub #(.Width(4)) u_sub (.clk_i(clk_i), .x_i(a_i), .y_i(b_i), .z_i(flag_q));
  always_ff @(posedge clk_i) begin
    if (!rst_ni) flag_q <= 1'b0;
    if (valid_i && a_i[0]) count_q <= count_q + 4'd1;
    if ($signed(a_i) < count_q) flag_q <= flag_q | b_i[0];
    if (b_i[1]) flag_q <= 1'b0;
    last_o <= (count_q == 4'd7);
    if (a_i[3]) flag_q <= 1'b1;
  end
endmodule
"""
MISTAKES = {
    "comparison": {15: "< ((count_q) + 1'b1)", 17: "== ((4'd7) + 1'b1)"},
    "counter": {14: "<= ((count_q + 4'd1) & ({$bits(count_q){1'b1}} >> 1))"},
    "sticky": {15: "flag_q <= b_i[0];", 18: "    flag_q <= (a_i[3]);"},
    "handshake": {14: "if (1'b1 && a_i[0])"},
    "signed": {9: "logic  [3:0] count_q", 15: "$unsigned(a_i)"},
    "late": {16: "if (fault_q) flag_q <= 1'b0;"},
    "mark": {17: "last_o <= fault_q;"},
    "exchanged": {11: ".x_i(b_i), .y_i(a_i)"},
    "parameter": {11: ".Width(((4) + 1))"},
}
REGISTERS = {"late": "b_i[1]", "mark": "(count_q == 4'd7)"}
"""What comes a clock late."""


@pytest.mark.parametrize("operator", mutants.CUNNING)
def test_every_mistake_of_a_designer(operator: str, tmp_path: Path) -> None:
    path = tmp_path / "m.sv"
    path.write_text(CUNNING)
    found = [mutant for mutant in mutants.mutants_of(path) if mutant.operator == operator]
    assert {mutant.line for mutant in found} == set(MISTAKES[operator])
    for line, text in MISTAKES[operator].items():
        changed = [mutant.apply(CUNNING) for mutant in found if mutant.line == line]
        assert any(text in each for each in changed), changed
        for each in changed:
            before = "  always_ff @(posedge clk_i) begin"
            if operator in REGISTERS:
                delayed = f"fault_q <= {REGISTERS[operator]};"
                added = f"logic fault_q; always_ff @(posedge clk_i) {delayed}\n"
                assert f"  {added}{before.lstrip()}" in each
            assert not list(SyntaxTree.fromText(each).diagnostics)


def test_mutants_are_of_all_modules_and_all_operators() -> None:
    pool = {path.name: mutants.mutants_of(path) for path in rtl_files()}
    chosen = mutants.order(pool, 1)[:400]
    assert {mutant.operator for mutant in chosen} == set(mutants.OPERATORS)
    assert {mutant.file for mutant in chosen} == {name for name, found in pool.items() if found}
    plain = sum(mutant.operator in mutants.PLAIN for mutant in chosen)
    assert 100 < plain < 300


def test_benches_run_at_tiny_small_and_narrow_exponents() -> None:
    found = mutate.targets_of({"pass_sequencer.sv", "inverse_path.sv"})
    configs = {target.config.partition("+")[0] for target in found["pass_sequencer.sv"]}
    assert configs == {"tiny", "small"}
    assert any("exponent_bits-8" in target.config for target in found["inverse_path.sv"])


def test_a_mutant_meets_the_schedules_whose_kernels_have_it() -> None:
    found = mutate.targets_of({"overlap_add.sv", "twist.sv", "cfp_align.sv"})
    tried = {
        name: {(target.test == "kernel", load_engine(target.config).four_step) for target in each}
        for name, each in found.items()
    }
    assert tried == {
        "overlap_add.sv": {(False, False), (True, False)},
        "twist.sv": {(False, True), (True, True)},
        "cfp_align.sv": set(itertools.product((False, True), repeat=2)),
    }


def test_copies_have_all_that_benches_are_made_of() -> None:
    sources = {
        source for benches in BENCHES.values() for each in benches for source in each.sources
    }
    assert {Path(source).parts[0] for source in sources} <= set(mutate.COPIED)


def test_a_bench_that_fails_without_a_fault_ends_the_run_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    targets = mutate.targets_of({"fifo.sv"})["fifo.sv"][:6]
    ran = []

    def run_target(work: Path, target: mutate.Target, *_: float) -> tuple[str, float]:
        ran.append(target)
        time.sleep(0.2)
        return ("failed" if len(ran) == 2 else "passed"), 1.0

    monkeypatch.setattr(mutate, "DIRECTORY", tmp_path)
    monkeypatch.setattr(mutate, "COPIED", ())
    monkeypatch.setattr(mutate, "run_target", run_target)
    known: dict[str, float] = {}
    with pytest.raises(mutate.MutationError, match=f"Without a fault, {targets[1].name} failed"):
        mutate.baseline(mutate.Bank(1), targets, 1, 1, known.__setitem__)
    assert list(known) == [targets[0].name]
    assert len(ran) < len(targets)


def test_what_computes_the_same_is_proved() -> None:
    path = ROOT / "rtl" / "cells" / "credit_counter.sv"
    source = path.read_text()
    mutant = next(m for m in mutants.mutants_of(path) if m.operator == "dropped")
    assert equivalence.proof(path, mutant.apply(source)) == ""
    same = source.replace("!rst_ni", "(rst_ni != 1'b1)")
    assert same != source
    assert equivalence.proof(path, same) == equivalence.PROVED


def test_what_only_linters_read_is_not_mutated() -> None:
    path = ROOT / "rtl" / "ports" / "lane_bursts.sv"
    lines = path.read_text().splitlines()
    assert any("assign unused" in line for line in lines)
    assert not [m for m in mutants.mutants_of(path) if "assign unused" in lines[m.line - 1]]


def test_a_change_that_the_parameters_may_leave_out_is_not_proved() -> None:
    path = ROOT / "rtl" / "ports" / "resident_rows.sv"
    source = path.read_text()
    before, after = "assign x_outside_idle_o = 1'b0;", "assign x_outside_idle_o = 1'b1;"
    assert source.count(before) == 1
    assert equivalence.proof(path, source.replace(before, after)) == ""


def test_a_fault_in_what_the_defaults_leave_out_is_not_proved_to_change_nothing() -> None:
    path = ROOT / "rtl" / "convolution" / "pass_walker.sv"
    source = path.read_text()
    faulty = source.replace("(Outputs == 2) ? h_base_q : h_row_q", "h_row_q")
    assert faulty != source
    assert equivalence.branches_of(path, "") == ["", " -G Outputs=2"]
    assert equivalence.proved_alone(path, faulty)
    assert not equivalence.proved_alone(path, faulty, " -G Outputs=2")


def test_a_proof_leaves_out_only_the_sizes_that_a_module_refuses() -> None:
    """It needs rows, and with fewer than 64 of them not as many on the chip as by default."""
    assert equivalence.branches_of(rtl_file("resident_rows"), "") == ["", " -G Resident=0"]
    assert equivalence.branches_of(rtl_file("tile_walker"), "") == ["", " -G RowsLog2=0"]
    assert equivalence.branches_of(rtl_file("spectrum_reader"), "") == ["", " -G RowsLog2=3"]


@pytest.mark.parametrize(
    ("module", "before", "after", "proved"),
    [
        ("resident_rows", "(rows < (RowsLog2", "(rows <= (RowsLog2", True),
        ("resident_rows", "(rows < (RowsLog2", "(rows > (RowsLog2", False),
        ("spectrum_reader", ".stop_i       (stop_i)", ".stop_i       (!(!stop_i))", True),
        ("spectrum_reader", "addr_q <= cmd_addr_i;", "addr_q <= cmd_addr_i + 1'b0;", True),
        ("spectrum_reader", "addr_q <= cmd_addr_i;", "addr_q <= cmd_addr_i + 1'b1;", False),
    ],
)
def test_a_change_in_a_conditional_block_is_proved_where_it_shows(
    module: str, before: str, after: str, proved: bool
) -> None:
    assert (equivalence.proof(*change(module, before, after), whole=False) != "") == proved


SETTLED = """module settled (
  input  logic       clk_i,
  input  logic       take_i,
  input  logic [3:0] a_i,
  output logic       last_q
);
  logic [3:0] a_q;
  logic       stable_q;
  always_ff @(posedge clk_i) begin
    if (take_i) a_q <= a_i;
    stable_q <= !take_i;
    if (stable_q) last_q <= (a_q == '0);
  end
endmodule
"""


@pytest.mark.parametrize(("condition", "proved"), [("stable_q", True), ("!stable_q", False)])
def test_a_fault_that_comes_late_is_proved_with_its_register(
    condition: str, proved: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It computes the same if what it delays has been stable for a clock."""
    path = tmp_path / "settled.sv"
    path.write_text(SETTLED.replace("(stable_q)", f"({condition})"))
    monkeypatch.setattr(equivalence, "design_files", lambda _: [path])
    (late,) = [each for each in mutants.mutants_of(path) if each.operator == "mark"]
    assert bool(equivalence.proof(path, late.apply(path.read_text()), whole=False)) == proved


def test_a_module_is_compared_alone_with_all_that_goes_into_its_instances() -> None:
    path = ROOT / "rtl" / "transform" / "twist.sv"
    source = path.read_text()

    def alone(before: str, after: str) -> bool:
        assert source.count(before) == 1
        parameters = equivalence.parameters_of(equivalence.CONFIG)
        return equivalence.proved_alone(path, source.replace(before, after), parameters)

    assert alone("logic signed [TwiddleBits-1:0] re;", "logic [TwiddleBits-1:0] re;")
    assert not alone("coarse_q4[0+:TwiddleBits]", "fine_q4[0+:TwiddleBits]")
    assert not alone(".Clocks(DataClocks)", ".Clocks(DataClocks + 1)")


def change(module: str, before: str, after: str) -> tuple[Path, str]:
    """A file of rtl/, and its text with a change in one place."""
    path = rtl_file(module)
    source = path.read_text()
    assert source.count(before) == 1
    return path, source.replace(before, after)


def test_the_same_netlist_is_seen_at_every_size() -> None:
    plain = "logic signed [RealBits-1:0]     im_re_q3;"
    assert equivalence.same(*change("cfp_multiply", plain, plain.replace("signed", "")))
    for module, before, after in (
        ("factor_multiply", "signed [InBits-1:0]         a_re_q3;", "[InBits-1:0] a_re_q3;"),
        # Only a branch shows it, a conditional block, or other parameters.
        ("pass_walker", "(Outputs == 2) ? h_base_q : h_row_q", "h_row_q"),
        ("resident_rows", "assign x_outside_idle_o = 1'b0;", "assign x_outside_idle_o = 1'b1;"),
        ("crocuta_kernel", "3'($clog2(AxiBits / 8));", "3'($clog2(AxiBits / 9));"),
    ):
        assert not equivalence.same(*change(module, before, after)), module


def test_a_modules_own_benches_meet_its_mutants() -> None:
    """Of whatever schedule their configuration is, which sets none of the module's parameters."""
    found = mutate.targets_of({"factor_multiply.sv"})["factor_multiply.sv"]
    assert {target.bench.top for target in found} >= {"factor_multiply", "twist", "kernel_tb"}


def test_no_bench_is_run_for_the_same_netlist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for the first, which ends most mutants sooner than the netlist is made."""
    ran: list[str] = []

    def run(work: Path, target: mutate.Target, seed: int, limit: float) -> tuple[str, float]:
        ran.append(target.name)
        return "passed", 1.0

    monkeypatch.setattr(mutate, "DIRECTORY", tmp_path)
    monkeypatch.setattr(mutate, "run_target", run)
    path = rtl_file("cfp_multiply")
    lines = path.read_text().splitlines()
    mutant = next(
        each
        for each in mutants.mutants_of(path)
        if each.operator == "signed" and "im_re_q3" in lines[each.line - 1]
    )
    targets = mutate.targets_of({path.name})[path.name]
    faultless = {target.name: mutate.Faultless(1.0, "") for target in targets}
    verdict = mutate.judge(mutate.Bank(1), mutant, targets, faultless, 0)
    assert (verdict.fate, len(ran)) == ("equivalent", 1)


def test_a_fault_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutate, "DIRECTORY", tmp_path)
    # Only the module's own benches: the others take minutes.
    monkeypatch.setattr(mutate, "BENCHES", {"cells": BENCHES["cells"]})
    result = CliRunner().invoke(
        _command(), ["--file", "credit_counter.sv", "--count", "2", "--jobs", "1", "--seed", "1"]
    )
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["mutants"], summary["killed"]) == (2, 2), result.output
    assert result.exit_code == 0
    assert [verdict["operator"] for verdict in summary["all"]] != [""] * 2


def test_others_are_drawn_for_mutants_that_do_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mutate, "DIRECTORY", tmp_path)
    monkeypatch.setattr(mutate, "BENCHES", {"cells": BENCHES["cells"]})
    source = (ROOT / "rtl/cells/fifo.sv").read_text()
    outcomes: list[str] = []

    def play(work: Path, target: mutate.Target, *_: object) -> tuple[str, float]:
        if (work / "rtl/cells/fifo.sv").read_text() == source:
            return "passed", 1.0
        outcomes.append("failed" if len(outcomes) % 3 == 2 else "did not build")
        return outcomes[-1], 1.0

    monkeypatch.setattr(mutate, "run_target", play)
    command = ["--file", "fifo.sv", "--count", "4", "--jobs", "1", "--seed", "1"]
    assert CliRunner().invoke(_command(), command).exit_code == 0
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["mutants"], summary["invalid"], summary["left"]) == (4, 8, 0)
    assert len(outcomes) == 12
    result = CliRunner().invoke(_command(), [*command, "--again"])
    assert "12 mutants, 12 of them judged" in result.output
    # Fewer are the first ones of them.
    CliRunner().invoke(_command(), [*command[:3], "2", *command[4:], "--again"])
    fewer = json.loads((tmp_path / "summary.json").read_text())
    assert (fewer["mutants"], fewer["invalid"], len(outcomes)) == (2, 4, 12)


def test_the_time_of_a_build_is_no_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mutant's bench is built first, which takes longer than the quickest runs of a kernel."""
    limits: list[float] = []

    def run(work: Path, target: mutate.Target, seed: int, limit: float) -> tuple[str, float]:
        limits.append(limit)
        return "failed", 1.0

    monkeypatch.setattr(mutate, "DIRECTORY", tmp_path)
    monkeypatch.setattr(mutate, "run_target", run)
    targets = mutate.targets_of({"job_control.sv"}, "", "")["job_control.sv"]
    whole = [target for target in targets if target.test == "longconv"][:1]
    mutant = mutants.mutants_of(rtl_file("job_control"))[0]
    faultless = {whole[0].name: mutate.Faultless(3.0, "")}
    verdict = mutate.judge(mutate.Bank(1), mutant, whole, faultless, 0)
    assert verdict.killed_by and not verdict.hung
    files = len(runner.sources_of(whole[0].bench, whole[0].sim))
    assert limits == [pytest.approx(39 + 3 * mutate.BUILD_S["verilator"] * files)]
    assert limits[0] > 100


def test_an_interrupted_run_is_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Verdicts are kept as they come; the rest runs later, and no bench without a fault again."""
    monkeypatch.setattr(mutate, "DIRECTORY", tmp_path)
    monkeypatch.setattr(mutate, "BENCHES", {"cells": BENCHES["cells"]})
    played: list[str] = []

    def play(work: Path, target: mutate.Target, *_: object) -> tuple[str, float]:
        faulty = (work / "rtl/cells/fifo.sv").read_text() != source
        played.append(target.name)
        if faulty and len(played) > stop_after:
            raise KeyboardInterrupt
        return ("failed" if faulty else "passed"), 1.0

    source = (ROOT / "rtl/cells/fifo.sv").read_text()
    monkeypatch.setattr(mutate, "run_target", play)
    command = ["--file", "fifo.sv", "--count", "5", "--jobs", "1", "--seed", "1"]
    benches = len(mutate.targets_of({"fifo.sv"})["fifo.sv"])
    stop_after = benches + 3
    CliRunner().invoke(_command(), command)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["killed"], summary["left"]) == (3, 2)
    played.clear()
    stop_after = 2
    result = CliRunner().invoke(_command(), [*command, "--again"])
    assert len(played) == 2, result.output
    assert "5 mutants, 3 of them judged" in result.output
    resumed = json.loads((tmp_path / "summary.json").read_text())
    assert (resumed["killed"], resumed["left"]) == (5, 0)
    assert len({(each["start"], each["operator"], each["change"]) for each in resumed["all"]}) == 5
    result = CliRunner().invoke(_command(), [*command[:-1], "2", "--again"])
    assert result.exit_code == 2
    assert "The last run had SEED=1 and was restricted to fifo.sv: use that." in result.output
    # A bench that has changed is asked again, and of a mutant that none killed only that one, also
    # after one more interruption.
    first, *others = resumed["all"]
    for verdict in others[:2]:
        verdict["inputs"] = "0123456789ab"
    names = [target.name for target in mutate.targets_of({"fifo.sv"})["fifo.sv"]]
    first.update(killed_by="", inputs="")
    first["passed"] = [resumed["benches"][name]["inputs"] for name in names[1:]]
    others[2].update(killed_by="", inputs="", passed=["0123456789ab", first["passed"][0]])
    others[3].update(killed_by="", inputs="")
    others[3]["passed"] = [resumed["benches"][name]["inputs"] for name in names]
    del resumed["benches"][others[0]["killed_by"]]
    (tmp_path / "summary.json").write_text(json.dumps(resumed))
    played.clear()
    stop_after = 1
    CliRunner().invoke(_command(), [*command, "--again"])
    again = json.loads((tmp_path / "summary.json").read_text())
    assert (again["killed"], again["survived"], again["left"], len(again["lapsed"])) == (0, 1, 4, 4)
    played.clear()
    stop_after = 100
    result = CliRunner().invoke(_command(), [*command, "--again"])
    assert "5 mutants, 1 of them judged" in result.output
    assert len(played) == 4
    assert names[0] in played
    again = json.loads((tmp_path / "summary.json").read_text())
    assert (again["killed"], again["survived"], again["left"], again["lapsed"]) == (4, 1, 0, [])
    assert again["benches"] == summary["benches"]
    # What a sign-off has kept serves on a machine without a run of its own.
    (tmp_path / "kept.json").write_text(json.dumps(signoff.mutation(again)))
    monkeypatch.setattr(mutate, "KEPT", tmp_path / "kept.json")
    (tmp_path / "summary.json").unlink()
    played.clear()
    result = CliRunner().invoke(_command(), [*command, "--again"])
    assert "5 mutants, 5 of them judged" in result.output
    assert not played
    kept = json.loads((tmp_path / "summary.json").read_text())
    assert kept["all"] == again["all"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--file", "fifo.sv,no_such.sv"], "nothing to mutate in rtl/no_such.sv"),
        (["--test", "fft,no_such"], "no test 'no_such'"),
        (["--sim", "no_such"], "no simulator 'no_such'"),
        (["--file", "twist.sv", "--test", "cells"], "None of these benches simulates twist.sv"),
    ],
)
def test_a_choice_that_leaves_nothing_is_said(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(_command(), arguments)
    assert result.exit_code == 2
    assert said in result.output


def _command() -> typer.Typer:
    app = typer.Typer()
    app.command()(mutate.main)
    return app
