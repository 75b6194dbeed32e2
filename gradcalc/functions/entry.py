"""What the catalogue says of a function: the four forms an entry can take.

Everything that is known of a function stands in its entry; the other rooms ask the entry and never the name.

Formulas inside entries are written in the language itself. A NumPy template is Python source with `{0}`, `{1}`, ...
for the operands, each a plain variable name, so an operand may stand in it more than once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

Interval = tuple[float, float]
"""An open interval, ends possibly infinite."""

REAL_LINE: Interval = (float("-inf"), float("inf"))


class Function:
    """What every entry has.

    name: as the language spells it; aliases: other accepted spellings, printed back as `name`.
    summary: one line for people. example: an expression in the language that uses the function.
    latex: a template with `{0}`, `{1}`, ... for the operands' LaTeX (braces doubled).
    numpy: a template of NumPy source, or None where a composite is compiled through its meaning.
    helpers: names of the functions in `gradcalc.functions.numpy_source.HELPERS` that the template calls.
    reference: the function by its plain meaning, `reference(np, *operands)`, right for complex numbers too where the
        function is analytic. `np` is an algebra of `gradcalc.meaning`: NumPy's names over arrays of NumPy, of Python's
        numbers, of numbers of many digits; a constant that is no binary fraction is `np.number(Fraction(...))`.
    symbolic: the same for symbols, where `reference` compares or shifts numbers.
    real_only: the reference takes no complex arrays.
    axis: a second argument 1 or 2 applies the function to each column or to each row of a matrix.
    pairwise: the name of the elementwise function that the name means with two operands (`max(a, b)`).
    spelling: how the language spells it, where that is not `name`.
    stable: forms with the function that overflow or lose digits, and what they are equal to and programs compute
        instead: {"1 - tanh(t)^2": "sech(t)^2"}. The names in them stand for anything, k for an even number and r for
        one that is not whole.
    homogeneous: f(a*X) = a*f(X) for every positive number a (a norm).
    """

    def __init__(
        self,
        name: str,
        summary: str,
        *,
        example: str,
        aliases: tuple[str, ...] = (),
        latex: str | None = None,
        numpy: str | None = None,
        helpers: tuple[str, ...] = (),
        reference: Callable[..., Any] | None = None,
        symbolic: Callable[..., Any] | None = None,
        real_only: bool = False,
        axis: bool = False,
        pairwise: str | None = None,
        spelling: str | None = None,
        stable: Mapping[str, str] | None = None,
        homogeneous: bool = False,
    ) -> None:
        self.name = name
        self.summary = summary
        self.example = example
        self.aliases = aliases
        self.latex = latex if latex is not None else r"\operatorname{{" + name + r"}}\left({0}\right)"
        self.numpy = numpy
        self.helpers = helpers
        self.reference = reference
        self.symbolic = symbolic
        self.real_only = real_only
        self.axis = axis
        self.pairwise = pairwise
        self.spelling = spelling if spelling is not None else name
        self.stable = dict(stable) if stable is not None else {}
        self.homogeneous = homogeneous

    @property
    def arities(self) -> tuple[int, ...]:
        """How many arguments the function takes."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def __str__(self) -> str:
        return self.name


class Elementwise(Function):
    """A scalar function applied entry by entry; numbers among the operands are repeated to the shape of the others.

    parameters: the names of the operands in the formulas. defaults: values of the last ones, which may be left out.
    meaning: the function in the language, for people (and for SymPy where `sympy` is None).
    derivatives: its derivative by each operand as an expression in the parameters; None where there is none.
    where_positive: the name of an operand, and derivatives that are shorter and hold where it is known to be positive.
    expands: the function is short for its meaning, and is replaced by it.
    operator: the sign between the operands, for a comparison.
    domain: where the function of its first operand is defined over the reals; closed: it has values at the ends as
        well, and no slope there. kinks: points where it is continuous but
        not differentiable, or jumps; the derivative there is a convention. gap: for other kinks a function
        `gap(np, *operands)` of the operands that is zero where they are.
    reflects: 1 - f(t) = f(-t) (the logistic function).
    parity: "odd" where f(-t) = -f(t), "even" where f(-t) = f(t). power: the exponent, for a function that is a power.
    quotient: the names of two functions that it is the quotient of; logarithm: the name of the function log(f(t)).
    exact: its rational values at rational points, where constants are folded.
    sympy: source of a SymPy expression with `{0}` for the operand, evaluated with `sympy` in scope.
    """

    def __init__(
        self,
        name: str,
        summary: str,
        *,
        meaning: str,
        derivative: str | tuple[str | None, ...] = "0",
        parameters: tuple[str, ...] = ("t",),
        defaults: tuple[str, ...] = (),
        where_positive: tuple[str, tuple[str | None, ...]] | None = None,
        expands: bool = False,
        operator: str | None = None,
        domain: Interval = REAL_LINE,
        closed: bool = False,
        kinks: tuple[float, ...] = (),
        gap: Callable[..., Any] | None = None,
        reflects: bool = False,
        parity: str | None = None,
        power: Fraction | None = None,
        quotient: tuple[str, str] | None = None,
        logarithm: str | None = None,
        exact: Mapping[int | Fraction, int | Fraction] | None = None,
        sympy: str | None = None,
        **common: Any,
    ) -> None:
        common.setdefault("example", f"sum({name}({', '.join(_EXAMPLE_OPERANDS[: len(parameters)])}))")
        common.setdefault("numpy", f"np.{name}({', '.join(['{' + str(k) + '}' for k in range(len(parameters))])})")
        super().__init__(name, summary, **common)
        self.meaning = meaning
        self.derivatives = (derivative,) if isinstance(derivative, str) else derivative
        self.parameters = parameters
        self.defaults = defaults
        self.where_positive = where_positive
        self.expands = expands
        self.operator = operator
        self.domain = domain
        self.closed = closed or power is not None
        self.kinks = kinks
        self.gap = gap
        self.reflects = reflects
        self.parity = parity
        self.power = power
        self.quotient = quotient
        self.logarithm = logarithm
        self.exact = dict(exact) if exact is not None else {}
        self.sympy = sympy

    @property
    def arities(self) -> tuple[int, ...]:
        return tuple(range(len(self.parameters) - len(self.defaults), len(self.parameters) + 1))

    @property
    def derivative(self) -> str:
        """The derivative by the first operand."""
        first = self.derivatives[0]
        assert first is not None
        return first


_EXAMPLE_OPERANDS = ("x", "y", "z")


class Linear(Function):
    """A function that only moves, repeats, selects or sums entries, or multiplies its operands: an einsum.

    variants: for the kinds of the operands (`scalar`, `vector`, `row`, `matrix`, `dimension`; joined by commas) the
        einsum in index notation and the kind of the result: {"matrix": ("ij->", "scalar")}. An index may be
        repeated in the output, which puts the entries on a diagonal, and may stand in the output alone, which
        repeats them. An operand of kind `dimension` is a size; it stands in the einsum as the one index whose
        range it is. An index in the output alone takes its range from the surroundings.
    patterns: the constant tensors that stand in the einsum after the operands, of `PATTERNS`.
    averages: divide by the number of entries that are summed over.
    zero: the result is zero whatever the operands (only `zeros`).
    """

    def __init__(
        self,
        name: str,
        summary: str,
        *,
        variants: Mapping[str, tuple[str, str]],
        patterns: tuple[str, ...] | Mapping[str, tuple[str, ...]] = (),
        averages: bool = False,
        zero: bool = False,
        **common: Any,
    ) -> None:
        super().__init__(name, summary, **common)
        self.variants = dict(variants)
        self._patterns = patterns
        self.averages = averages
        self.zero = zero

    def patterns(self, kinds: str) -> tuple[str, ...]:
        """The constant tensors of a variant."""
        return self._patterns if isinstance(self._patterns, tuple) else self._patterns.get(kinds, ())

    @property
    def first_size(self) -> int | None:
        """The place of the first operand that is a size; those after it are sizes as well."""
        for kinds in self.variants:
            operands = kinds.split(",")
            if "dimension" in operands:
                return operands.index("dimension")
        return None

    @property
    def arities(self) -> tuple[int, ...]:
        return _arities(self.variants, self.axis)


PATTERNS = {
    "merge": "merge[i,j,p] is 1 where entry (i, j) of a matrix is entry p of its columns, one below the other",
    "lower": "lower[i,j] is 1 where j <= i",
    "difference": "difference[i,j] is 1 where j = i + 1, -1 where j = i; it has a row less than columns",
    "flip": "flip[i,j] is 1 where i and j are as far from opposite ends",
    "cross": "cross[i,j,k] is the sign of the permutation (i, j, k) of (1, 2, 3)",
    "shift": "shift[i,j] is 1 where j = i + offset",
}
"""The constant tensors."""


def _arities(variants: Mapping[str, object], axis: bool) -> tuple[int, ...]:
    counts = {kinds.count(",") + 1 for kinds in variants}
    return tuple(sorted(counts | {2} if axis else counts))


class Composite(Function):
    """A function that is short for an expression of other functions.

    parameters: names of the operands in `meaning`. variants: kinds of the operands -> kind of the result; with the
        index letters of their axes as in `Atom` where axes have to be equal.
    kink: whether it has a kink where its value is zero (a norm).
    """

    def __init__(
        self,
        name: str,
        summary: str,
        *,
        parameters: tuple[str, ...],
        meaning: str,
        variants: Mapping[str, str | tuple[str, str]],
        kink: bool = False,
        **common: Any,
    ) -> None:
        super().__init__(name, summary, **common)
        self.parameters = parameters
        self.meaning = meaning
        self.variants = dict(variants)
        self.kink = kink

    @property
    def arities(self) -> tuple[int, ...]:
        return _arities(self.variants, self.axis)


class Atom(Function):
    """A function that is neither elementwise nor linear, with a pullback of its own.

    variants: kinds of operand and result with the index letters of their axes:
        {"matrix": ("ij->", "scalar")} as in `Linear`, read as shapes only ("ii->" says that the operand is square).
    pullback: the cotangent of the operand, an expression in the operand `X`, the result's cotangent `G` and the further
        operands `K`, linear in `G`; None where the function is not differentiable.
    regular: `regular(np, X)`, a matrix that the pullback inverts and the function does not.
    trace_rule: for a matrix function f, the derivative of tr(f(X)): f'(X)', in `X`.
    transposes: f(X') = f(X)' (for a scalar result, f(X') = f(X)). invertible: the operand must be.
    symmetric: "required" where the operand must be symmetric, "given" where the result is.
    gap: as for `Elementwise`, a function of the operand that is zero where the function has a kink.
    """

    def __init__(
        self,
        name: str,
        summary: str,
        *,
        variants: Mapping[str, tuple[str, str]],
        pullback: str | None,
        transposes: bool = False,
        trace_rule: str | None = None,
        invertible: bool = False,
        regular: Callable[..., Any] | None = None,
        symmetric: str | None = None,
        gap: Callable[..., Any] | None = None,
        **common: Any,
    ) -> None:
        super().__init__(name, summary, **common)
        self.variants = dict(variants)
        self.pullback = pullback
        self.transposes = transposes
        self.trace_rule = trace_rule
        self.invertible = invertible
        self.regular = regular
        self.symmetric = symmetric
        self.gap = gap

    @property
    def arities(self) -> tuple[int, ...]:
        counts = set(_arities(self.variants, self.axis))
        return tuple(sorted(counts | {2} if self.pairwise else counts))


class Joining(Function):
    """A function that puts its operands beside each other or one below the other: a block literal by another name."""

    def __init__(self, name: str, summary: str, *, below: bool, **common: Any) -> None:
        super().__init__(name, summary, **common)
        self.below = below

    @property
    def arities(self) -> tuple[int, ...]:
        return tuple(range(1, 100))
