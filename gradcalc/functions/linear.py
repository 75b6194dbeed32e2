"""The functions that move, select, repeat, sum or multiply entries: each is an einsum.

Sources: Petersen and Pedersen, The Matrix Cookbook (2012), chapter 10 for vec and kron; Magnus and Neudecker, Matrix
Differential Calculus (2019), chapter 2.
"""

from __future__ import annotations

from typing import Any

from gradcalc.functions.entry import Function, Joining, Linear


def _columns(np: Any, entries: Any, *shape: int) -> Any:
    """The matrix of a shape with the entries in its columns, one after the other."""
    return np.reshape(np.ravel(entries, order="F"), shape, order="F")


def _cross(np: Any, x: Any, y: Any) -> Any:
    (a, b, c), (u, v, w) = x, y
    return np.stack([b * w - c * v, c * u - a * w, a * v - b * u])


_ALL_TO_SCALAR = {
    "scalar": ("->", "scalar"), "vector": ("i->", "scalar"), "row": ("i->", "scalar"), "matrix": ("ij->", "scalar"),
}  # fmt: skip


def _commutation(np: Any, rows: int, columns: int) -> Any:
    """Row j + i*columns has its one at i + j*rows: entry (j, i) of X' is entry (i, j) of X."""
    places = [i + j * rows for i in range(rows) for j in range(columns)]
    return np.concatenate([np.reshape(np.eye(rows * columns)[place], (1, -1)) for place in places])


LINEAR: tuple[Function, ...] = (
    Linear(
        "sum", "the sum of all entries", variants=_ALL_TO_SCALAR, axis=True,
        example="sum(exp(x))", latex=r"\operatorname{{sum}}\left({0}\right)", numpy="np.sum({0})",
    ),
    Linear(
        "mean", "the mean of all entries",
        aliases=("average", "avg"), averages=True, variants=_ALL_TO_SCALAR, axis=True,
        example="mean(exp(x))", numpy="np.mean({0})",
    ),
    Linear(
        "tr", "the trace of a square matrix", aliases=("trace", "Tr"),
        variants={"matrix": ("ii->", "scalar")},
        example="tr(A*X)", numpy="np.trace({0})",
    ),
    Linear(
        "diag", "the diagonal matrix of a vector, or the diagonal of a square matrix", aliases=("Diag",),
        variants={"vector": ("i->ii", "matrix"), "row": ("i->ii", "matrix"), "matrix": ("ii->i", "vector")},
        example="x'*diag(exp(x))*x", numpy="np.diag({0})",
    ),
    Linear(
        "transpose", "the transpose", variants={
            "scalar": ("->", "scalar"), "vector": ("i->i", "row"), "row": ("i->i", "vector"),
            "matrix": ("ij->ji", "matrix"),
        },
        example="tr(A*transpose(X))", latex=r"{0}^{{\top}}", numpy="np.transpose({0})",
    ),
    Linear(
        "dot", "the sum of the products of corresponding entries", aliases=("inner",),
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
        "kron", "the Kronecker product: a block of the second matrix for each entry of the first",
        aliases=("kronecker",), patterns={
            "matrix,matrix": ("merge", "merge"), "vector,vector": ("merge",), "vector,matrix": ("merge",),
            "matrix,vector": ("merge",), "row,row": ("merge",), "vector,row": (), "row,vector": (),
            "row,matrix": ("merge",), "matrix,row": ("merge",),
        },
        variants={
            "matrix,matrix": ("ij,kl,kip,ljq->pq", "matrix"), "vector,vector": ("i,k,kip->p", "vector"),
            "vector,matrix": ("i,kl,kip->pl", "matrix"), "matrix,vector": ("ij,k,kip->pj", "matrix"),
            "row,row": ("i,k,kip->p", "row"), "vector,row": ("i,k->ik", "matrix"), "row,vector": ("i,k->ki", "matrix"),
            "row,matrix": ("j,kl,ljq->kq", "matrix"), "matrix,row": ("ij,l,ljq->iq", "matrix"),
        },
        example="tr(kron(A, B)*kron(A, B)')", latex=r"{0} \otimes {1}", numpy="_kron({0}, {1})", helpers=("_kron",),
        reference=lambda np, a, b: np.kron(a, b),
    ),
    Linear(
        "vec", "the columns of a matrix, one below the other", variants={
            "matrix": ("ij,ijp->p", "vector"), "vector": ("i->i", "vector"), "row": ("i->i", "vector"),
        },
        patterns={"matrix": ("merge",)}, example="vec(X)'*vec(exp(X))",
        numpy="np.ravel({0}, order='F')", reference=lambda np, x: np.ravel(x, order="F"),
    ),
    Linear(
        "reshape", "the entries, column by column, as a matrix of m rows and n columns", aliases=("unvec",),
        variants={
            "vector,dimension,dimension": ("p,i,j,ijp->ij", "matrix"),
            "row,dimension,dimension": ("p,i,j,ijp->ij", "matrix"),
            "matrix,dimension,dimension": ("kl,i,j,klp,ijp->ij", "matrix"),
        },
        patterns={
            "vector,dimension,dimension": ("merge",), "row,dimension,dimension": ("merge",),
            "matrix,dimension,dimension": ("merge", "merge"),
        },
        example="tr(A*reshape(x, 2, 3))", latex=r"\operatorname{{reshape}}\left({0}\right)_{{{1} \times {2}}}",
        numpy="np.reshape(np.ravel({0}, order='F'), ({1}, {2}), order='F')", reference=_columns,
    ),
    Linear(
        "repmat", "copies of a matrix or vector, m below each other and n beside each other", variants={
            "scalar,dimension,dimension": (",k,l->kl", "matrix"),
            "vector,dimension,dimension": ("i,k,l,ikp->pl", "matrix"),
            "matrix,dimension,dimension": ("ij,k,l,ikp,jlq->pq", "matrix"),
        },
        patterns={
            "vector,dimension,dimension": ("merge",), "matrix,dimension,dimension": ("merge", "merge"),
        },
        example="sum(exp(repmat(X, 2, 3)))", latex=r"\operatorname{{repmat}}\left({0}\right)_{{{1} \times {2}}}",
        numpy="_repmat({0}, {1}, {2})", helpers=("_repmat",),
        reference=lambda np, x, m, n: np.tile(x if np.ndim(x) == 2 else np.reshape(x, (-1, 1)), (m, n)),
    ),
    Linear(
        "cumsum", "the sums of the first entries, along a vector or down the columns", patterns=("lower",),
        variants={
            "vector": ("j,ij->i", "vector"), "row": ("j,ij->i", "row"), "matrix": ("jk,ij->ik", "matrix"),
        },
        example="norm2(cumsum(exp(x)))^2", numpy="np.cumsum({0}, axis=0)",
        reference=lambda np, x: np.cumsum(x, axis=0),
    ),
    Linear(
        "diff", "the differences of neighbouring entries, along a vector or down the columns", patterns=("difference",),
        variants={
            "vector": ("j,ij->i", "vector"), "row": ("j,ij->i", "row"), "matrix": ("jk,ij->ik", "matrix"),
        },
        example="norm2(diff(x))^2", numpy="np.diff({0}, axis=0)", reference=lambda np, x: np.diff(x, axis=0),
    ),
    Linear(
        "flip", "the entries, or the rows, in the opposite order", patterns=("flip",),
        variants={
            "vector": ("j,ij->i", "vector"), "row": ("j,ij->i", "row"), "matrix": ("jk,ij->ik", "matrix"),
        },
        example="x'*flip(exp(x))", numpy="np.flip({0}, axis=0)", reference=lambda np, x: np.flip(x, axis=0),
    ),
    Linear(
        "tril", "the lower triangle, zeros above it", variants={"matrix": ("ij,ij->ij", "matrix")},
        patterns=("lower",), example="tr(A*tril(exp(X)))", numpy="np.tril({0})", reference=lambda np, x: np.tril(x),
    ),
    Linear(
        "triu", "the upper triangle, zeros below it", variants={"matrix": ("ij,ji->ij", "matrix")},
        patterns=("lower",), example="tr(A*triu(exp(X)))", numpy="np.triu({0})", reference=lambda np, x: np.triu(x),
    ),
    Linear(
        "cross", "the vector product of two vectors of three entries; of a matrix column by column",
        variants={
            "vector,vector": ("j,k,ijk->i", "vector"), "vector,matrix": ("j,kl,ijk->il", "matrix"),
            "matrix,vector": ("jl,k,ijk->il", "matrix"),
        },
        patterns=("cross",), example="x'*cross(y, exp(x))", latex=r"{0} \times {1}",
        numpy="np.cross({0}, {1}, axis=0)", reference=_cross,
    ),
    Linear(
        "eye", "the identity matrix of a size", aliases=("identity",),
        variants={"dimension": ("i->ii", "matrix")},
        example="tr(A*eye(n))", latex="I_{{{0}}}", numpy="np.eye({0})",
    ),
    Linear(
        "commutation", "the matrix that makes vec(X') of vec(X), for a matrix X of m rows and n columns",
        variants={"dimension,dimension": ("i,j,jip,ijq->pq", "matrix")}, patterns=("merge", "merge"),
        example="x'*commutation(2, 3)*x", latex=r"K_{{{0},{1}}}",
        numpy="_commutation({0}, {1})", helpers=("_commutation",), reference=_commutation,
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
    Joining(
        "hcat", "matrices and columns beside each other: [A, B]", aliases=("horzcat", "hstack"), below=False,
        example="norm2(hcat(A, x))^2",
    ),
    Joining(
        "vcat", "matrices and rows, or vectors, one below the other: [A; B]", aliases=("vertcat", "vstack"), below=True,
        example="norm2(vcat(x, y))^2",
    ),
)  # fmt: skip
