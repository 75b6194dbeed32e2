"""Answers beside the textbook's: equal in value, and no longer."""

from __future__ import annotations

import re

import pytest
from textbook import answer, length, values

import gradcalc
from gradcalc.language.parser import parse, parse_expression
from gradcalc.language.syntax import operations
from gradcalc.tensor.graph import Graph
from gradcalc.tensor.lowering import Lowering

P2 = "log(1+exp(-y*w'*sigmoid(W*x+b)))"

TEXTBOOK = [
    ("1/(1+exp(-w'*x))", "w", 1, "s = sigmoid(w'*x); s*(1 - s)*x"),
    (P2, "W", 1, "s = sigmoid(W*x + b); -y*sigmoid(-y*w'*s)*(w .* s .* (1 - s))*x'"),
    (P2, "w", 1, "s = sigmoid(W*x + b); -y*sigmoid(-y*w'*s)*s"),
    (P2, "x", 1, "s = sigmoid(W*x + b); -y*sigmoid(-y*w'*s)*(W'*(w .* s .* (1 - s)))"),
    (P2, "b", 1, "s = sigmoid(W*x + b); -y*sigmoid(-y*w'*s)*(w .* s .* (1 - s))"),
    (P2, "y", 1, "s = sigmoid(W*x + b); -sigmoid(-y*w'*s)*w'*s"),
    ("||A*sigmoid(x)||^2", "x", 1, "s = sigmoid(x); 2*(s .* (1 - s) .* (A'*(A*s)))"),
    ("||A*sigmoid(x)||^2", "A", 1, "s = sigmoid(x); 2*A*s*s'"),
    ("sigmoid(W*x)'*beta", "W", 1, "s = sigmoid(W*x); (beta .* s .* (1 - s))*x'"),
    ("phi(.); phi(W*x)'*beta", "W", 1, "(beta .* phi'(W*x))*x'"),
    ("(W*x)'*beta", "W", 1, "beta*x'"),
    (
        "z = W*x+b; s = sigmoid(z); r = s-y; r'*r",
        "W",
        1,
        "s = sigmoid(W*x + b); 2*((s - y) .* s .* (1 - s))*x'",
    ),
    ("sum((y - sigmoid(X*w)).^2)", "w", 1, "s = sigmoid(X*w); -2*X'*((y - s) .* s .* (1 - s))"),
    ("0.5*x'*A*x", "x", 1, "0.5*(A + A')*x"),
    ("A: symmetric; 0.5*x'*A*x", "x", 1, "A*x"),
    ("tr(A*X'*B*X*C)", "X", 1, "B*X*C*A + B'*X*A'*C'"),
    ("x'*inv(A)*x", "A", 1, "-inv(A)'*x*x'*inv(A)'"),
    ("norm2(T - U*V')^2", "U", 1, "2*(U*V' - T)*V"),
    ("sum(log(1+exp(-y.*(X*w))))", "w", 1, "-X'*(y .* sigmoid(-y .* (X*w)))"),
    ("sum(log(1+exp(-y.*(X*w))))", "w", 2, "s = sigmoid(y .* (X*w)); X'*diag(y.^2 .* s .* (1 - s))*X"),
    ("norm2(x)", "x", 1, "x/norm2(x)"),
    ("norm2(x)", "x", 2, "(eye(n) - x*x'/norm2(x)^2)/norm2(x)"),
    ("logsumexp(A*x)", "x", 1, "A'*softmax(A*x)"),
    ("log(det(X))", "X", 1, "inv(X)'"),
    ("A*exp(x)", "x", 1, "A*diag(exp(x))"),
    ("(y.*v)'*x", "v", 1, "y .* x"),
    ("a^b", "a", 1, "b*a^(b - 1)"),
    ("a^b", "b", 1, "a^b*log(a)"),
    ("norm1(A*x-y)", "x", 1, "A'*sign(A*x - y)"),
    ("norm2(A*x-y)^2", "x", 1, "2*A'*(A*x - y)"),
    ("sum(log(exp(-y.*(X*w)) + vector(1)))", "w", 1, "-X'*(y .* sigmoid(-y .* (X*w)))"),
    ("log(det(inv(X)))", "X", 1, "-inv(X)'"),
    ("x'*A*x + b'*x", "x", 1, "(A + A')*x + b"),
    ("x: vector; softmax(x)", "x", 1, "p = softmax(x); diag(p) - p*p'"),
    ("logsumexp(A*x)", "x", 2, "p = softmax(A*x); A'*(diag(p) - p*p')*A"),
    ("logdet(X'*X)", "X", 1, "2*X*inv(X'*X)"),
    ("mean(exp(x))", "x", 1, "exp(x)/n"),
    ("X, Y: matrix[m, n]; tr(softmax(X, 1)'*Y)", "X", 1, "p = softmax(X, 1); p .* (Y - ones(m)*sum(p .* Y, 1))"),
    ("sum(norm2(X, 2))", "X", 1, "diag(1 ./ norm2(X, 2))*X"),
    ("mean(A*x)", "x", 1, "mean(A, 1)'"),
    ("x: vector[n]; norm2(x - mean(x))^2", "x", 1, "r = x - mean(x); 2*(r - mean(r))"),
    ("sum(std(X, 1))", "X", 1, "(X - ones(m)*mean(X, 1))*diag(1 ./ std(X, 1)')/m"),
    ("A, X, B: matrix[n, n]; logdet(A*X*B)", "X", 1, "inv(X)'"),
    ("A, X: matrix[n, n]; tr(inv(A*X)*A)", "X", 1, "-(inv(X)^2)'"),
    ("A: matrix; expm(t*A')", "t", 1, "A'*expm(t*A')"),
    ("A: matrix; norm2(expm(t*A)*x)^2", "t", 1, "E = expm(t*A); 2*x'*E'*A*E*x"),
    ("X: symmetric; tr(X'*X^k)", "X", 1, "(k + 1)*X^k"),
    ("A, B: matrix[n, n]; logdet(A + t*B)", "t", 2, "-tr((B*inv(A + t*B))^2)"),
    ("A: symmetric; sum(eigvals(A).^3)", "A", 1, "3*A^2"),
    ("X: matrix[m, n]; b: vector[m]; inv(X'*X)*X'*b", "b", 1, "pinv(X)"),
    ("sum(abs(sin(x)) .* sin(x))", "x", 1, "2*(abs(sin(x)) .* cos(x))"),
    ("p: positive; normp(x, p)", "x", 1, "normp(x, p)^(1 - p)*(abs(x).^(p - 1) .* sign(x))"),
    ("X: matrix[m, n]; X'*B*X", "X[1,2]", 1, "eye(n)[:,2]*B[1,:]*X + X'*B[:,1]*eye(n)[2,:]"),
]


def _program(textbook: str) -> str:
    return ("phi(.); " if "phi" in textbook else "") + textbook


@pytest.mark.parametrize(("objective", "wrt", "order", "textbook"), TEXTBOOK)
def test_no_longer_than_the_textbook(objective: str, wrt: str, order: int, textbook: str) -> None:
    assert answer(objective, wrt, order).answers[0].operations <= length(_program(textbook))


@pytest.mark.parametrize(("objective", "wrt", "order", "textbook"), TEXTBOOK)
def test_equal_to_the_textbook(objective: str, wrt: str, order: int, textbook: str) -> None:
    value, expected = values(answer(objective, wrt, order), _program(textbook))
    assert value == pytest.approx(expected, rel=1e-10, abs=1e-12)


def test_a_hadamard_product_inside_a_product_is_parenthesised() -> None:
    assert answer("phi(.); phi(W*x)'*beta", "W", 1).text == "(beta .* phi'(W*x))*x'"


EQUAL = [
    ("x'*A'*B*y", "y'*B'*A*x"),
    ("tr(A*B*C)", "tr(C*A*B)"),
    ("tr(A'*B)", "sum(A .* B)"),
    ("diag(s)*x", "s .* x"),
    ("(A*B)'", "B'*A'"),
    ("(A + B)'", "B' + A'"),
    ("A*x + A'*x", "(A + A')*x"),
    ("s - s.*s", "s .* (1 - s)"),
    ("log(1 + exp(t))", "softplus(t)"),
    ("1/(1 + exp(-t))", "sigmoid(t)"),
    ("exp(t)/(1 + exp(t))", "sigmoid(t)"),
    ("1 - sigmoid(t)", "sigmoid(-t)"),
    ("log(sum(exp(x)))", "logsumexp(x)"),
    ("exp(x)/sum(exp(x))", "softmax(x)"),
    ("log(sigmoid(t))", "logsigmoid(t)"),
    ("log(det(M))", "logdet(M)"),
    ("sqrt(x'*x)", "norm2(x)"),
    ("norm2(x)^2", "x'*x"),
    ("inv(M')", "inv(M)'"),
    ("inv(M)*M*x", "x"),
    ("M\\x", "inv(M)*x"),
    ("exp(A')", "exp(A)'"),
    ("x*y'*z", "y'*z*x"),
    ("exp(u)*exp(v)", "exp(u + v)"),
    ("sum(diag(x)*y)", "x'*y"),
    ("(x'*x)^2", "norm2(x)^4"),
    ("mean(x)", "sum(x)/n"),
    ("abs(-x)", "abs(x)"),
    ("tanh(-x)", "-tanh(x)"),
    ("A*inv(B*A)", "inv(B)"),
    ("inv(A*B)*A", "inv(B)"),
    ("A'*inv(B*A')", "inv(B)"),
    ("inv(M*A*B)*M", "inv(A*B)"),
    ("inv(A*B*M)*A*B*M", "eye(n)"),
    ("inv(R)*R*x", "x"),
    ("inv(kron(A, B))", "kron(inv(A), inv(B))"),
    ("inv(kron(eye(3), B))", "kron(eye(3), inv(B))"),
    ("inv(expm(A))", "expm(-A)"),
    ("det(expm(A))", "exp(tr(A))"),
    ("logdet(expm(A))", "tr(A)"),
    ("exp(logdet(A))", "det(A)"),
    ("inv(A^k)*A^(k + 1)", "A"),
    ("A^k*inv(A)", "A^(k - 1)"),
    ("(A^k)^j", "A^(k*j)"),
    ("sum(eigvals(R))", "tr(R)"),
    ("sum(eigvals(R).^2)", "norm2(R)^2"),
    ("sum(1 ./ eigvals(R))", "tr(inv(R))"),
    ("sum(log(eigvals(R)))", "logdet(R)"),
    ("prod(eigvals(R))", "det(R)"),
    ("sign(t)*abs(t)", "t"),
    ("sign(t)*t", "abs(t)"),
    ("t/abs(t)", "sign(t)"),
    ("abs(t)/t", "sign(t)"),
    ("sign(t)/abs(t)", "1/t"),
    ("t*sign(t)/abs(t)", "1"),
    ("x.^2 .* sign(x)", "x .* abs(x)"),
    ("x.^2 .* abs(x)", "abs(x).^3"),
    ("sign(x .* y) .* x .* y", "abs(x .* y)"),
    ("abs(3*x)", "3*abs(x)"),
    ("sign(-2*x)", "-sign(x)"),
    ("abs(x'*x)", "x'*x"),
    ("norm2(x'*x)", "norm2(x)^2"),
    ("abs(1 + exp(t))", "1 + exp(t)"),
    ("sign(exp(x) + x.^2)", "x.^0"),
    ("0.5*(2*x - A*y) - 0.5*A*y", "x - A*y"),
    ("t*A + t*A' + M", "t*(A + A') + M"),
    ("A*x*y' + A*y*x'", "A*(x*y' + y*x')"),
]


SHAPES = "A, B, C: matrix[n,n]; M: matrix[n,n]; R: symmetric[n]; x, y, z, s: vector[n]; t, u, v: scalar; j, k: scalar; "


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_equal_meanings_are_the_same_node(left: str, right: str) -> None:
    assert _same_node(left, right)


def _same_node(left: str, right: str) -> bool:
    first, second = _node_pair(left, right)
    return first is second


def _node_pair(left: str, right: str) -> tuple[object, object]:
    from gradcalc.language.shapes import infer

    graph = Graph()
    nodes = []
    for text in (left, right):
        program = parse(SHAPES + text)
        nodes.append(Lowering(graph, infer(program)).lower(program.objective).node)
    return nodes[0], nodes[1]


DIFFERENT = [
    ("x'*A*y", "y'*A*x"),
    ("A*B", "B*A"),
    ("A", "A'"),
    ("sqrt(x.^2)", "x"),
    ("s - s.*s", "s .* (s - 1)"),
    ("A*inv(A*B)", "inv(B)"),
    ("inv(A*B)*B", "inv(A)"),
    ("inv(A*B)*A'", "inv(B)"),
    ("inv(A .* B)*A", "inv(B)"),
    ("sign(x'*x)", "t^0"),
    ("sign(t)^2", "t^0"),
    ("abs(x'*A*x)", "x'*A*x"),
    ("log(t*u)", "log(t) + log(u)"),
    ("logdet(A*B)", "logdet(A) + logdet(B)"),
    ("expm(A)*expm(B)", "expm(A + B)"),
]


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_different_meanings_are_different_nodes(left: str, right: str) -> None:
    assert not _same_node(left, right)


def test_parse_of_full_gives_the_answer_back() -> None:
    derivative = answer(P2, "W", 1)
    full = derivative.answers[0].full()
    assert full is not None
    assert operations(parse_expression(derivative.text)) <= operations(full)


@pytest.mark.parametrize(("objective", "wrt"), [("det(t*y*y')", "t"), ("det(t*y*y')", "y"), ("y'*inv(y*y')*b", "b")])
def test_a_column_has_no_pseudoinverse(objective: str, wrt: str) -> None:
    answer = gradcalc.derive(objective, wrt=wrt).to_dict()["derivatives"][0]["full"]
    assert "pinv" not in answer
    shapes = {"t": (), "y": ("n",), "b": ("n",)}
    named = {name: dims for name, dims in shapes.items() if re.search(rf"\b{name}\b", answer)}
    assert gradcalc.derive(answer, wrt="y", shapes=named).to_dict()["ok"]
