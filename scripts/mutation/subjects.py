"""What a mutant is asked to derive: a little of everything."""

from __future__ import annotations

from typing import Any, NamedTuple

FORMS = ("index", "einsum", "action", "full")


class Subject(NamedTuple):
    """An expression, by what, and how."""

    expression: str
    wrt: tuple[str, ...]
    order: int = 1
    declare: tuple[str, ...] = ()
    layout: str | None = None
    structured: str | None = None
    direction: tuple[str, ...] | None = None

    def options(self) -> dict[str, Any]:
        """The arguments of `derive`."""
        return {**self._asdict(), "wrt": list(self.wrt), "direction": self.direction and list(self.direction)}


_RECTANGULAR = ("A: matrix[m,n]", "x: vector[n]", "y: vector[m]")
_SQUARE = ("X: matrix[n,n]", "A: matrix[n,n]", "x: vector[n]")

_GRADIENTS = """
log(1+exp(-y*w'*sigmoid(W*x+b)))|W
norm2(A*x - y)^2/2|x
norm2(A*x - y)^2/2|A
tr(A*X*B*X')|X
sum(diag(A*x).^2)|x
sum(diag(X)*diag(Y).*A)|X
tr(kron(A, B)*kron(C, D))|A
sum(kron(A, x).^3)|x
vec(X)'*kron(A, B)*vec(X)|X
tr(expm(A*X))|X
sum(diag(expm(X)).^2)|X
sum(inv(X).^2)|X
logdet(X'*X)|X
det(t*X + Y)|t
x'*inv(A + A')*x|A
sum((A\\b).^2)|A
sum(X^3)|X
tr(X^-2*A)|X
sum[i](w[i]*x[i]^3)|x
sum[i,j](A[i,j]^2*x[i])|A
sum[i=1..n-1]((x[i+1] - x[i])^2)|x
sum[i,j](exp(-(x[i] - x[j])^2))|x
sum(sum(A.^2,1).^2)|A
sum(max(A,2).*x)|A
sum(cumsum(A).*B)|A
sum(mean(A,2).^3)|A
sum(reshape(X,2,3).*Y)|X
norm1(A*x)|x
norminf(x) + max(A*x)|x
logsumexp(A*x + b)|x
sum(softmax(W*x).*y)|W
nuclear(X)|X
spectral(X)|X
sum(chol(A*A' + eye(n)))|A
x'*[A, b; c', t]*x|A
sum(X[1:2,:].^2)|X
x[2]^2*X[1,2]*X[:,2]'*y|X
(x'*A*x)/(x'*x)|x
sqrt(x'*A*x) + sum(abs(x).^3)|x
std(A*x)|x
prod(x)*sum(log(x))|x
tr(toeplitz(X)*A)|X
sum(tril(X*A).^2)|X
sum(repmat(x,1,3).*B)|x
sum(cross(p,q).^3)|p
sum((A.*(x*y')).^2) + sum((x*ones(m)').*A)|x
log(det(A)) - tr(A*S)|A
sum(flip(x).*exp(x))|x
sum(atan2(x,y)) + sum(hypot(x, 2*y))|x
sum(relu(W*x).^2) + sum(huber(x))|x
sum(min(x,y).*max(x, 0))|x
sum((x > 0).*x.^2)|x
(1 - tanh(w'*x)^2)*sigmoid(w'*x)|x
exp(-norm2(x - y)^2/(2*s^2))|s
-log(softmax(x)[2])|x
a^t + t^a|t
sum(diff(x).^2)*trace(x*x')|x
eigvals(A + A')[1]|A
tr(sqrtm(A*A' + eye(n)))|A
phi(t) = t/(1 + abs(t)); sum(phi(A*x))|x
g(.); sum(g(A*x))|x
s = A*x; z = s.*s; sum(z.*exp(-s))|x
w'*pinv(A)*b|A
""".strip()

_JACOBIANS = """
A*x.*sigmoid(x)|x
x*x'|x
inv(X)|X
A*X*B|X
softmax(x)|x
(x'*A*x)*x|x
[x; A*x]|x
sum(A.*(x*y'),1)|x
diag(x)*A|x
kron(x,y)|x
x/norm2(x)|x
expm(t*A)|t
A*X*b|X
cumsum(x).^2|x
reshape(x,2,3)*A|x
tr(X)*X|X
""".strip()

_HESSIANS = """
x'*A*x|x
tr(A*X*B*X')|X
log(sum(exp(A*x)))|x
sum(diag(A*x).^2)|x
norm2(x)^3|x
logdet(X)|X
sum(sigmoid(W*x))|W
(w'*x)^3*t^2|x
(w'*x)^3*t^2|t,x
sum[i,j](x[i]^2*A[i,j]*x[j])|x
exp(-norm2(x-y)^2/2)|x
x'*A*y|x,y
sum((A*x).^2./(1 + x.^2))|x
prod(x)|x
sum(X^2)|X
tr(inv(X)*A)|X
f(t) = log(cosh(t)); sum(f(A*x - b))|x
""".strip()

_OTHERS = [
    Subject("A*x.*sigmoid(A*x)", ("x",), layout="denominator"),
    Subject("norm2(A*x - y)^2", ("x",), layout="numerator", declare=_RECTANGULAR),
    Subject("norm2(A*x - y)^2", ("A",), layout="numerator", declare=_RECTANGULAR),
    Subject("x'*A*x + sum(A.^3)", ("A",), declare=("A: symmetric[n]",)),
    Subject("x'*A*x + sum(A.^3)", ("A",), declare=("A: symmetric[n]",), structured="independent"),
    Subject("tr(A*X*B)", ("X",), declare=("X: skew[n]",)),
    Subject("tr(A*X*B)", ("X",), declare=("X: skew[n]",), structured="independent"),
    Subject("tr(A*X*X)", ("X",), declare=("X: diagonal[n]",)),
    Subject("tr(A*X*X)", ("X",), declare=("X: lower[n]",)),
    Subject("sum(inv(X))", ("X",), declare=("X: upper[n]",), structured="independent"),
    Subject("tr(A*X*X)", ("X",), declare=("X: toeplitz[n]",)),
    Subject("tr(A*X*B*X')", ("X",), declare=("X: orthogonal[n]",)),
    Subject("logdet(X) + tr(A*X^2)", ("X",), declare=("X: spd[n]",)),
    Subject("x'*A*X*x", ("X[2,1]",), declare=_SQUARE),
    Subject("sum(exp(X*x).*x)", ("X[i,j]",)),
    Subject("x'*A*x", ("x[3]", "A[1,2]")),
    Subject("x'*A*x", ("x[i]", "x[j]"), order=2),
    Subject("sum(exp(A*x))", ("x",), direction=("v",)),
    Subject("sum(exp(A*x))", ("x",), order=2, direction=("v",)),
    Subject("tr(A*X*B*X')", ("X",), order=2, direction=("V",)),
    Subject("tr(X*A*X)*x'*x", ("X", "x"), direction=("V", "v")),
    Subject("A*x.*x", ("x",), direction=("v",)),
    Subject("x'*A*x*sum(x)", ("x",), order=3),
    Subject("sum(x.^4)", ("x",), order=3),
    Subject("inv(X)*b", ("X",), direction=("V",)),
    Subject("x'*A*x + tr(A)^2", ("A",), order=2, declare=("A: symmetric[n]",)),
    Subject("A*X + X*A'", ("X",)),
    Subject("sum(A*x)*x", ("x",), order=2, declare=("x: vector[n]", "A: matrix[n,n]")),
    Subject("w'*x*y'*A*x", ("w", "x"), order=2),
]


def subjects() -> list[Subject]:
    """All of them."""
    found = [Subject(*_split(line)) for line in (_GRADIENTS + "\n" + _JACOBIANS).splitlines()]
    found += [Subject(*_split(line), order=2) for line in _HESSIANS.splitlines()]
    return found + _OTHERS


def _split(line: str) -> tuple[str, tuple[str, ...]]:
    expression, wrt = line.rsplit("|", 1)
    return expression, tuple(wrt.split(","))
