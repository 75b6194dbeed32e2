"""Derivations line by line: what they say, and that every line of them is held against numbers."""

from __future__ import annotations

import pytest

import gradcalc
from gradcalc.derivation import explanation as module
from gradcalc.derivation.checking import read_back
from gradcalc.derivation.explanation import IN_ONE_STEP, STYLES, Explanation
from gradcalc.derivation.notation import Ratio
from gradcalc.derivation.pulling import Pulling
from gradcalc.derivation.results import Results
from gradcalc.derivation.steps import Step
from gradcalc.errors import GradcalcError
from gradcalc.language.printer import to_text
from gradcalc.language.syntax import Binary, Negative, Number, postorder

P1 = "1/(1+exp(-w'*x))"
P2 = "log(1+exp(-y*w'*sigmoid(W*x+b)))"
P3 = "||A*sigmoid(x)||^2"
P4 = "phi(.); phi(W*x)'*beta"
P5 = "z = W*x+b; s = sigmoid(z); r = s-y; r'*r"
P5_BATCH = "sum((y - sigmoid(X*w)).^2)"

PROBLEMS = [
    *[(P1, name) for name in ("w", "x", "w[i]", "w[2]")],
    *[(P2, name) for name in ("W", "w", "x", "b", "y", "W[i,j]", "W[2,3]")],
    *[(P3, name) for name in ("x", "A")],
    *[(P4, name) for name in ("W", "x", "beta")],
    *[("sigmoid(W*x)'*beta", name) for name in ("W", "x", "beta")],
    *[("(W*x)'*beta", name) for name in ("W", "x", "beta")],
    *[(P5, name) for name in ("W", "x", "b", "y")],
    *[(P5_BATCH, name) for name in ("X", "w", "y")],
]


def explained(expression: str, wrt: str | None = None, style: str = "differential", depth: int = 12) -> Explanation:
    return gradcalc.derive(expression, wrt=wrt).explain(style, depth)


def texts(explanation: Explanation, section: str = "") -> list[str]:
    return [step.text for step in explanation.steps if section in ("", step.section)]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("expression", "wrt"), PROBLEMS)
def test_every_line_of_the_five_problems_is_checked(expression: str, wrt: str, style: str) -> None:
    steps = explained(expression, wrt, style).steps
    assert len(steps) >= 3
    assert all(step.checked for step in steps)


def test_the_logistic_loss_as_good_answers_write_it() -> None:
    assert texts(explained(P2, "W")) == [
        "z = W*x + b",
        "s = sigmoid(z)",
        "alpha = -y*w'*s",
        "f = log(1 + exp(alpha))",
        "f = softplus(alpha)",
        "dz = dW*x",
        "ds = s .* (1 - s) .* dz",
        "dalpha = -y*w'*ds",
        "df = sigmoid(alpha)*dalpha",
        "df = sigmoid(alpha)*(-y*w'*ds)",
        "df = -y*sigmoid(alpha)*w : ds",
        "df = -y*sigmoid(alpha)*w : (s .* (1 - s) .* dz)",
        "df = -y*sigmoid(alpha)*(w .* s .* (1 - s)) : dz",
        "df = -y*sigmoid(alpha)*(w .* s .* (1 - s)) : dW*x",
        "df = -y*sigmoid(alpha)*(w .* s .* (1 - s))*x' : dW",
        "df/dW = -y*sigmoid(alpha)*(w .* s .* (1 - s))*x'",
        "df/dW = -y*sigmoid(-y*w'*sigmoid(W*x + b))*(w .* sigmoid(W*x + b) .* (1 - sigmoid(W*x + b)))*x'",
        "df/dW[i,j] = -y*sigmoid(alpha)*w[i]*s[i]*(1 - s[i])*x[j]",
    ]


def test_the_rules_are_named() -> None:
    rules = [step.rule for step in explained(P2, "W").steps]
    assert "A : B*C = A*C' : B" in rules
    assert "A : (B .* C) = (A .* B) : C" in rules
    assert "chain rule, sigmoid'(t) = sigmoid(t)*(1 - sigmoid(t))" in rules


def test_definitions_of_the_user_are_the_parts() -> None:
    assert texts(explained(P5, "W"), "parts") == ["z = W*x + b", "s = sigmoid(z)", "r = s - y", "f = r'*r"]


def test_several_ways_to_the_variable_are_a_sum() -> None:
    lines = texts(explained("x'*A*x", "x"), "substitution")
    assert lines == ["df = dx'*A*x + x'*A*dx", "df = A*x : dx + A'*x : dx", "df = (A + A')*x : dx"]


def test_the_log_determinant_of_a_gram_matrix() -> None:
    lines = texts(explained("log(det(X'*X))", "X"))
    assert lines[3:9] == [
        "dZ = dX'*X + X'*dX",
        "df = tr(inv(Z)*dZ)",
        "df = inv(Z) : dZ",
        "df = inv(Z) : (dX'*X + X'*dX)",
        "df = X*inv(Z) : dX + X*inv(Z) : dX",
        "df = 2*X*inv(Z) : dX",
    ]


def test_the_chain_rule_with_its_factors() -> None:
    lines = texts(explained(P2, "W", "chain"))
    assert "dz/dvec(W) = kron(x, eye(m))'" in lines
    assert "df/dvec(W)' = df/dalpha*dalpha/ds'*ds/dz*dz/dvec(W)" in lines
    assert "df/dvec(W)' = sigmoid(alpha)*(-y*w')*diag(s .* (1 - s))*kron(x, eye(m))'" in lines


def test_entries_with_kronecker_deltas() -> None:
    lines = texts(explained(P2, "W", "index"))
    assert "z[i] = sum[j](W[i,j]*x[j]) + b[i]" in lines
    assert "dz[i]/dW[j,k] = eye(m)[i,j]*x[k]" in lines
    assert "df/dz[j] = sum[i](df/ds[i]*ds[i]/dz[j])" in lines
    assert "df/dW[j,k] = -y*sigmoid(alpha)*w[j]*s[j]*(1 - s[j])*x[k]" in lines


def test_a_part_used_directly_and_through_another_has_a_partial_derivative() -> None:
    lines = texts(explained("norm2(x)*a'*x", "x", "chain"))
    assert any(line.startswith("∂f/∂x'") for line in lines)


def test_the_last_line_reads_the_entry() -> None:
    assert texts(explained(P2, "W[2,3]"))[-1] == "df/dW[2,3] = -y*sigmoid(alpha)*w[2]*s[2]*(1 - s[2])*x[3]"
    assert texts(explained(P2, "W[p,q]"))[-1] == "df/dW[p,q] = -y*sigmoid(alpha)*w[p]*s[p]*(1 - s[p])*x[q]"


WEIRD = [
    ("a = x'*x; x'*y", "y"),
    ("x: vector; 3 + 0*sum(x)", "x"),
    ("x: vector[n]; y: vector[n]; y'*y + 0*x[1]", "x"),
    ("A*x", "x"),
    ("A*x", "A"),
    ("t*A", "t"),
    ("X'*X", "X"),
    ("inv(X)", "X"),
    ("z = x'*A; exp(z)*z'", "x"),
    ("x'*A", "x"),
    ("A: symmetric; x'*A*x", "A"),
    ("A: symmetric; logdet(A)", "A"),
    ("D: diagonal; x'*D*x", "D"),
    ("Q: orthogonal; tr(A*Q)", "Q"),
    ("L: lower; norm2(L*x)^2", "L"),
    ("v: positive; log(v)", "v"),
    ("[A, B; C, D]*x", "x"),
    ("norm2([x; y])^2", "x"),
    ("x[2:n - 1]'*x[2:n - 1]", "x"),
    ("sum[i](exp(w[i]*x[i]))", "x"),
    ("sum[i=1..n - 1]((x[i + 1] - x[i])^2)", "x"),
    ("norm1(A*x - b)", "x"),
    ("sum(relu(W*x + b))", "W"),
    ("max(x)", "x"),
    ("phi(t) = t/(1 + abs(t)); sum(phi(A*x))", "x"),
    ("a^b", "b"),
    ("x: scalar; y: scalar; x^y/(x + y)", "x"),
    ("A: matrix; tr(A^3)", "A"),
    ("dx'*x", "x"),
    ("f'*x", "x"),
    ("i'*A*j", "A"),
    ("sum(softmax(A*x) .* y)", "x"),
    ("logsumexp(X, 2)'*y", "X"),
    ("x", "x"),
    ("x: scalar; 2*x", "x"),
    ("vec(A*X*B)'*y", "X"),
    ("kron(A, X)", "X"),
    ("(A\\x)'*y", "A"),
    ("w[2]*x[1]", "w"),
    ("sum(x .* (x > 0))", "x"),
    ("sum(x .* exp(x))", "x"),
    ("sum((x > 0) + 0*x)", "x"),
    ("sum(where(x > y, x, y))", "x"),
]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("expression", "wrt"), WEIRD)
def test_weird_inputs_are_explained(expression: str, wrt: str, style: str) -> None:
    found = explained(expression, wrt, style)
    assert found.steps
    assert all(step.checked for step in found.steps)
    assert str(found)


def test_text_reads_back_as_what_it_says() -> None:
    found = explained(P2, "W")
    context = found.derived[0].material.context
    for step in found.steps:
        right = read_back(context, step.right_text)
        assert to_text(right) == to_text(read_back(context, to_text(step.right)))


@pytest.mark.parametrize("layout", ["numerator", "denominator"])
@pytest.mark.parametrize(("expression", "wrt"), [(P2, "W"), (P3, "x"), ("A*sigmoid(x)", "x"), ("t*a", "t")])
def test_layouts(expression: str, wrt: str, layout: str) -> None:
    found = gradcalc.derive(expression, wrt=wrt, layout=layout).explain()
    assert all(step.checked for step in found.steps)


@pytest.mark.parametrize("style", ["chain", "index"])
def test_a_function_of_symmetric_matrices_is_explained_by_differentials(style: str) -> None:
    assert explained("X: symmetric; sum(eigvals(X))", "X").steps
    with pytest.raises(GradcalcError, match="cannot vary one by one") as caught:
        explained("X: symmetric; sum(eigvals(X))", "X", style)
    assert caught.value.kind == "usage"


def test_independent_entries_of_a_symmetric_matrix() -> None:
    found = gradcalc.derive("A: symmetric; x'*A*x", wrt="A", structured="independent").explain()
    assert texts(found, "result")[0].startswith("df/dA = 2*x*x' - diag(")


@pytest.mark.parametrize("factor", [2, 1 + 1e-6])
def test_a_line_made_wrong_on_purpose_is_caught(factor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    right = Pulling.run

    def wrong(self: Pulling) -> None:
        right(self)
        line = self.lines[-1]
        assert isinstance(line, Step)
        self.lines[-1] = Step(line.section, line.left, Binary("*", Number(str(factor)), line.right), line.rule)

    monkeypatch.setattr(Pulling, "run", wrong)
    assert_in_one_step(explained(P2, "W"))


def assert_in_one_step(found: Explanation) -> None:
    assert IN_ONE_STEP in found.derived[0].remarks
    assert IN_ONE_STEP in str(found)
    assert {step.section for step in found.steps} == {"parts", "result"}
    assert all(step.checked for step in found.steps)


@pytest.mark.parametrize("style", STYLES)
def test_each_kind_of_line_can_fail(style: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each section one line with its right side doubled: none passes."""
    right = module._Explaining._lines
    for section in {step.section for step in explained(P2, "W", style).steps} - {"parts"}:

        def wrong(self: object, section: str = section) -> list[object]:
            lines: list[object] = list(right(self))  # type: ignore[arg-type]
            place = max(n for n, line in enumerate(lines) if getattr(line, "section", "") == section)
            line = lines[place]
            assert isinstance(line, Step)
            lines[place] = Step(section, line.left, Binary("*", Number(2), line.right), "", indices=line.indices)
            return lines

        monkeypatch.setattr(module._Explaining, "_lines", wrong)
        assert_in_one_step(explained(P2, "W", style))


@pytest.mark.parametrize("style", STYLES)
def test_a_wrong_gradient_is_never_shown(style: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = Results.run

    def wrong(self: Results) -> list[Step]:
        lines = right(self)
        return [Step(line.section, line.left, Negative(line.right), "", indices=line.indices) for line in lines]

    monkeypatch.setattr(Results, "run", wrong)
    with pytest.raises(GradcalcError, match="not true") as caught:
        explained(P2, "W", style)
    assert caught.value.kind == "internal"


def test_a_deep_network_is_folded() -> None:
    expression = "x"
    for _ in range(60):
        expression = f"sigmoid(W*({expression}) + b)"
    found = explained(f"sum({expression})", "W")
    assert found.folded > 100
    assert len(found.steps) < 80
    assert all(step.checked for step in found.steps)
    assert "not shown; --depth shows more" in str(found)


def test_depth_shows_more() -> None:
    expression = "W: matrix[n, n]; x: vector[n]; sum(tanh(W*tanh(W*tanh(W*tanh(W*x)))))"
    few, many = explained(expression, "x", depth=4), explained(expression, "x", depth=20)
    assert few.folded
    assert not many.folded
    assert len(few.steps) < len(many.steps)


def test_no_jacobian_is_left_in_checked_text() -> None:
    """A line whose text is read back has no quotient that would be read as a division."""
    for step in explained(P2, "W").steps:
        assert not any(isinstance(node, Ratio) for node in postorder(step.right))


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [({"style": "x"}, "usage"), ({"depth": 0}, "usage"), ({"depth": True}, "usage")],
)
def test_wrong_arguments(arguments: dict[str, object], kind: str) -> None:
    with pytest.raises(GradcalcError) as caught:
        gradcalc.derive("x'*x").explain(**arguments)  # type: ignore[arg-type]
    assert caught.value.kind == kind


def test_second_derivatives_are_refused() -> None:
    with pytest.raises(GradcalcError, match="first derivatives") as caught:
        gradcalc.derive("x'*x", order=2).explain()
    assert caught.value.kind == "usage"


def test_no_point_in_the_domain() -> None:
    with pytest.raises(GradcalcError) as caught:
        gradcalc.derive("x: scalar; log(-x^2 - 1)").explain()
    assert caught.value.kind == "numeric"
