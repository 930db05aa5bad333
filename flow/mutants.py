# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Single faults in SystemVerilog, made from a file's syntax tree.

An operator yields every place where it applies. The plain ones replace what stands in an
expression: an operator, a constant, a condition. The others are the mistakes of a designer: a
comparison one off, a counter one bit narrower, a sticky bit dropped, a valid or ready ignored, a
signed value taken as unsigned, a flag cleared late, a mark moved by a beat, two wires of an
instance exchanged, a parameter one off.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

from pyslang.parsing import Token
from pyslang.syntax import SyntaxKind, SyntaxNode, SyntaxTree

REPLACED = {
    "+": "-",
    "-": "+",
    "*": "+",
    "&&": "||",
    "||": "&&",
    "&": "|",
    "|": "&",
    "^": "|",
    "==": "!=",
    "!=": "==",
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "<<": ">>",
    ">>": "<<",
    ">>>": ">>",
}
STATIC = {
    SyntaxKind.InitialBlock,
    SyntaxKind.ParameterDeclaration,
    SyntaxKind.ParameterDeclarationStatement,
    SyntaxKind.ParameterValueAssignment,
    SyntaxKind.VariableDimension,
    SyntaxKind.SimpleRangeSelect,
    SyntaxKind.AscendingRangeSelect,
    SyntaxKind.DescendingRangeSelect,
    SyntaxKind.EventControlWithExpression,
    SyntaxKind.ForLoopStatement,
    SyntaxKind.GenvarDeclaration,
}
"""Static or no logic: no operator on expressions applies to these, nor to what is below them."""
DYNAMIC = {
    SyntaxKind.ContinuousAssign,
    SyntaxKind.AlwaysBlock,
    SyntaxKind.AlwaysCombBlock,
    SyntaxKind.AlwaysFFBlock,
    SyntaxKind.NamedPortConnection,
    SyntaxKind.FunctionDeclaration,
}
PLAIN = ("operator", "negation", "condition", "arms", "constant", "dropped")
CUNNING = (
    "comparison",
    "counter",
    "sticky",
    "handshake",
    "signed",
    "late",
    "mark",
    "exchanged",
    "parameter",
)
OPERATORS = PLAIN + CUNNING
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
HANDSHAKE = re.compile(r"(?:.*_)?t?(?:valid|ready)(?:_[iodq])?")
MARK = re.compile(r"(?:.*_)?(?:first|last|tail|mark)(?:_[iodq])?")
UNREAD = re.compile(r"assign\s+unused\b")
"""Nothing reads it: it tells the linters which bits are unused on purpose."""
FAULT_Q = "fault_q"
"""The register that a mutant adds."""


class Edit(NamedTuple):
    """file[start:end] becomes text."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Mutant:
    """One fault in one file."""

    file: str
    line: int
    operator: str
    """One of OPERATORS."""
    edits: tuple[Edit, ...]
    change: str
    """For people."""

    @property
    def place(self) -> tuple[str, int, str, str]:
        """Identifies the mutant and its verdict."""
        return self.file, min(self.edits).start, self.operator, self.change

    def apply(self, source: str) -> str:
        """The file with the fault."""
        for edit in sorted(self.edits, reverse=True):
            source = source[: edit.start] + edit.text + source[edit.end :]
        return source


class Found(NamedTuple):
    """A fault, without its file."""

    operator: str
    edits: tuple[Edit, ...]
    shown: int = 0
    """The edit that people see."""


@dataclass
class Scope:
    """Where a node is."""

    source: str
    dynamic: bool = False
    process: Any = None
    """The always_ff around it."""
    widths: Mapping[str, str] = field(default_factory=dict)
    """The dimensions of the module's signals, as they are written."""

    def text(self, node: Any) -> str:
        """The node's source."""
        return self.source[slice(*text_of(node))]

    def clock(self) -> str:
        """The event of the process."""
        timing = next(part for part in self.process if isinstance(part, SyntaxNode))
        return self.text(next(iter(timing)))

    def delayed(self, operator: str, node: Any, width: str) -> Found:
        """A value of a process that comes a clock late, through a register before the process."""
        start, end = text_of(node)
        register = (
            f"logic {width}{FAULT_Q}; always_ff {self.clock()} {FAULT_Q} <= {self.text(node)};\n"
        )
        at = text_of(self.process)[0]
        return Found(operator, (Edit(start, end, FAULT_Q), Edit(at, at, register)))


def text_of(node: Any) -> tuple[int, int]:
    """Where a node starts and ends in its file."""
    span = node.sourceRange
    return span.start.offset, span.end.offset


def kind_of(node: Any) -> str:
    """The node's kind as a word."""
    return str(node.kind).rpartition(".")[2]


def one(operator: str, start: int, end: int, text: str) -> Found:
    """A fault of one edit."""
    return Found(operator, (Edit(start, end, text),))


def plain(node: Any, parts: Sequence[Any], scope: Scope) -> Iterator[Found]:
    """Faults of an expression or an assignment as it stands."""
    start, end = text_of(node)
    kind, text = kind_of(node), scope.text(node)
    tokens = [part for part in parts if isinstance(part, Token)]
    if kind in ("UnaryLogicalNotExpression", "UnaryBitwiseNotExpression"):
        yield one("negation", start, start + 1, "")
    elif kind == "ConditionalExpression":
        left, right = (scope.text(parts[i]) for i in (-3, -1))
        yield one("arms", text_of(parts[-3])[0], end, f"{right} : {left}")
    elif kind == "NonblockingAssignmentExpression":
        target = scope.text(parts[0])
        yield one("dropped", start, end, f"{target} <= {target}")
    elif kind == "ConditionalPredicate":
        yield one("condition", start, end, f"!({text})")
    elif kind == "IntegerVectorExpression" and text in ("1'b0", "1'b1"):
        yield one("constant", start, end, "1'b1" if text == "1'b0" else "1'b0")
    elif kind == "IntegerLiteralExpression":
        yield one("constant", start, end, str(int(text) + 1))
    elif kind.endswith("Expression") and len(parts) >= 3 and len(tokens) == 1:
        operator = tokens[0]
        if operator.rawText in REPLACED:
            at = operator.location.offset
            yield one("operator", at, at + len(operator.rawText), REPLACED[operator.rawText])


def cunning(node: Any, parts: Sequence[Any], scope: Scope) -> Iterator[Found]:
    """A designer's mistakes in an expression or a process."""
    start, end = text_of(node)
    kind, text = kind_of(node), scope.text(node)
    if kind.endswith("Expression") and len(parts) >= 3 and isinstance(parts[1], Token):
        token = parts[1].rawText
        if token in COMPARISONS and kind != "NonblockingAssignmentExpression":
            right = text_of(parts[-1])
            yield one("comparison", *right, f"(({scope.text(parts[-1])}) + 1'b1)")
        if token in ("&&", "&"):
            for operand in (parts[0], parts[-1]):
                if HANDSHAKE.fullmatch(scope.text(operand)):
                    yield one("handshake", *text_of(operand), "1'b1")
    if kind == "ConditionalPredicate" and HANDSHAKE.fullmatch(text):
        yield one("handshake", start, end, "1'b1")
    if kind == "InvocationExpression" and text.startswith("$signed"):
        yield one("signed", start, start + len("$signed"), "$unsigned")
    if kind in ("NonblockingAssignmentExpression", "AssignmentExpression"):
        yield from assignment(parts, scope)
    if kind == "ConditionalStatement" and scope.process is not None:
        yield from flags(node, parts, scope)


def assignment(parts: Sequence[Any], scope: Scope) -> Iterator[Found]:
    """Faults of what is assigned."""
    target, value = scope.text(parts[0]), parts[-1]
    start, end = text_of(value)
    below = list(value)
    binary = len(below) >= 3 and isinstance(below[1], Token)
    token = below[1].rawText if binary else ""
    # x_d = x_q + 1 counts as x_q <= x_q + 1 does.
    itself = {target, re.sub("_d$", "_q", target)}
    whole = re.fullmatch(r"\w+", target) is not None
    if whole and token in ("+", "-") and scope.text(below[0]) in itself:
        narrow = f"(({scope.text(value)}) & ({{$bits({target}){{1'b1}}}} >> 1))"
        yield one("counter", start, end, narrow)
    if token in ("|", "||"):
        for operand, other in ((below[0], below[-1]), (below[-1], below[0])):
            if scope.text(operand) in itself:
                yield one("sticky", start, end, scope.text(other))
    mark = scope.process is not None and MARK.fullmatch(target) and target in scope.widths
    # Signals begin in lower case, parameters do not: a constant is the same a clock later.
    varies = re.search(r"\b[a-z]", re.sub(r"'[bdh]\w+", "", scope.text(value)))
    if mark and varies:
        yield scope.delayed("mark", value, f"{scope.widths[target]} ".lstrip())


def flags(node: Any, parts: Sequence[Any], scope: Scope) -> Iterator[Found]:
    """Faults of an `if` that does nothing but set or clear a bit: one that is set is lost a clock
    later, one that is cleared is so a clock late."""
    predicate = next(part for part in parts if kind_of(part) == "ConditionalPredicate")
    statement = next(part for part in parts if kind_of(part).endswith("Statement"))
    condition = scope.text(predicate)
    bit = re.fullmatch(r"(\w+) <= (1'b1|1'b0|'0);", scope.text(statement))
    if not bit or re.search(r"\brst", condition):
        return
    if bit[2] == "1'b1":
        if statement is parts[-1]:  # there is no else
            yield one("sticky", *text_of(node), f"{bit[1]} <= ({condition});")
    else:
        yield scope.delayed("late", predicate, "")


def structure(node: Any, scope: Scope) -> Iterator[Found]:
    """Faults of declarations and instances, which are no logic."""
    kind = kind_of(node)
    if kind == "NamedParamAssignment":
        value = next((part for part in node if isinstance(part, SyntaxNode)), None)
        # Types and file names end in these.
        if value is not None and not re.search(r"Style|Dir|File|\"", scope.text(node)):
            for sign in "+-":
                yield one("parameter", *text_of(value), f"(({scope.text(value)}) {sign} 1)")
    if kind == "LogicType":
        for part in node:
            if isinstance(part, Token) and part.rawText == "signed":
                at = part.location.offset
                yield one("signed", at, at + len("signed"), "")
    if kind == "HierarchicalInstance":
        yield from exchanged(node, scope)


def exchanged(node: Any, scope: Scope) -> Iterator[Found]:
    """Two wires of equal width and direction."""
    wires = defaultdict(list)
    for part in connections(node):
        inner = [each for each in part if isinstance(each, SyntaxNode)]
        names = [each.rawText for each in part if isinstance(each, Token)]
        if len(inner) != 1 or len(names) < 2:
            continue
        name = scope.text(inner[0])
        if name in scope.widths and not re.match("clk|rst", names[1]):
            wires[names[1][-2:], scope.widths[name]].append(inner[0])
    for same in wires.values():
        for first, second in combinations(same, 2):
            if scope.text(first) != scope.text(second):
                edits = (
                    Edit(*text_of(first), scope.text(second)),
                    Edit(*text_of(second), scope.text(first)),
                )
                yield Found("exchanged", edits)


def connections(node: Any) -> Iterator[Any]:
    """The named connections of an instance."""
    for part in node:
        if isinstance(part, SyntaxNode):
            if part.kind == SyntaxKind.NamedPortConnection:
                yield part
            else:
                yield from connections(part)


def widths_of(node: Any, source: str, found: dict[str, str]) -> dict[str, str]:
    """The dimensions of every signal declared below a node."""
    kind = kind_of(node)
    if kind in ("DataDeclaration", "ImplicitAnsiPort"):
        text = source[slice(*text_of(node))].rstrip(";")
        packed = re.match(r"(?:input|output)?\s*logic\s*(?:signed)?\s*((?:\[[^\]]*\]\s*)*)", text)
        if packed:
            for name in re.findall(r"\b([a-z]\w*)\b(?=\s*(?:,|$))", text[packed.end() :]):
                found[name] = " ".join(packed[1].split())
        return found
    for part in node:
        if isinstance(part, SyntaxNode):
            widths_of(part, source, found)
    return found


def faults(node: Any, scope: Scope) -> Iterator[Found]:
    """Every fault at or below a node."""
    if isinstance(node, Token):
        return
    if node.kind == SyntaxKind.ContinuousAssign and UNREAD.match(scope.text(node)):
        return
    yield from structure(node, scope)
    static = node.kind in STATIC
    if static and kind_of(node) != "ParameterValueAssignment":
        return
    parts = list(node)
    process = node if node.kind == SyntaxKind.AlwaysFFBlock else scope.process
    dynamic = (scope.dynamic or node.kind in DYNAMIC) and not static
    inside = Scope(scope.source, dynamic, process, scope.widths)
    if dynamic:
        yield from plain(node, parts, inside)
        yield from cunning(node, parts, inside)
    # A cast's size, a replication's count and an index that is a constant are static.
    skipped = {SyntaxKind.CastExpression: 1, SyntaxKind.MultipleConcatenationExpression: 2}
    for part in parts[skipped.get(node.kind, 0) :]:
        if isinstance(part, SyntaxNode):
            conditions = node.kind in (SyntaxKind.IfGenerate, SyntaxKind.LoopGenerate)
            if not (conditions and str(part.kind).endswith("Expression")):
                yield from faults(part, inside)


def mutants_of(path: Path) -> list[Mutant]:
    """Every mutant of a file."""
    source = path.read_text(encoding="ascii")
    root = SyntaxTree.fromFile(str(path)).root
    scope = Scope(source, widths=widths_of(root, source, {}))
    found = []
    for operator, edits, shown in faults(root, scope):
        edit = edits[shown]
        line = source.count("\n", 0, edit.start) + 1
        was = " ".join(source[edit.start : edit.end].split())
        change = f"{was!r} becomes {' '.join(edit.text.split())!r}"
        if operator in ("late", "mark"):
            change = f"{was!r} comes a clock late"
        elif operator == "exchanged":
            change = f"{was!r} and {edit.text!r} are exchanged"
        found.append(Mutant(path.name, line, operator, edits, change))
    return found


def order(pool: Mapping[str, Sequence[Mutant]], seed: int) -> list[Mutant]:
    """All mutants in an order in which any number of the first ones are a fair sample: each file's
    share is proportional to the square root of its number of mutants, and its operators take turns.
    A change to one file hardly changes those of others."""
    keyed = []
    for name, mutants in pool.items():
        generator = random.Random(f"{seed} {name}")
        by_operator: dict[str, list[Mutant]] = defaultdict(list)
        for mutant in generator.sample(list(mutants), len(mutants)):
            by_operator[mutant.operator].append(mutant)
        groups = generator.sample(list(by_operator.values()), len(by_operator))
        turns = [
            group[n]
            for n in range(max(map(len, groups), default=0))
            for group in groups
            if n < len(group)
        ]
        weight = max(1, len(mutants)) ** 0.5
        # The n-th mutant of a file comes when the files share out n / weight.
        keyed += [((n + generator.random()) / weight, mutant) for n, mutant in enumerate(turns)]
    keyed.sort(key=lambda entry: entry[0])
    return [mutant for _, mutant in keyed]
