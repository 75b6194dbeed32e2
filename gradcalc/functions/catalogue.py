"""The catalogue: one entry a function, and the ways to look one up."""

from __future__ import annotations

from gradcalc.functions import elementwise, linear, matrix, special
from gradcalc.functions.entry import Atom, Composite, Elementwise, Function, Joining, Linear

__all__ = ["BY_NAME", "ENTRIES", "Atom", "Composite", "Elementwise", "Function", "Joining", "Linear", "lookup"]

ENTRIES: tuple[Function, ...] = (
    Elementwise(
        "exp", "the exponential function",
        exact={0: 1}, meaning="exp(t)", derivative="exp(t)",
        reference=lambda np, t: np.exp(t), sympy="sympy.exp({0})",
    ),
    Elementwise(
        "log", "the natural logarithm", aliases=("ln",),
        exact={1: 0}, meaning="log(t)", derivative="1/t", domain=(0.0, _INFINITY),
        reference=lambda np, t: np.log(t), sympy="sympy.log({0})",
    ),
    Elementwise(
        "sqrt", "the square root",
        power=Fraction(1, 2), meaning="t^0.5", derivative="0.5/sqrt(t)", domain=(0.0, _INFINITY),
        latex=r"\sqrt{{{0}}}", reference=lambda np, t: np.sqrt(t), sympy="sympy.sqrt({0})",
    ),
    Elementwise(
        "square", "the square",
        power=Fraction(2), meaning="t^2", derivative="2*t",
        latex=r"{0}^{{\odot 2}}", reference=lambda np, t: t * t, sympy="({0})**2",
    ),
    Elementwise(
        "abs", "the absolute value",
        parity="even", meaning="abs(t)", derivative="sign(t)", kinks=(0.0,),
        latex=r"\left|{0}\right|", sympy="sympy.Abs({0})",
        reference=lambda np, t: np.where(np.real(t) < 0, -t, t),
    ),
    Elementwise(
        "sign", "the sign: -1, 0 or 1",
        parity="odd", exact={0: 0}, meaning="sign(t)", derivative="0", kinks=(0.0,),
        latex=r"\operatorname{{sign}}\left({0}\right)", sympy="sympy.sign({0})",
        reference=lambda np, t: np.sign(np.real(t)) + 0 * t,
    ),
    Elementwise(
        "heaviside", "the unit step: 0 below zero, 1 above, one half at zero", aliases=("step",),
        exact={0: Fraction(1, 2)}, meaning="(1 + sign(t))/2", derivative="0", kinks=(0.0,),
        numpy="np.heaviside({0}, 0.5)",
        latex=r"\operatorname{{H}}\left({0}\right)", sympy="sympy.Heaviside({0}, sympy.Rational(1, 2))",
        reference=lambda np, t: 0.5 * (1 + np.sign(np.real(t))) + 0 * t,
    ),
    Elementwise(
        "sin", "the sine",
        parity="odd", exact={0: 0}, meaning="sin(t)", derivative="cos(t)",
        reference=lambda np, t: np.sin(t), sympy="sympy.sin({0})",
    ),
    Elementwise(
        "cos", "the cosine",
        parity="even", exact={0: 1}, meaning="cos(t)", derivative="-sin(t)",
        reference=lambda np, t: np.cos(t), sympy="sympy.cos({0})",
    ),
    Elementwise(
        "tan", "the tangent",
        parity="odd", exact={0: 0}, meaning="tan(t)", derivative="1 + tan(t)^2",
        reference=lambda np, t: np.tan(t), sympy="sympy.tan({0})",
    ),
    Elementwise(
        "tanh", "the hyperbolic tangent",
        parity="odd", exact={0: 0}, meaning="tanh(t)", derivative="1 - tanh(t)^2",
        reference=lambda np, t: np.tanh(t), sympy="sympy.tanh({0})",
    ),
    Elementwise(
        "sinh", "the hyperbolic sine",
        parity="odd", exact={0: 0}, meaning="sinh(t)", derivative="cosh(t)",
        reference=lambda np, t: np.sinh(t), sympy="sympy.sinh({0})",
    ),
    Elementwise(
        "cosh", "the hyperbolic cosine",
        parity="even", exact={0: 1}, meaning="cosh(t)", derivative="sinh(t)",
        reference=lambda np, t: np.cosh(t), sympy="sympy.cosh({0})",
    ),
    Elementwise(
        "sigmoid", "the logistic function 1/(1 + exp(-t))", aliases=("logistic", "expit", "sigma"),
        exact={0: Fraction(1, 2)}, meaning="1/(1 + exp(-t))", derivative="sigmoid(t)*(1 - sigmoid(t))", reflects=True,
        latex=r"\sigma\left({0}\right)", numpy="_sigmoid({0})", helpers=("_sigmoid",),
        sympy="1/(1 + sympy.exp(-({0})))",
        reference=lambda np, t: np.where(
            np.real(t) < 0, np.exp(_clipped(np, t)), 1
        ) / (1 + np.exp(np.where(np.real(t) < 0, _clipped(np, t), -t))),
    ),
    Elementwise(
        "softplus", "log(1 + exp(t)), finite for every t",
        meaning="log(1 + exp(t))", derivative="sigmoid(t)",
        latex=r"\operatorname{{softplus}}\left({0}\right)", sympy="sympy.log(1 + sympy.exp({0}))",
        numpy="np.logaddexp(0.0, {0})",
        reference=lambda np, t: np.where(np.real(t) > 0, t, 0)
        + np.log1p(np.exp(np.where(np.real(t) > 0, -t, t))),
    ),
    Elementwise(
        "logsigmoid", "the logarithm of the logistic function",
        meaning="-log(1 + exp(-t))", derivative="1 - sigmoid(t)",
        latex=r"\log\sigma\left({0}\right)", sympy="-sympy.log(1 + sympy.exp(-({0})))",
        numpy="-np.logaddexp(0.0, -{0})",
        reference=lambda np, t: np.where(np.real(t) < 0, t, 0)
        - np.log1p(np.exp(np.where(np.real(t) < 0, t, -t))),
    ),
    Elementwise(
        "relu", "the positive part max(t, 0)",
        exact={0: 0}, meaning="(t + abs(t))/2", derivative="heaviside(t)", kinks=(0.0,),
        latex=r"\operatorname{{relu}}\left({0}\right)", numpy="np.maximum({0}, 0.0)",
        sympy="sympy.Max({0}, 0)",
        reference=lambda np, t: np.where(np.real(t) > 0, t, 0 * t),
    ),
    Linear(
        "sum", "the sum of all entries",
        variants={
            "scalar": ("->", "scalar"), "vector": ("i->", "scalar"), "row": ("i->", "scalar"),
            "matrix": ("ij->", "scalar"),
        },
        example="sum(exp(x))", latex=r"\operatorname{{sum}}\left({0}\right)", numpy="np.sum({0})",
    ),
    Linear(
        "mean", "the mean of all entries", averages=True,
        variants={
            "scalar": ("->", "scalar"), "vector": ("i->", "scalar"), "row": ("i->", "scalar"),
            "matrix": ("ij->", "scalar"),
        },
        example="mean(exp(x))", numpy="np.mean({0})",
    ),
    Linear(
        "tr", "the trace of a square matrix", aliases=("trace", "Tr"),
        variants={"matrix": ("ii->", "scalar")},
        example="tr(A*X)", numpy="np.trace({0})",
    ),
    Linear(
        "diag", "the diagonal matrix of a vector, or the diagonal of a square matrix",
        variants={"vector": ("i->ii", "matrix"), "row": ("i->ii", "matrix"), "matrix": ("ii->i", "vector")},
        example="x'*diag(exp(x))*x", numpy="np.diag({0})",
    ),
    Linear(
        "dot", "the sum of the products of corresponding entries",
        variants={
            "scalar,scalar": (",->", "scalar"), "vector,vector": ("i,i->", "scalar"), "row,row": ("i,i->", "scalar"),
            "vector,row": ("i,i->", "scalar"), "row,vector": ("i,i->", "scalar"),
            "matrix,matrix": ("ij,ij->", "scalar"),
        },
        example="dot(x, exp(x))", latex=r"\left\langle {0}, {1} \right\rangle", numpy="np.vdot({0}, {1})",
    ),
    Linear(
        "outer", "the outer product of two vectors",
        variants={
            "vector,vector": ("i,j->ij", "matrix"), "row,row": ("i,j->ij", "matrix"),
            "vector,row": ("i,j->ij", "matrix"), "row,vector": ("i,j->ij", "matrix"),
        },
        example="tr(A*outer(x, y))", latex=r"{0} \otimes {1}", numpy="np.outer({0}, {1})",
    ),
    Linear(
        "eye", "the identity matrix of a size",
        variants={"dimension": ("i->ii", "matrix")},
        example="tr(A*eye(n))", latex="I_{{{0}}}", numpy="np.eye({0})",
    ),
    Linear(
        "ones", "a vector or matrix of ones of a size",
        variants={"dimension": ("i->i", "vector"), "dimension,dimension": ("i,j->ij", "matrix")},
        example="ones(n)'*x", latex=r"\mathbf{{1}}_{{{0}}}", numpy="np.ones({0})",
    ),
    Linear(
        "zeros", "a vector or matrix of zeros of a size", zero=True,
        variants={"dimension": ("i->i", "vector"), "dimension,dimension": ("i,j->ij", "matrix")},
        example="norm2(x - zeros(n))", latex=r"\mathbf{{0}}_{{{0}}}", numpy="np.zeros({0})",
    ),
    Linear(
        "vector", "a vector with every entry the same scalar, of the size that fits",
        variants={"scalar": ("->i", "vector")},
        example="sum(exp(x) + vector(1))", latex=r"{0}\,\mathbf{{1}}",
    ),
    Linear(
        "matrix", "a matrix with every entry the same scalar, of the size that fits",
        variants={"scalar": ("->ij", "matrix")},
        example="sum(exp(X) + matrix(1))", latex=r"{0}\,\mathbf{{1}}\mathbf{{1}}^{{\top}}",
    ),
    Composite(
        "norm2", "the Euclidean norm of a vector, the Frobenius norm of a matrix",
        aliases=("normF",), parameters=("x",), meaning="sqrt(sum(x.^2))", variants=_ANY_TO_SCALAR,
        example="norm2(A*x - y)^2", latex=r"\left\lVert {0} \right\rVert_{{2}}",
        numpy="_norm2({0})", helpers=("_norm2",),
        reference=lambda np, x: np.sqrt(np.sum(x * x)),
    ),
    Composite(
        "norm1", "the sum of the absolute values of all entries",
        parameters=("x",), meaning="sum(abs(x))", variants=_ANY_TO_SCALAR,
        example="norm1(A*x - y)", latex=r"\left\lVert {0} \right\rVert_{{1}}",
        numpy="np.sum(np.abs({0}))",
        reference=lambda np, x: np.sum(np.where(np.real(x) < 0, -x, x)),
    ),
    Atom(
        "det", "the determinant", variants={"matrix": ("ii->", "scalar")},
        pullback="G*det(X)*inv(X)'", transposes=True,
        differentiable_when_invertible=True,
        example="det(X)", latex=r"\det\left({0}\right)", numpy="np.linalg.det({0})",
        reference=lambda np, x: np.linalg.det(x),
    ),
    Atom(
        "logdet", "the logarithm of the determinant, which must be positive", variants={"matrix": ("ii->", "scalar")},
        pullback="G*inv(X)'", transposes=True,
        invertible=True,
        example="logdet(X)", latex=r"\log\det\left({0}\right)", numpy="_logdet({0})", helpers=("_logdet",),
        reference=lambda np, x: _reference_logdet(np, x),
    ),
    Atom(
        "inv", "the inverse of a square matrix", aliases=("inverse",), variants={"matrix": ("ii->ii", "matrix")},
        pullback="-inv(X)'*G*inv(X)'", transposes=True,
        invertible=True,
        example="x'*inv(A)*x", latex=r"{0}^{{-1}}", numpy="np.linalg.inv({0})",
        reference=lambda np, x: np.linalg.inv(x),
    ),
    Atom(
        "logsumexp", "the logarithm of the sum of the exponentials of all entries", aliases=("lse",),
        variants={
            "scalar": ("->", "scalar"), "vector": ("i->", "scalar"), "row": ("i->", "scalar"),
            "matrix": ("ij->", "scalar"),
        },
        pullback="G*softmax(X)", transposes=True,
        example="logsumexp(A*x)", numpy="_logsumexp({0})", helpers=("_logsumexp",),
        reference=lambda np, x: np.max(np.real(x)) + np.log(np.sum(np.exp(x - np.max(np.real(x))))),
    ),
    Atom(
        "softmax", "the exponentials of all entries, divided by their sum",
        variants={
            "scalar": ("->", "scalar"), "vector": ("i->i", "vector"), "row": ("i->i", "row"),
            "matrix": ("ij->ij", "matrix"),
        },
        pullback="softmax(X) .* G - dot(softmax(X), G)*softmax(X)", transposes=True,
        example="y'*softmax(x)", numpy="_softmax({0})", helpers=("_softmax",),
        reference=lambda np, x: np.exp(x - np.max(np.real(x))) / np.sum(np.exp(x - np.max(np.real(x)))),
    ),
)  # fmt: skip


def _clipped(np: Any, t: Any) -> Any:
    """t where its real part is negative, else 0: keeps the unused branch of a `where` from overflowing."""
    return np.where(np.real(t) < 0, t, 0 * t)


def _reference_logdet(np: Any, x: Any) -> Any:
    """log(det(x)): nan for a negative determinant; the principal branch for a complex one."""
    sign, logarithm = np.linalg.slogdet(x)
    if np.iscomplexobj(x):
        return logarithm + np.log(sign)
    return logarithm if sign > 0 else np.nan if sign < 0 else -np.inf


BY_NAME: dict[str, Function] = {}
for _entry in ENTRIES:
    for _spelling in (_entry.name, *_entry.aliases):
        assert _spelling not in BY_NAME, _spelling
        BY_NAME[_spelling] = _entry

BY_OPERATOR: dict[str, Elementwise] = {
    entry.operator: entry for entry in ENTRIES if isinstance(entry, Elementwise) and entry.operator is not None
}
"""The comparisons by the sign that stands between their operands."""


def lookup(name: str) -> Function | None:
    """The entry of a function by its name or an alias, or None."""
    return BY_NAME.get(name)


def first_size(name: str) -> int | None:
    """The place of the first argument that is a size, as the 2 of reshape(x, m, n); None where there is none."""
    entry = BY_NAME.get(name)
    return entry.first_size if isinstance(entry, Linear) else None


def meant(name: str, kinds: tuple[str, ...]) -> Function | None:
    """The entry that a name means for operands of those kinds: `max(x, 1)` of a vector is taken entry by entry."""
    entry = BY_NAME.get(name)
    if entry is not None and entry.pairwise is not None and len(kinds) == 2 and kinds[0] != "matrix":
        return BY_NAME[entry.pairwise]
    return entry
