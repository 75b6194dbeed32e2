"""Turns of phrase that formulas are full of and chance seldom makes: what is recognised as one function, and the like.

x, y stand for columns of n entries, A, B for n x n matrices, C for one of m x n, D for an n x n matrix that is mostly
positive definite, s, t for numbers; each stands for one random expression wherever it stands. A vector idiom has n
entries, a matrix idiom is n x n where it has A, B or D in it and m x n where it has C.
"""

from __future__ import annotations

SCALARS = (
    "log(sum(exp(x)))", "log(mean(exp(x)))", "log((x.^2)'*exp(y))", "log(1 + exp(s))", "log(exp(s) + exp(t))",
    "1/(1 + exp(-s))", "exp(s)/(1 + exp(s))", "log(1/(1 + exp(-s)))", "-log(1 + exp(-s))", "sqrt(x'*x)",
    "sqrt(sum(x.^2))", "sqrt(s^2 + t^2)", "(x'*x)^0.5", "(x'*x)^-0.5", "(x'*x)^1.5", "sum(abs(x).^3)^(1/3)",
    "sum(x.^4)^(1/4)", "sum(x.^4)^0.25", "sum(x.^2)^0.5", "log(det(D))", "det(inv(D))", "det(A*B)", "det(A')",
    "det(s*A)", "logdet(D*D')", "logdet(inv(D))", "logdet(D*D)", "tr(A*inv(D))", "tr(inv(D)*B*inv(D))", "tr(A^3)",
    "tr(A*B*A)", "tr(expm(A))", "tr(logm(D))", "tr(sqrtm(D))", "tr(inv(D))", "tr(A'*B)", "sum(eigvals(sym(A)))",
    "prod(eigvals(sym(A)))", "sum(log(eigvals(D*D')))", "log(cosh(s))", "log(1 - exp(-s^2))", "(exp(s) - 1)/s",
    "log(1 + s^2)", "sin(s)^2 + cos(s)^2", "x'*A*x/(x'*x)", "x'*y/(norm2(x)*norm2(y))", "mean((x - mean(x)).^2)",
    "sqrt(mean((x - mean(x)).^2))", "norm2(x - y)^2", "norm2(A*x - y)^2", "norm2(vec(C))", "tr(C'*C)",
    "sqrt(tr(C*C'))", "max(abs(x))", "sum(max(x, 0))", "sum(sqrt(x.^2))", "logsumexp(x) - s", "exp(logsumexp(x))",
    "softmax(x)'*y", "log(softmax(x))'*y", "sum(softmax(x))", "sum(inv(D) .* A)", "sum((A*inv(D)).^2)",
    "x'*inv(D)*x", "x'*(D\\y)", "det(D)^-1", "det(D)*tr(inv(D))", "prod(x)/x[1]", "abs(s)^2", "sign(s)*s",
    "sqrt(s^2)", "abs(x)'*sign(x)", "sum(diag(A*x).^2)", "norm2(diag(x))^2", "tr(diag(x)*A)", "sum(diag(x).^3)",
    "sum(kron(x, y))", "tr(kron(A, B))", "sum(x*y')", "norm2(x*y')^2", "sum((x*x').^2)", "sum(A.^2*x)",
    "sum((C - mean(C, 1)).^2)", "exp(-norm2(x - y)^2/2)", "sum(exp(expm(A)))", "sum(diag(expm(A)).^2)",
    "tr(expm(A).^2)", "sum(diag(A^3).^2)", "sum(diag(inv(D)).^2)", "log(sum(diag(expm(A))))", "min(A*A')",
    "max([x; x])", "var([x; x])", "std(x)^2", "norm1(x)^2", "norminf(x)*s", "erf(s/sqrt(2))",
    "(1 + erf(s/sqrt(2)))/2", "exp(s^2)*erfc(s)", "sum(tril(A)) + sum(triu(A))", "x'*tril(A)*y", "tr(toeplitz(A)*B)",
    "sum(cumsum(x) .* y)", "norm2(diff(x))^2", "x'*flip(y)", "tr(A)^2 - tr(A*A)", "2^s*2^t", "exp(s)*exp(t)",
    "exp(s)^2", "log(exp(s))", "exp(log(s^2))", "(s*t)^2", "(s/t)^3", "s^2/s", "s^t*s", "sum(s^2*x)", "(s^2)^1.5",
    "log(s^2)", "log(sqrt(s^2 + 1))", "sqrt(exp(s))", "tr((A + B)^2)", "(x + y)'*(x - y)", "normp(x, 2)",
    "hypot(s, t)", "log(x'*x)", "sum(log(x.^2))", "log(prod(x.^2))", "prod(exp(x))", "x'*x/n", "mean(x.^2) - mean(x)^2",
)  # fmt: skip

VECTORS = (
    "exp(x)/sum(exp(x))", "exp(x - max(x))/sum(exp(x - max(x)))", "x/norm2(x)", "x ./ sqrt(x'*x)",
    "log(exp(x)/sum(exp(x)))", "x - mean(x)", "(x - mean(x))/std(x)", "log(1 + exp(x))", "1 ./ (1 + exp(-x))",
    "exp(x) ./ (1 + exp(x))", "1 - sigmoid(x)", "1 - tanh(x).^2", "sigmoid(x) .* (1 - sigmoid(x))", "inv(D)*x",
    "D\\(A*x)", "inv(D)*(D*x)", "diag(A*B)", "diag(x*y')", "diag(x)*y", "diag(diag(x)*A)", "sqrt(x.^2)", "abs(x).^2",
    "max(x, 0)", "exp(log(x.^2))", "x.^2 ./ x", "A^2*x", "A'*(A*x)", "cumsum(flip(x))", "A[:,1] .* x",
    "sign(x) .* abs(x)", "log(cosh(x))", "exp(-x.^2/2)/sqrt(2*pi)", "(x'*y)*x", "x*(y'*x)", "A*x/(x'*A*x)",
    "diag(inv(D))", "diag(expm(A))", "diag(A^3)", "sum(A, 2) .* x", "sum(diag(x)*A, 2)", "sum(A .* B, 2)",
    "logsumexp(A, 2)", "norm2(A, 2)", "max(A, 2)", "mean(A, 2) - x", "var(A, 2)", "prod(A, 2)", "prod(A, 1)'",
    "(x'*A)'", "(x*y')*x", "(x .* y)/s", "s*x/s", "exp(x)*exp(s)", "x.^s", "x.^2.^2", "eigvals(A*A')",
    "eigvals(sym(A))", "[x; y][n + 1:2*n]", "[x, y]*[s; t]", "kron(x, s*ones(1))", "vec(x*s)",
)  # fmt: skip

SQUARES = (
    "inv(D)", "A*inv(D)*A'", "inv(inv(D))", "inv(D*D')", "A*inv(D)", "inv(D)' .* D", "expm(A)*expm(-A)", "A^2*A",
    "(A')^2", "diag(diag(A))", "diag(x)*A*diag(y)", "A .* A'", "x*y'", "eye(n) - x*x'/(x'*x)", "logm(D)",
    "sqrtm(D)*sqrtm(D)", "adj(D)", "det(D)*inv(D)", "sym(A) + skew(A)", "tril(A) + triu(A)", "toeplitz(A)", "D^-1",
    "D^-2*D", "A*D^-1*B", "(x*y').^2", "diag(x).^2", "diag(A*x)", "diag(x)^2", "(diag(x)*A).^2", "chol(D*D')",
    "A*A' + s*eye(n)", "kron(x, y')", "(A + A')/2", "expm(sym(A))", "expm(s*A)", "A.^2 - A", "eye(n) .* A",
    "(x - y)*(x - y)'", "where(A > B, A, B)", "A - A'", "s*A*s", "pinv(A)", "softmax(A*B, 2)",
)  # fmt: skip

MATRICES = (
    "C - mean(C, 1)", "C - mean(C, 2)", "exp(C) ./ sum(exp(C), 2)", "exp(C)/sum(exp(C))", "softmax(C, 2)", "C .* C",
    "C .* (C > 0)", "max(C, 0)", "1 ./ (1 + exp(-C))", "sum(C, 2)*ones(n)'", "C*diag(x)", "C .* x'", "C*A", "C*inv(D)",
    "(A'*C')'", "C/norm2(C)", "normalize(C, 2)", "C ./ norm2(C, 2)", "C ./ sum(C.^2, 2)", "log(1 + exp(C))",
    "cumsum(C)", "flip(C)", "C.^2 .* C", "abs(C).^1.5", "sqrt(C.^2 + 1)", "C + x'", "s*C + C", "exp(C)*exp(s)",
)  # fmt: skip
