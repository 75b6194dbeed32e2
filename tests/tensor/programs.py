"""Random well-shaped programs over the whole language: a grammar whose symbols are shapes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from hypothesis import strategies as st

Choose = Callable[[Sequence[str]], str]
"""Takes one of several texts."""

DECLARATIONS = (
    "t, u: scalar; x, v: vector[n]; y: vector[m]; p, q: vector[3]; "
    "A: matrix[m,n]; B: matrix[n,n]; C: matrix[n,m]; S: symmetric[n]; "
)
FUNCTIONS = "g(t) = t*exp(-t^2) + 1/(2 + t^2); h(.); "

LEAVES: dict[str, list[str]] = {
    "s": ["t", "u", "x[1]", "A[2,1]", "2", "0.5", "n", "pi"],
    "n": ["x", "v", "z"],
    "m": ["y", "ones(m)"],
    "three": ["p", "q"],
    "rn": ["x'", "v'"],
    "mn": ["A", "Z"],
    "nn": ["B", "S", "eye(n)"],
    "nm": ["C"],
    "spd": ["(B*B' + eye(n))", "(eye(n) + exp(0.1*S))"],
}
"""The leaves of each shape: s is a number, n and m are columns, rn a row, spd a positive definite matrix; z and Z are
definitions."""


def _words(text: str) -> list[str]:
    return text.split()


SMOOTH = _words(
    "exp exp2 expm1 sin cos tanh sinh cosh asinh atan sigmoid logsigmoid softplus square silu mish softplus erf erfc "
    "normcdf normpdf lognormcdf gelu"
)
BROKEN = _words("abs sign relu heaviside leaky_relu elu selu hardtanh huber cbrt floor round")
POSITIVE = _words("log log2 log10 log1p sqrt reciprocal xlogx entr lgamma digamma gamma")
UNIT = _words("asin acos atanh erfinv")

ENTRYWISE = [
    *[f"{name}({{k}})" for name in [*SMOOTH, *BROKEN]],
    *[f"{name}(0.2 + square({{k}}))" for name in POSITIVE],
    *[f"{name}(0.9*sin({{k}}))" for name in UNIT],
    "logit(0.1 + 0.8*sigmoid({k}))",
    "acosh(1.1 + softplus({k}))",
    "tan(0.7*tanh({k}))",
    "sec(tanh({k}))",
    "atan2({k}, exp({k}))",
    "hypot({k}, 1 + exp({k}))",
    "logaddexp({k}, {k})",
    "xlogy({k}, exp({k}))",
    "pow(1 + square({k}), {s})",
    "((1.5 + sin({k})).^{k})",
    "({k}.^3)",
    "maximum({k}, {k})",
    "min({k}, {s} + 0.1)",
    "where({k} > {k}, {k}, {k})",
    "where({s} <= 0.3, {k}, {k})",
    "clip({k}, -0.5, 0.7)",
    "(({k} >= 0.2) .* {k})",
    "huber({k}, 0.3)",
    "g({k})",
    "h({k})",
    "g'({k})",
    "(-{k})",
    "({k} + {k})",
    "({k} - {k})",
    "({k} .* {k})",
    "({k} ./ (1 + square({k})))",
    "({s}*{k})",
    "({k} + {s})",
    "({k}/(2 + exp({s})))",
]
"""What keeps a shape k."""

TO_NUMBER = [
    *[f"{name}({{v}})" for name in _words("sum mean logsumexp norm1 norm2 norminf max min prod var std")],
    "normp({v}, 3)",
    "norm2({v})^2",
]
"""Numbers of a vector or a matrix v."""

TO_SAME = ["softmax({v})", "logsoftmax({v})", "normalize({v})"]

MOVED = ["cumsum({v})", "flip({v})", "[{v}[2:{l}]; {s}]", "[{s}; diff({v})]", "vec({v})"]
"""What moves the entries of a column v of the length l."""

RULES: dict[str, list[str]] = {
    "s": [
        *[template.replace("{v}", f"{{{kind}}}") for template in TO_NUMBER for kind in ("n", "m", "mn", "nn", "rn")],
        "({n}'*{n})",
        "({m}'*{mn}*{n})",
        "tr({nn})",
        "tr({mn}*{nm})",
        "dot({nn}, {nn})",
        "dot({n}, {n})",
        "quadform({n}, {nn})",
        "det({nn})",
        "logdet({spd})",
        "({n}'*({spd}\\{n}))",
        "nuclear({mn})",
        "spectral({mn})",
        "sum(eigvals(sym({nn})).^3)",
        "sum(exp(eigvals(S)))",
        "{n}[2]",
        "{mn}[1,2]",
        "sum([{n}; {m}].^2)",
        "norm2([{mn}, {m}; {n}', {s}])",
        "(vec({mn})'*vec({mn}))",
        "(kron({n}, {m})'*vec({mn}))",
        "sum(kron({nn}, {mn}).^2)",
        "({n}[2:n]'*{n}[1:n - 1])",
        "norm2(diff({mn}))^2",
        "({three}'*cross({three}, {three}))",
        "sum[i]({n}[i]*{n}[i])",
        "sum[i,j](square({mn}[i,j] - {n}[j])*{m}[i])",
        "sum[i](logsumexp({mn}[i,:]'.*{n}))",
        "sum[i=1..2]({n}[i]*norm2({mn}[:,i]))",
        "sum[i=1..2](prod({mn}[:,i])*i)",
        "sum[i](exp({nn}[i,i])*sum[j]({mn}[j,i]*{m}[j]))",
        "mean({mn}, 1)*{n}",
        "tr(expm(0.3*{nn}))",
        "tr({nn}^3)",
        "tr(logm({spd}))",
    ],
    "n": [
        *[template.replace("{v}", "{n}").replace("{l}", "n") for template in [*TO_SAME, *MOVED]],
        "({nn}*{n})",
        "({mn}'*{m})",
        "({nm}*{m})",
        "diag({nn})",
        "({spd}\\{n})",
        "{mn}[2,:]'",
        "{nn}[:,1]",
        "({rn}')",
        "eigvals(sym({nn}))",
        "[{m}; {n}][m + 1:m + n]",
        "sum[i]({m}[i]*{mn}[i,:]')",
        "(vector({s}) .* {n})",
        *[f"{name}({{nm}}, 2)" for name in _words("sum mean logsumexp norm1 norm2 max prod var std norminf")],
    ],
    "m": [
        *[template.replace("{v}", "{m}").replace("{l}", "m") for template in [*TO_SAME, *MOVED]],
        "({mn}*{n})",
        "({nm}'*{n})",
        "([{mn}, {m}]*[{n}; {s}])",
        "{nm}[1,:]'",
        *[f"{name}({{mn}}, 2)" for name in _words("sum mean logsumexp norm1 norm2 min prod var std norminf")],
        *[f"{name}({{nm}}, 1)'" for name in _words("sum mean logsumexp norm1 norm2 min prod var std")],
    ],
    "three": ["cross({three}, {three})", "({s}*{three})", "({three} + {three})", "exp({three})", "flip({three})"],
    "rn": [
        "({m}'*{mn})",
        "({n}')",
        "({rn}*{nn})",
        "{mn}[1,:]",
        "softmax({rn})",
        "sum({mn}, 1)",
        "exp({rn})",
        "max({mn}, 1)",
    ],
    "mn": [
        "({mn}*{nn})",
        "({m}*{n}')",
        "outer({m}, {n})",
        "({nm}')",
        "(diag({m})*{mn})",
        "softmax({mn}, 1)",
        "softmax({mn}, 2)",
        "softmax({mn})",
        "logsoftmax({mn}, 2)",
        "normalize({mn}, 2)",
        "normalize({mn}, 1)",
        "cumsum({mn})",
        "flip({mn})",
        "tril({mn})",
        "triu({mn})",
        "repmat({m}, 1, n)",
        "reshape(vec({nm}), m, n)",
        "reshape({nm}, m, n)",
        "[{mn}[1:2,:]; {mn}[3:m,:]]",
        "[{m}, {mn}[:,2:n]]",
        "pinv({nm})",
        "(matrix({s}) + {mn})",
        "({mn} + {m})",
        "({mn} .* {rn})",
    ],
    "nn": [
        "({nm}*{mn})",
        "({nn}')",
        "diag({n})",
        "({n}*{n}')",
        "({n}*{rn})",
        "inv(eye(n) + 0.1*tanh({nn}))",
        "inv({spd})",
        "chol({spd})",
        "sqrtm({spd})",
        "expm(0.3*{nn})",
        "({nn}^2)",
        "({nn}^-1)",
        "sym({nn})",
        "skew({nn})",
        "adj({nn})",
        "toeplitz({nn})",
        "tril({nn})",
        "[{nn}, {nm}; {mn}, eye(m)][1:n,1:n]",
        "kron({n}, {n}')",
        "({spd})",
    ],
    "nm": ["({mn}')", "({nn}*{nm})", "({spd}\\{nm})", "pinv({mn})", "triu({nm})", "softmax({nm}, 1)"],
    "spd": ["({nm}*{nm}' + eye(n))", "(diag(exp({n})) + {n}*{n}')", "expm(0.2*sym({nn}))", "inv({spd})"],
}  # fmt: skip
for _kind in ("s", "n", "m", "mn", "nm", "nn"):
    RULES[_kind] = [template.replace("{k}", f"{{{_kind}}}") for template in ENTRYWISE] + RULES[_kind]

_SYMBOL = re.compile(r"\{(\w+)\}")


def written(choose: Choose, kind: str, depth: int) -> str:
    """A random expression of a shape, of at most that many nested rules."""
    if depth == 0:
        return choose(LEAVES[kind])
    rule = choose(RULES[kind])
    depths = [str(number) for number in range(depth)]
    return _SYMBOL.sub(lambda symbol: written(choose, symbol[1], int(choose(depths))), rule)


def program(choose: Choose, kind: str, depth: int) -> str:
    """A program whose objective has a shape. Its definitions z and Z may be used, and used twice."""
    vector, matrix = [_without_definitions(written(choose, shape, min(depth - 1, 1))) for shape in ("n", "mn")]
    return f"{DECLARATIONS}{FUNCTIONS}z = {vector}; Z = {matrix}; {written(choose, kind, depth)}"


def _without_definitions(text: str) -> str:
    return re.sub(r"\bZ\b", "A", re.sub(r"\bz\b", "x", text))


@st.composite
def programs(draw: st.DrawFn, kind: str, depth: int) -> str:
    return program(lambda options: draw(st.sampled_from(options)), kind, depth)
