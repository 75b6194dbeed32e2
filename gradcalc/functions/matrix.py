"""Norms, determinants, inverses, factorisations, matrix functions, and what is neither elementwise nor an einsum.

Sources: Petersen and Pedersen, The Matrix Cookbook (2012), chapter 2; Giles, Collected Matrix Derivative Results for
Forward and Reverse Mode Algorithmic Differentiation (2008); Golub and Pereyra (1973) for pinv; Murray, Differentiation
of the Cholesky decomposition (2016); Higham, Functions of Matrices (2008), section 3.2 for the block matrix whose
function holds the Frechet derivative; Blanchard, Higham and Higham (2021) for logsumexp and softmax.
"""

from __future__ import annotations

from typing import Any

from gradcalc.functions.elementwise import COMPARISONS
from gradcalc.functions.entry import Atom, Composite, Function

_ANY_TO_SCALAR = {"scalar": "scalar", "vector": "scalar", "row": "scalar", "matrix": "scalar"}
_TO_SCALAR = {
    "scalar": ("->", "scalar"), "vector": ("i->", "scalar"), "row": ("i->", "scalar"), "matrix": ("ij->", "scalar"),
}  # fmt: skip
_SAME = {
    "scalar": ("->", "scalar"), "vector": ("i->i", "vector"), "row": ("i->i", "row"), "matrix": ("ij->ij", "matrix"),
}  # fmt: skip
_SQUARE = {"matrix": ("ii->ii", "matrix")}

_EQUAL = next(entry for entry in COMPARISONS if entry.name == "equal")

_FRECHET = "{0}([X', G; 0*X, X'])[1:n, n + 1:2*n]"


def _operator_name(name: str) -> str:
    return r"\operatorname{{" + name + r"}}\left({0}\right)"


def _logdet(np: Any, x: Any) -> Any:
    """log(det(x)): nan for a negative determinant; the principal branch for a complex one."""
    sign, logarithm = np.linalg.slogdet(x)
    if np.iscomplexobj(x):
        return logarithm + np.log(sign)
    return logarithm if sign > 0 else np.nan if sign < 0 else -np.inf


_FEW = 32
"""Up to so many rows an adjugate is computed by cofactors."""


def _adjugate(np: Any, x: Any) -> Any:
    """By cofactors: entry (j, i) is the determinant with row i replaced by e_j; large real matrices by their SVD."""
    units = np.eye(len(x))
    if np.small or len(x) <= _FEW:
        return np.stack(
            [
                np.stack([np.linalg.det(x + np.outer(row, unit - x[place])) for place, row in enumerate(units)])
                for unit in units
            ]
        )
    if np.iscomplexobj(x):
        return np.linalg.det(x) * np.linalg.inv(x)
    left, values, right = np.linalg.svd(x)
    others = np.append(1.0, np.cumprod(values[:-1])) * np.append(np.cumprod(values[:0:-1])[::-1], 1.0)
    return np.linalg.det(left) * np.linalg.det(right) * (right.T * others) @ left.T


def _softmax(np: Any, x: Any) -> Any:
    e = np.exp(x - np.max(np.real(x), initial=-np.inf))
    return e / np.sum(e)


def _logsumexp(np: Any, x: Any) -> Any:
    top = np.max(np.real(x))
    return top + np.log(np.sum(np.exp(x - top)))


def _extreme(np: Any, x: Any, sign: int) -> Any:
    """The entry with the largest real part times `sign`."""
    flat = np.ravel(x)
    return flat[np.argmax(sign * np.real(flat))]


def _runner_up(np: Any, x: Any, sign: int) -> Any:
    """How far the largest entry is above the second largest."""
    ordered = np.sort(sign * np.real(np.ravel(x)))
    return ordered[-1] - ordered[-2] if ordered.size > 1 else np.inf


def _shares(np: Any, x: Any, sign: int) -> Any:
    """1 at the largest entry times `sign`, 0 elsewhere; 1/k each where k are equal."""
    real = sign * np.real(x)
    largest = np.equal(real, np.max(real)) + 0.0
    return largest / np.sum(largest)


def _symbolic_shares(np: Any, x: Any, extreme: Any) -> Any:
    """The same with conditions in place of comparisons."""
    largest = np.applied(_EQUAL, [x, extreme])
    return largest / np.sum(largest)


def _singular_gap(np: Any, x: Any) -> Any:
    values = np.linalg.svd(np.real(x), compute_uv=False)
    return values[0] - values[1] if values.size > 1 else values[0]


def _gram(np: Any, x: Any) -> Any:
    """The smaller one of X'*X and X*X'."""
    return x.T @ x if x.shape[0] >= x.shape[1] else x @ x.T


def _pinv(np: Any, x: Any) -> Any:
    """The pseudoinverse of a matrix of full rank, continued analytically."""
    rows, columns = x.shape
    if rows >= columns:
        return np.linalg.solve(x.T @ x, x.T)
    return np.linalg.solve(x @ x.T, x).T


def _polar(np: Any, x: Any) -> Any:
    left, _, right = np.linalg.svd(x, full_matrices=False)
    return left @ right


def _leading_pair(np: Any, x: Any) -> Any:
    left, _, right = np.linalg.svd(x, full_matrices=False)
    return np.outer(left[:, 0], right[0])


def _along_diagonals(np: Any, x: Any, average: bool) -> Any:
    """The sums or means along the diagonals, laid out on them."""
    answer = np.zeros_like(x)
    for offset in range(1 - x.shape[0], x.shape[1]):
        entries = np.diagonal(x, offset)
        value = np.sum(entries) / (len(entries) if average else 1)
        answer = answer + value * np.eye(*x.shape, offset)
    return answer


NORMS: tuple[Function, ...] = (
    Composite(
        "norm2", "the Euclidean norm of a vector, the Frobenius norm of a matrix", axis=True, kink=True,
        aliases=("norm", "normF", "norm_2", "frobenius"), parameters=("x",), meaning="sqrt(sum(x.^2))",
        variants=_ANY_TO_SCALAR,
        example="norm2(A*x - y)^2", latex=r"\left\lVert {0} \right\rVert_{{2}}",
        numpy="_norm2({0})", helpers=("_norm2",), reference=lambda np, x: np.sqrt(np.sum(x * x)), homogeneous=True,
    ),
    Composite(
        "norm1", "the sum of the absolute values of all entries",
        aliases=("norm_1",), axis=True,
        parameters=("x",), meaning="sum(abs(x))", variants=_ANY_TO_SCALAR,
        example="norm1(A*x - y)", latex=r"\left\lVert {0} \right\rVert_{{1}}",
        numpy="np.sum(np.abs({0}))", homogeneous=True,
    ),
    Composite(
        "norminf", "the largest absolute value of the entries", aliases=("normInf",), axis=True,
        parameters=("x",), meaning="max(abs(x))", variants=_ANY_TO_SCALAR,
        example="norminf(A*x - y)", latex=r"\left\lVert {0} \right\rVert_{{\infty}}",
        numpy="np.max(np.abs({0}))", homogeneous=True,
    ),
    Composite(
        "normp", "the p-norm of all entries: sum(abs(x).^p)^(1/p)",
        parameters=("x", "p"), meaning="sum(abs(x).^p)^(1/p)",
        variants={f"{kind},scalar": "scalar" for kind in ("scalar", "vector", "row", "matrix")},
        example="normp(A*x - y, 3)", latex=r"\left\lVert {0} \right\rVert_{{{1}}}",
        numpy="_normp({0}, {1})", helpers=("_normp",), homogeneous=True, stable={"sum(t^k)^r": "normp(t, k)^(k*r)"},
    ),
    Atom(
        "nuclear", "the nuclear norm: the sum of the singular values", variants={"matrix": ("ij->", "scalar")},
        pullback="G*polar(X)", transposes=True, real_only=True,
        example="nuclear(A + X)", latex=r"\left\lVert {0} \right\rVert_{{*}}",
        numpy="np.linalg.norm({0}, 'nuc')", aliases=("normnuc",),
        reference=lambda np, x: np.sum(np.linalg.svd(x, compute_uv=False)),
        gap=lambda np, x: np.linalg.svd(np.real(x), compute_uv=False),
    ),
    Atom(
        "spectral", "the spectral norm: the largest singular value", variants={"matrix": ("ij->", "scalar")},
        pullback="G*leadingpair(X)", transposes=True, real_only=True,
        example="spectral(A + X)", latex=r"\left\lVert {0} \right\rVert_{{2}}",
        numpy="np.linalg.norm({0}, 2)",
        reference=lambda np, x: np.linalg.svd(x, compute_uv=False)[0], gap=_singular_gap,
    ),
    Atom(
        "polar", "the orthogonal polar factor U*V' of the singular value decomposition U*S*V'",
        variants={"matrix": ("ij->ij", "matrix")}, pullback=None, transposes=True, real_only=True,
        example="tr(polar(eye(3)))", numpy="_polar({0})", helpers=("_polar",), reference=_polar,
    ),
    Atom(
        "leadingpair", "u*v' of the leading singular vectors u and v", variants={"matrix": ("ij->ij", "matrix")},
        pullback=None, transposes=True, real_only=True,
        example="tr(leadingpair(eye(3)))", numpy="_leading_pair({0})", helpers=("_leading_pair",),
        reference=_leading_pair,
    ),
)  # fmt: skip

REDUCTIONS: tuple[Function, ...] = (
    Atom(
        "max", "the largest entry; with two operands the larger one, entry by entry",
        aliases=("amax",), variants=_TO_SCALAR, axis=True,
        pullback="G*maxima(X)", pairwise="maximum", example="max(A*x)", numpy="np.max({0})",
        latex=r"\max\left({0}\right)",
        reference=lambda np, x: _extreme(np, x, 1), gap=lambda np, x: _runner_up(np, x, 1),
        symbolic=lambda np, x: np.max(x),
    ),
    Atom(
        "min", "the smallest entry; with two operands the smaller one, entry by entry",
        aliases=("amin",), variants=_TO_SCALAR, axis=True,
        pullback="G*minima(X)", pairwise="minimum", example="min(A*x)", numpy="np.min({0})",
        latex=r"\min\left({0}\right)",
        reference=lambda np, x: _extreme(np, x, -1), gap=lambda np, x: _runner_up(np, x, -1),
        symbolic=lambda np, x: np.min(x),
    ),
    Atom(
        "maxima", "1 at the largest entry and 0 elsewhere; 1/k at each of k largest ones: the slope of `max`",
        variants=_SAME, axis=True, pullback="0*G", transposes=True, example="y'*maxima(x)", numpy="_shares({0})",
        helpers=("_shares",), reference=lambda np, x: _shares(np, x, 1), gap=lambda np, x: _runner_up(np, x, 1),
        symbolic=lambda np, x: _symbolic_shares(np, x, np.max(x)),
    ),
    Atom(
        "minima", "1 at the smallest entry and 0 elsewhere; 1/k at each of k smallest ones: the slope of `min`",
        variants=_SAME, axis=True, pullback="0*G", transposes=True, example="y'*minima(x)", numpy="_shares(-{0})",
        helpers=("_shares",), reference=lambda np, x: _shares(np, x, -1), gap=lambda np, x: _runner_up(np, x, -1),
        symbolic=lambda np, x: _symbolic_shares(np, x, np.min(x)),
    ),
    Atom(
        "prod", "the product of all entries", variants=_TO_SCALAR, axis=True, pullback="G*prod(X)./X",
        example="prod(x)", latex=r"\textstyle\prod {0}", numpy="np.prod({0})", reference=lambda np, x: np.prod(x),
    ),
    Atom(
        "var", "the variance of all entries: the mean of the squared distances from the mean", variants=_TO_SCALAR,
        axis=True, pullback="2*G*(X - mean(X))/sum(X.^0)", example="var(A*x)", numpy="np.var({0})",
        latex=_operator_name("var"), reference=lambda np, x: np.mean((x - np.mean(x)) ** 2),
    ),
    Composite(
        "std", "the standard deviation of all entries: sqrt(var(x))", variants=_ANY_TO_SCALAR, axis=True, kink=True,
        parameters=("x",), meaning="sqrt(var(x))", example="std(A*x)", numpy="np.std({0})",
    ),
    Composite(
        "quadform", "the quadratic form x'*A*x", parameters=("x", "A"), meaning="x'*A*x",
        variants={"vector,matrix": ("i,ii->", "scalar")}, example="quadform(x, A)",
        latex=r"{0}^{{\top}} {1} {0}", numpy="{0} @ {1} @ {0}",
    ),
    Atom(
        "logsumexp", "the logarithm of the sum of the exponentials of all entries",
        aliases=("lse", "log_sum_exp"), axis=True,
        variants=_TO_SCALAR, pullback="G*softmax(X)", transposes=True,
        example="logsumexp(A*x)", numpy="_logsumexp({0})", helpers=("_logsumexp",), reference=_logsumexp,
        symbolic=lambda np, x: np.log(np.sum(np.exp(x))),
        stable={
            "log(u'*exp(t))": "logsumexp(t) + log(u'*softmax(t))",
            "exp(t)/(u'*exp(t))": "softmax(t)/(u'*softmax(t))",
        },
    ),
    Atom(
        "softmax", "the exponentials of all entries, divided by their sum", variants=_SAME, axis=True,
        pullback="softmax(X) .* G - dot(softmax(X), G)*softmax(X)", transposes=True,
        example="y'*softmax(x)", numpy="_softmax({0})", helpers=("_softmax",), reference=_softmax,
        symbolic=lambda np, x: np.exp(x) / np.sum(np.exp(x)),
    ),
    Composite(
        "logsoftmax", "log(softmax(x)), finite for every x", aliases=("log_softmax",), parameters=("x",), axis=True,
        meaning="x - logsumexp(x)", variants={kind: kind for kind in ("scalar", "vector", "row", "matrix")},
        example="y'*logsoftmax(A*x)", numpy="{0} - _logsumexp({0})", helpers=("_logsumexp",),
    ),
    Composite(
        "normalize", "x/norm2(x)", parameters=("x",), meaning="x/norm2(x)", axis=True,
        variants={"vector": "vector", "row": "row", "matrix": "matrix"},
        example="y'*normalize(x)", numpy="{0} / _norm2({0})", helpers=("_norm2",),
    ),
    Atom(
        "toeplitz", "the nearest Toeplitz matrix: the means along the diagonals, laid out on them",
        variants={"matrix": ("ij->ij", "matrix")}, pullback="toeplitz(G)", transposes=True,
        example="tr(A*toeplitz(X))", numpy="_along_diagonals({0}, True)", helpers=("_along_diagonals",),
        reference=lambda np, x: _along_diagonals(np, x, True),
    ),
    Atom(
        "diagsums", "the sums along the diagonals, laid out on them", variants={"matrix": ("ij->ij", "matrix")},
        pullback="diagsums(G)", transposes=True,
        example="tr(A*diagsums(X))", numpy="_along_diagonals({0}, False)", helpers=("_along_diagonals",),
        reference=lambda np, x: _along_diagonals(np, x, False),
    ),
)  # fmt: skip

MATRIX_FUNCTIONS: tuple[Function, ...] = (
    Atom(
        "det", "the determinant",
        aliases=("determinant",), variants={"matrix": ("ii->", "scalar")},
        pullback="G*det(X)*inv(X)'", transposes=True,
        regular=lambda np, x: x,
        example="det(X)", latex=r"\det\left({0}\right)", numpy="np.linalg.det({0})",
        reference=lambda np, x: np.linalg.det(x), stable={"det(X)*inv(X)": "adj(X)"},
    ),
    Atom(
        "logdet", "the logarithm of the determinant, which must be positive",
        aliases=("log_det",), variants={"matrix": ("ii->", "scalar")},
        pullback="G*inv(X)'", transposes=True,
        invertible=True,
        example="logdet(X)", latex=r"\log\det\left({0}\right)", numpy="_logdet({0})", helpers=("_logdet",),
        reference=_logdet,
    ),
    Atom(
        "inv", "the inverse of a square matrix", aliases=("inverse",), variants=_SQUARE,
        pullback="-inv(X)'*G*inv(X)'", transposes=True,
        invertible=True,
        example="x'*inv(A)*x", latex=r"{0}^{{-1}}", numpy="np.linalg.inv({0})",
        reference=lambda np, x: np.linalg.inv(x),
    ),
    Atom(
        "pinv", "the pseudoinverse of a matrix of full rank", variants={"matrix": ("ij->ji", "matrix")},
        transposes=True, regular=_gram, aliases=("pseudoinverse",),
        pullback="(G' - X*pinv(X)*G')*pinv(X)*pinv(X)' + pinv(X)'*pinv(X)*(G' - G'*pinv(X)*X) - pinv(X)'*G*pinv(X)'",
        example="tr(A*pinv(X))", latex=r"{0}^{{+}}", numpy="np.linalg.pinv({0})", reference=_pinv,
    ),
    Composite(
        "adj", "the adjugate det(X)*inv(X)", aliases=("adjugate",), parameters=("X",), meaning="det(X)*inv(X)",
        variants=_SQUARE, example="tr(A*adj(X))", latex=_operator_name("adj"),
        numpy="_adj({0})", helpers=("_adj",), reference=_adjugate,
    ),
    Composite(
        "sym", "the symmetric part (X + X')/2", parameters=("X",), meaning="0.5*(X + X')",
        variants=_SQUARE, example="tr(exp(X)*sym(X))", numpy="0.5 * ({0} + {0}.T)",
    ),
    Composite(
        "skew", "the skew part (X - X')/2", parameters=("X",), meaning="0.5*(X - X')",
        variants=_SQUARE, example="tr(exp(X)*skew(X))", numpy="0.5 * ({0} - {0}.T)",
    ),
    Atom(
        "expm", "the matrix exponential", variants=_SQUARE, transposes=True,
        pullback=_FRECHET.format("expm"), trace_rule="expm(X)'",
        example="tr(A*expm(X))", latex=r"e^{{{0}}}", numpy="_linalg.expm({0})", helpers=("_linalg",),
        reference=lambda np, x: np.expm(x),
    ),
    Atom(
        "logm", "the principal logarithm of a matrix", variants=_SQUARE, transposes=True,
        pullback=_FRECHET.format("logm"), trace_rule="inv(X)'",
        example="tr(A*logm(X*X' + eye(n)))", numpy="_logm({0})", helpers=("_logm",), real_only=True,
        reference=lambda np, x: np.logm(x),
    ),
    Atom(
        "sqrtm", "the principal square root of a matrix", variants=_SQUARE, transposes=True,
        pullback=_FRECHET.format("sqrtm"), trace_rule="0.5*inv(sqrtm(X))'",
        example="tr(A*sqrtm(X*X' + eye(n)))", latex=r"{0}^{{1/2}}", numpy="_sqrtm({0})", helpers=("_sqrtm",),
        real_only=True, reference=lambda np, x: np.sqrtm(x),
    ),
    Atom(
        "matpow", "the whole power of a square matrix: X^k", variants={"matrix,scalar": ("ii,->ii", "matrix")},
        transposes=True, pullback="matpow([X', G; 0*X, X'], K)[1:n, n + 1:2*n]", trace_rule="K*matpow(X, K - 1)'",
        example="tr(matpow(X, 3))", latex=r"{0}^{{{1}}}", numpy="_matpow({0}, {1})", helpers=("_matpow",),
        reference=lambda np, x, k: np.linalg.matrix_power(x, round(float(np.real(k)))),
    ),
    Atom(
        "chol", "the lower Cholesky factor of a symmetric positive definite matrix", variants=_SQUARE,
        pullback=(
            "sym(inv(chol(X))'*(tril(chol(X)'*G) - 0.5*diag(diag(chol(X)'*G)))*inv(chol(X)))"
        ),
        aliases=("cholesky",), example="tr(A*chol(X*X' + eye(n)))", numpy="_chol({0})", helpers=("_chol",),
        reference=lambda np, x: np.cholesky((x + x.T) / 2),
    ),
    Atom(
        "eigvals", "the eigenvalues of a symmetric matrix, in ascending order",
        variants={"matrix": ("ii->i", "vector")},
        pullback="eigvecs(X)*diag(G)*eigvecs(X)'", symmetric="required", real_only=True,
        aliases=("eig", "eigenvalues"),
        example="sum(exp(eigvals(X + X')))", latex=r"\lambda\left({0}\right)", numpy="np.linalg.eigvalsh({0})",
        reference=lambda np, x: np.linalg.eigvalsh((x + x.T) / 2),
        gap=lambda np, x: np.diff(np.linalg.eigvalsh(np.real(x + x.T) / 2)),
    ),
    Atom(
        "eigvecs", "the eigenvectors of a symmetric matrix, in the columns, in the order of `eigvals`",
        variants=_SQUARE, symmetric="required", real_only=True,
        pullback=(
            # What is divided by is 1 on the diagonal, so that further derivatives are finite there.
            "eigvecs(X)*((eigvecs(X)'*G) .* where(eigvals(X)*ones(n)' == ones(n)*eigvals(X)', 0, "
            "1 ./ (ones(n)*eigvals(X)' - eigvals(X)*ones(n)' + (eigvals(X)*ones(n)' == ones(n)*eigvals(X)'))))"
            "*eigvecs(X)'"
        ),
        example="tr(eigvecs(eye(2)))", numpy="_eigvecs({0})", helpers=("_eigvecs",),
        reference=lambda np, x: np.linalg.eigh((x + x.T) / 2)[1],
        gap=lambda np, x: np.diff(np.linalg.eigvalsh(np.real(x + x.T) / 2)),
    ),
)  # fmt: skip
