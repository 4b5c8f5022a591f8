"""Where a source file can be broken by a small change, and how.

In: the text of a Python file. Out: every fault the operators below can make in it, in the order of
the file. A fault replaces one span of the text, so that its diff is what a person would have typed.
Left alone: documentation, annotations, texts, and what only a type checker reads.
"""

from __future__ import annotations

import ast
import difflib
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

_COMPARISONS: dict[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    ast.Lt: ("<", ("<=", ">=")),
    ast.LtE: ("<=", ("<", ">")),
    ast.Gt: (">", (">=", "<=")),
    ast.GtE: (">=", (">", "<")),
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.Is: ("is", ("is not",)),
    ast.IsNot: (r"is\s+not", ("is",)),
    ast.In: ("in", ("not in",)),
    ast.NotIn: (r"not\s+in", ("in",)),
}
_ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "*"),
    ast.Pow: ("**", "*"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
    ast.BitXor: ("^", "&"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
}
_PAIRS = [
    ("min", "max"), ("any", "all"), ("argmin", "argmax"), ("minimum", "maximum"),
    ("floor", "ceil"), ("low", "high"), ("start", "stop"), ("first", "last"),
    ("lower", "upper"), ("left", "right"), ("mean", "median"), ("nansum", "nanmean"),
    ("before", "after"), ("logical_and", "logical_or"),
]  # fmt: skip
_TWINS = {a: b for pair in _PAIRS for a, b in (pair, pair[::-1])}
"""Names that are easily taken for each other."""


@dataclass(frozen=True)
class Fault:
    """One small change of one file."""

    path: str
    line: int
    last_line: int
    begin: int
    end: int
    text: str

    def applied(self, source: bytes) -> bytes:
        """Return the file with the fault in it."""
        return source[: self.begin] + self.text.encode() + source[self.end :]

    def lines(self, source: bytes) -> tuple[str, str]:
        """Return the lines touched, as they were and as they are; blanks in a row are one."""
        head = source.rfind(b"\n", 0, self.begin) + 1
        stop = source.find(b"\n", self.end)
        stop = len(source) if stop < 0 else stop
        was = source[head:stop].decode()
        becomes = (
            source[head : self.begin] + self.text.encode() + source[self.end : stop]
        ).decode()
        return " ".join(was.split()), " ".join(becomes.split())

    def diff(self, source: bytes) -> str:
        """Return the change as a diff without context."""
        pair = (source.decode().splitlines(), self.applied(source).decode().splitlines())
        return "\n".join(list(difflib.unified_diff(*pair, n=0, lineterm=""))[2:])


@cache
def faults_of(path: str, source: bytes) -> list[Fault]:
    """Return all faults that can be made in a file, none twice; a few of them may not parse.

    A file is read once for all samples: to find its faults takes longer than to draw among them.
    """
    visitor = _Visitor(source)
    return [
        Fault(path, visitor.line(begin), visitor.line(max(begin, end - 1)), begin, end, text)
        for begin, end, text in sorted(set(visitor.changes(ast.parse(source))))
    ]


def parses(source: bytes) -> bool:
    """Whether a text is a Python file."""
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


class _Visitor:
    """Walks a tree and yields (begin, end, text) in bytes of the source."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.starts = [0]
        for line in source.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))

    def line(self, at: int) -> int:
        return bisect_right(self.starts, at)

    def span(self, node: ast.AST) -> tuple[int, int]:
        assert isinstance(node, ast.expr | ast.stmt | ast.keyword)
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        begin = self.starts[node.lineno - 1] + node.col_offset
        return begin, self.starts[node.end_lineno - 1] + node.end_col_offset

    def text(self, node: ast.AST) -> str:
        begin, end = self.span(node)
        return self.source[begin:end].decode()

    def changes(self, node: ast.AST) -> Iterator[tuple[int, int, str]]:
        # Before Python 3.12 the parts of an f-string do not know where they stand.
        if isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        ):
            return
        yield from self._here(node)
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "type_params", "decorator_list"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from self.changes(child)

    def _here(self, node: ast.AST) -> Iterator[tuple[int, int, str]]:
        match node:
            case ast.Compare():
                for left, op, right in zip(
                    [node.left, *node.comparators], node.ops, node.comparators, strict=False
                ):
                    sign, others = _COMPARISONS[type(op)]
                    pattern = sign if sign[0].isalpha() or sign[0] == "i" else re.escape(sign)
                    for other in others:
                        yield from self._between(left, right, pattern, other)
            case ast.BinOp(op=op) if type(op) in _ARITHMETIC:
                if not isinstance(node.left, ast.Constant | ast.JoinedStr) or not isinstance(
                    getattr(node.left, "value", None), str
                ):
                    sign, other = _ARITHMETIC[type(op)]
                    yield from self._between(node.left, node.right, re.escape(sign), other)
            case ast.AugAssign(op=op) if type(op) in _ARITHMETIC:
                sign, other = _ARITHMETIC[type(op)]
                yield from self._between(
                    node.target, node.value, re.escape(sign + "="), other + "="
                )
            case ast.BoolOp():
                sign, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
                for left, right in zip(node.values, node.values[1:], strict=False):
                    yield from self._between(left, right, sign, other)
            case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
                yield (self.span(node)[0], self.span(node.operand)[0], "")
            case ast.If() | ast.While() | ast.IfExp():
                begin, end = self.span(node.test)
                yield begin, end, f"not ({self.text(node.test)})"
            case ast.Constant(value=bool()):
                yield (*self.span(node), str(not node.value))
            case ast.Constant(value=int()):
                # A round number is one of many; any other may be an edge.
                is_round = node.value > 100 and node.value % 10 == 0
                yield (*self.span(node), str(node.value * 2 if is_round else node.value + 1))
            case ast.Constant(value=float()):
                yield (*self.span(node), repr(node.value * 2 if node.value else 1.0))
            case ast.Constant(value=str()) if node.value in _TWINS:
                yield (*self.span(node), repr(_TWINS[node.value]))
            case ast.Name(ctx=ast.Load()) if node.id in _TWINS:
                yield (*self.span(node), _TWINS[node.id])
            case ast.Attribute(ctx=ast.Load()) if node.attr in _TWINS:
                end = self.span(node)[1]
                yield end - len(node.attr), end, _TWINS[node.attr]
            case ast.Return(value=ast.expr() as value):
                if not (isinstance(value, ast.Constant) and value.value is None):
                    yield (*self.span(value), "None")
            case ast.Raise() | ast.Continue() | ast.Break():
                yield (*self.span(node), "pass")
            case ast.Expr(value=ast.Call()):
                yield (*self.span(node), "pass")
        if isinstance(node, ast.Call):
            yield from self._arguments(node)

    def _arguments(self, node: ast.Call) -> Iterator[tuple[int, int, str]]:
        """Swap neighbouring arguments, unless their sequence is idle; leave a named one out."""
        plain = (ast.Name, ast.Attribute)
        is_idle = re.search(r"\b(min|max)(imum)?$", self.text(node.func))
        for a, b in zip(node.args, node.args[1:], strict=False) if not is_idle else ():
            if isinstance(a, plain) and isinstance(b, plain) and self.text(a) != self.text(b):
                (begin, a_end), (b_begin, end) = self.span(a), self.span(b)
                between = self.source[a_end:b_begin].decode()
                yield begin, end, self.text(b) + between + self.text(a)
        for keyword in node.keywords:
            if keyword.arg is not None:
                begin, end = self.span(keyword)
                comma = re.match(rb"\s*,[ ]?", self.source[end:])
                yield begin, end + (comma.end() if comma else 0), ""

    def _between(
        self, left: ast.expr, right: ast.expr, pattern: str, text: str
    ) -> Iterator[tuple[int, int, str]]:
        """Replace the operator that stands between two operands; brackets may stand there too."""
        begin, end = self.span(left)[1], self.span(right)[0]
        gap = self.source[begin:end].decode()
        if "#" not in gap and (hit := re.search(pattern, gap)):
            yield begin + hit.start(), begin + hit.end(), text
