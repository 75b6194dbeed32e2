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
    reference: the function by its plain meaning, `reference(np, *arrays)`, right for complex arrays too where the
        function is analytic; used only by the reference interpreter.
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
    ) -> None:
        self.name = name
        self.summary = summary
        self.example = example
        self.aliases = aliases
        self.latex = latex if latex is not None else r"\operatorname{{" + name + r"}}\left({0}\right)"
        self.numpy = numpy
        self.helpers = helpers
        self.reference = reference

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def __str__(self) -> str:
        return self.name


class Elementwise(Function):
    """A scalar function applied entry by entry; the result has the operand's shape.

    meaning: the function of `t` in the language, for people (and for SymPy where `sympy` is None).
    derivative: its derivative as an expression in `t`.
    domain: where the function is defined over the reals. kinks: points where it is continuous but not
        differentiable, or jumps; the derivative there is a convention.
    reflects: 1 - f(t) = f(-t) (the logistic function).
    parity: "odd" where f(-t) = -f(t), "even" where f(-t) = f(t). power: the exponent, for a function that is a power.
    exact: its rational values at rational points, where constants are folded.
    sympy: source of a SymPy expression with `{0}` for the operand, evaluated with `sympy` in scope.
    """

    def __init__(
        self,
        name: str,
        summary: str,
        *,
        meaning: str,
        derivative: str,
        domain: Interval = REAL_LINE,
        kinks: tuple[float, ...] = (),
        reflects: bool = False,
        parity: str | None = None,
        power: Fraction | None = None,
        exact: Mapping[int | Fraction, int | Fraction] | None = None,
        sympy: str | None = None,
        **common: Any,
    ) -> None:
        common.setdefault("example", f"sum({name}(x))")
        common.setdefault("numpy", f"np.{name}({{0}})")
        common.setdefault("latex", "\\" + name + r"\left({0}\right)")
        super().__init__(name, summary, **common)
        self.meaning = meaning
        self.derivative = derivative
        self.domain = domain
        self.kinks = kinks
        self.reflects = reflects
        self.parity = parity
        self.power = power
        self.exact = dict(exact) if exact is not None else {}
        self.sympy = sympy


class Linear(Function):
    """A function that only moves, repeats, selects or sums entries, or multiplies its operands: an einsum.

    variants: for the kinds of the operands (`scalar`, `vector`, `row`, `matrix`, `dimension`; joined by commas) the
        einsum in index notation and the kind of the result: {"matrix": ("ij->", "scalar")}. An index may be
        repeated in the output, which puts the entries on a diagonal, and may stand in the output alone, which
        repeats them. An operand of kind `dimension` is a size; it stands in the einsum as the one index whose
        range it is. An index in the output alone takes its range from the surroundings.
    averages: divide by the number of entries that are summed over.
    zero: the result is zero whatever the operands (only `zeros`).
    """

    def __init__(
        self,
        name: str,
        summary: str,
        *,
        variants: Mapping[str, tuple[str, str]],
        averages: bool = False,
        zero: bool = False,
        **common: Any,
    ) -> None:
        super().__init__(name, summary, **common)
        self.variants = dict(variants)
        self.averages = averages
        self.zero = zero


class Composite(Function):
    """A function that is short for an expression of other functions.

    parameters: names of the operands in `meaning`. variants: kinds of the operands -> kind of the result.
    """

    def __init__(
        self,
        name: str,
        summary: str,
        *,
        parameters: tuple[str, ...],
        meaning: str,
        variants: Mapping[str, str],
        **common: Any,
    ) -> None:
        super().__init__(name, summary, **common)
        self.parameters = parameters
        self.meaning = meaning
        self.variants = dict(variants)


class Atom(Function):
    """A function that is neither elementwise nor linear, with a pullback of its own.

    signatures: kinds of operand and result with the index letters of their axes:
        {"matrix": ("ij->", "scalar")} as in `Linear`, read as shapes only ("ii->" says that the operand is square).
    pullback: the cotangent of the operand, an expression in the operand `X` and the result's cotangent `G`, linear
        in `G`.
    transposes: f(X') = f(X)' (for a scalar result, f(X') = f(X)). invertible: the operand must be.
    differentiable_when_invertible: the pullback inverts the operand, the function itself does not.
    """

    def __init__(
        self,
        name: str,
        summary: str,
        *,
        variants: Mapping[str, tuple[str, str]],
        pullback: str,
        transposes: bool,
        invertible: bool = False,
        differentiable_when_invertible: bool = False,
        **common: Any,
    ) -> None:
        super().__init__(name, summary, **common)
        self.variants = dict(variants)
        self.pullback = pullback
        self.transposes = transposes
        self.invertible = invertible
        self.differentiable_when_invertible = differentiable_when_invertible
