"""What each construct of the language comes to: the answer as it is written, and its check."""

from __future__ import annotations

import pytest

import gradcalc
from gradcalc.api import Problem
from gradcalc.errors import GradcalcError

ANSWERS = [
    # Axes.
    ("norm2(sum(X, 2))^2", "X", "2*sum(X, 2)*ones(n)'"),
    ("mean(X, 1)*y", "y", "mean(X, 1)'"),
    ("logsumexp(X, 2)'*y", "X", "diag(y)*softmax(X, 2)"),
    ("sum(logsumexp(X, 1))", "X", "softmax(X, 1)"),
    # Comparisons and choices.
    ("sum(max(x, y))", "x", "where(x > y, 1, 0)"),
    ("max(x, 1)'*y", "x", "where(x > 1, y, 0)"),
    ("sum(where(x > 0, x, x.^2))", "x", "where(x > 0, 1, 2*x)"),
    ("sum(clip(x, -1, 1))", "x", "where(x < -1, 0, where(x > 1, 0, 1))"),
    # Blocks.
    ("norm2([A, x])^2", "x", "2*x"),
    ("norm2([A, B; C]*x)^2", "x", "2*[A, B; C]'*([A, B; C]*x)"),
    ("[x; y]'*z", "y", "z[n + 1:m + n]"),
    # Slices and positions.
    ("norm2(A[2:end,:]*x)^2", "x", "2*A[2:m,:]'*(A[2:m,:]*x)"),
    ("x[end]^2", "x", "2*x[n]*eye(n)[:,n]"),
    ("A: matrix[m,n]; A[m,:]*x", "x", "A[m,:]'"),
    ("sum[i=1..n](x[i]*y[i + 1])", "x", "y[2:n + 1]"),
    ("sum[i](i*x[i])", "x", "cumsum(ones(n))"),
    ("sum[i,j](A[i,j]*x[i]*y[j])", "A", "x*y'"),
    # vec, kron, cross.
    ("vec(A*X*B)'*y", "X", "A'*reshape(y, m, q)*B'"),
    ("vec(X)'*kron(A, B)*vec(Y)", "X", "B*Y*A'"),
    ("tr(kron(A, B)*kron(A, B)')", "A", "2*norm2(B)^2*A"),
    ("cross(x, y)'*z", "x", "cross(y, z)"),
    ("x'*flip(x)", "x", "2*flip(x)"),
    ("norm2(diff(x))^2", "x", "2*diff(eye(n))'*diff(x)"),
    ("tr(A*tril(X))", "X", "triu(A)'"),
    # Functions of matrices.
    ("tr(expm(A*X))", "X", "(expm(A*X)*A)'"),
    ("tr(X^k)", "X", "k*(X^(k - 1))'"),
    ("sum(exp(eigvals(X + X')))", "X", None),
    ("tr(A*expm(X))", "X", None),
    ("tr(A*chol(X*X' + eye(n)))", "X", None),
    ("tr(A/B)", "B", "-(inv(B)*A*inv(B))'"),
    # Structure.
    ("Q: orthogonal; norm2(Q*x)^2", "x", "2*x"),
    ("Q: orthogonal; x'*inv(Q)*y", "x", "Q'*y"),
    ("S: skew; x'*S'*y", "x", "-S*y"),
    ("a: positive; sum(abs(a))", "a", "ones(n)"),
]


@pytest.mark.parametrize(("expression", "wrt", "expected"), ANSWERS)
def test_answer(expression: str, wrt: str, expected: str | None) -> None:
    derivative = gradcalc.derive(expression, wrt=wrt)
    if expected is not None:
        assert derivative.text == expected
    assert derivative.check(seed=8).verdict == "passed"


ERRORS = [
    ("A: matrix; x, y: vector; [A, x'; y]", "shape", "cannot put"),
    ("[x, y; z]", "shape", "the lengths differ"),
    ("x[3:2]", "shape", "is empty"),
    ("x: vector[3]; x[2:5]", "shape", "past the end"),
    ("x[n]", "name", "not bound"),
    ("sum[i](x[i + 1])", "shape", "how far the index i runs"),
    ("x: vector[3]; sum[i=1..3](x[i + 1])", "shape", "runs to 4"),
    ("sum(X, 3)", "shape", "of each column"),
    ("x: vector[4]; cross(x, x)", "shape", "the lengths differ"),
    ("A: matrix[2,3]; A*A^-1", "shape", "not square"),
    ("eigvals(A)", "shape", "symmetric"),
    ("x: vector[5]; reshape(x, 2, 3)", "shape", "the lengths differ"),
    ("[1 2; 3 4]", "syntax", "an operator is missing"),
    ("A: matrix[2,3]; B: matrix[3,2]; A/B", "shape", "not square"),
    ("sum[i=1..n]((x[i+1] - x[i])^2)", "shape", "past the end"),
    ("x: vector[n]; x[1:n+1]", "shape", "past the end"),
]


@pytest.mark.parametrize(("expression", "kind", "message"), ERRORS)
def test_error(expression: str, kind: str, message: str) -> None:
    with pytest.raises(GradcalcError) as caught:
        gradcalc.derive(expression, wrt=list(Problem(expression).typing.variables))
    assert caught.value.kind == kind
    assert message in f"{caught.value.message} {caught.value.hint}"


DATA_ERRORS = [
    ("D: diagonal[2]; det(D)", {"D": [[1.0, 2.0], [3.0, 4.0]]}, "data", "declared diagonal"),
    ("Q: orthogonal[2]; tr(Q)", {"Q": [[1.0, 2.0], [3.0, 4.0]]}, "data", "declared orthogonal"),
    ("S: spd[2]; logdet(S)", {"S": [[1.0, 2.0], [2.0, 1.0]]}, "data", "declared spd"),
    ("a: positive; sum(log(a))", {"a": [1.0, -2.0]}, "data", "declared positive"),
    ("tr(X^k)", {"X": [[1.0, 2.0], [3.0, 4.0]], "k": 2.5}, "numeric", "whole number"),
    ("x: vector[m]; y: vector[n]; x[1:n]'*y", {"x": [1.0], "y": [1.0, 2.0]}, "data", "past the end"),
    ("chol(A)", {"A": [[1.0, 2.0], [2.0, 1.0]]}, "numeric", "positive definite"),
]


@pytest.mark.parametrize(("expression", "arrays", "kind", "message"), DATA_ERRORS)
def test_data_error(expression: str, arrays: dict[str, object], kind: str, message: str) -> None:
    with pytest.raises(GradcalcError) as caught:
        gradcalc.derive(expression, wrt=next(iter(arrays))).function()(**arrays)
    assert caught.value.kind == kind
    assert message in caught.value.message


def test_a_length_may_follow_from_another() -> None:
    derivative = gradcalc.derive("x: vector[n + 1]; sum[i=1..n]((x[i + 1] - x[i])^2)", wrt="x")
    assert derivative.check(seed=1).verdict == "passed"
    assert list(derivative.function()(x=[1.0, 2.0, 4.0, 8.0])) == [-2.0, -2.0, -4.0, 8.0]
    given = Problem("x: vector[n + 1]; sum(x[1:n])", data_shapes={"x": (4,)})
    assert given.typing.named_length("n") == 3


def test_a_derivative_that_vanishes_because_of_a_reading_is_warned_of() -> None:
    derivative = gradcalc.derive("exp(x)/sum(exp(x))", wrt="x")
    assert any('declare "x: vector"' in warning for warning in derivative.warnings)
