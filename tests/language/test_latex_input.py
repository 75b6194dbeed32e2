"""Formulas in LaTeX as people paste them, and the program that each is read as."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcalc.errors import GradcalcError
from gradcalc.language.latex.program import latex_to_text
from gradcalc.language.parser import parse, parse_expression
from gradcalc.output.latex import to_latex

FORMULAS = [
    (r"\sum_{i=1}^{n-1} (x_{i+1} - x_i)^2", "sum[i=1..n - 1]((x[i + 1] - x[i])^2)"),
    # Wrapping, left sides, spaces.
    (r"\log(1+\exp(-y w^\top \sigma(W x + b)))", "log(1 + exp(-y*w'*sigmoid(W*x + b)))"),
    (r"$f(x) = x^T A x$", "x'*A*x"),
    (r"$$L = x^\top A x.$$", "x'*A*x"),
    (r"\[ f(x) := x^{\top} A\, x \]", "x'*A*x"),
    (r"\( \mathcal{L}(W, b) = \|W x + b\|^2 \)", "norm2(W*x + b)^2"),
    (r"\begin{equation*} J(\theta) = \theta^T x \label{eq:j} \end{equation*}", "theta'*x"),
    ("\\begin{align}\nf(x) &= \\frac{1}{2}\\|Ax-b\\|_2^2 \\\\ &\\quad + \\lambda \\|x\\|_1 \\ ,\n\\end{align}",
     "1/2*norm2(A*x - b)^2 + lambda*norm1(x)"),
    (r"\[ f = \begin{aligned} & a + b \\ & + c \end{aligned} \]", "a + b + c"),
    (r"f(x) = (Ax-b)^T(Ax-b) \\ = x^TA^TAx - 2b^TAx + b^Tb", "x'*A'*A*x - 2*b'*A*x + b'*b"),
    (r"\eqalign{ f &= \|M\|^2_F \cr M &= AX-B }", "M = A*X - B; f = norm2(M)^2"),
    (r"\min_{w} \frac{1}{n} \|Xw - y\|^2", "1/n*norm2(X*w - y)^2"),
    (r"w = \underset{w}{\operatorname{argmin}} \|Xw - y\|^2", "norm2(X*w - y)^2"),
    (r"f(x) = x^T A x, \quad x \in \mathbb{R}^n.", "x'*A*x"),
    (r"\color{red}{x} + \textcolor{blue}{y} % a comment", "x + y"),
    (r"\underbrace{W x + b}_{z} - \boxed{y}", "W*x + b - y"),
    # Several statements.
    (r"z = Wx+b \\ s = \sigma(z)", "z = W*x + b; s = sigmoid(z)"),
    ("$z = Wx + b$\n$s = \\sigma(z)$\n$s^T s$", "z = W*x + b; s = sigmoid(z); s'*s"),
    ("z = Wx + b\ns = \\sigma(z)", "z = W*x + b; s = sigmoid(z)"),
    (r"L = r^T r, \quad r = s - y, \quad s = \sigma(z)", "r = s - y; s = sigmoid(z); L = r'*r"),
    (r"\|E\|_F^2 \text{ where } E = AX - B", "E = A*X - B; norm2(E)^2"),
    (r"g(z) = \frac{1}{1+e^{-z}} \\ f(w) = \log g(w^T x)", "g(z) = 1/(1 + exp(-z)); f = log(g(w'*x))"),
    (r"e = y - Xw \\ e^T e", "e = y - X*w; e'*e"),
    # Products.
    (r"a^\top X b", "a'*X*b"),
    (r"2xy", "2*x*y"),
    (r"a \cdot b \times c * d", "a*b*c*d"),
    (r"\mathbf{w}\cdot\mathbf{x} + b", "dot(w, x) + b"),
    (r"a \odot b c", "a .* (b*c)"),
    (r"t \circ X^T w", "t .* (X'*w)"),
    (r"(a \odot b) c^T", "(a .* b)*c'"),
    (r"x \oslash y", "x ./ y"),
    (r"\langle A, X^\top X \rangle", "dot(A, X'*X)"),
    (r"A : X^T X", "dot(A, X'*X)"),
    (r"-\frac{x}{2} (a+b)", "-x/2*(a + b)"),
    (r"x \frac{1}{n} y", "x/n*y"),
    (r"c \frac{ab}{d}", "c*a*b/d"),
    (r"A \cdot -B", "A*(-B)"),
    (r"A \backslash b", "A\\b"),
    # Names.
    (r"\mathbf{x}^{\mathsf T} \boldsymbol{A} \bm{x}", "x'*A*x"),
    (r"{\bf x}^T {\rm diag}(w) {\bf x}", "x'*diag(w)*x"),
    (r"\mathbf{Xw} - \vec{y}", "X*w - y"),
    (r"\mathrm{loss}^2 + \text{pred}", "loss^2 + pred"),
    (r"\hat{y}^\top \tilde{\beta} + \bar x", "y_hat'*beta_tilde + x_bar"),
    (r"\hat{\mathbf{y}}_1 + \hat{x_1}", "y_hat_1 + x_1_hat"),
    (r"w_1 x_1 + w_{12} x_{\text{max}} + \theta_{\mathrm{old}}", "w_1*x_1 + w_12*x_max + theta_old"),
    (r"W^{(1)} x + b^{(1)}", "W_1*x + b_1"),
    (r"W_2\, \sigma(W_1 x + b_1) + b_2", "W_2*sigmoid(W_1*x + b_1) + b_2"),
    (r"\varepsilon + \lambda\Lambda + \varphi + \ell", "epsilon + lambda*Lambda + phi + ell"),
    (r"\sigma^2 + \frac{1}{\sigma} + \pi", "sigma^2 + 1/sigma + pi"),
    (r"\mathbf{1}^\top X \mathbf{1}_n + \mathbb{1}^T x", "vector(1)'*X*ones(n) + vector(1)'*x"),
    (r"\log\det(I_n + I X)", "logdet(eye(n) + I*X)"),
    ("σ(Wx) + β'x² · y", "sigmoid(W*x) + beta'*x^2*y"),
    # Transposes, inverses, powers.
    (r"A^T B^\top C^{\intercal} D^{T} E^{\top} F^\prime G'", "A'*B'*C'*D'*E'*F'*G'"),
    (r"x^{\mathrm{T}} A x^{\rm T} + (AX)^t B", "x'*A*x' + (A*X)'*B"),
    (r"(X^\top X)^{-1}X^\top y", "(X'*X)^-1*X'*y"),
    (r"A^{-\top} + A^{-T} + (A^{-1})^T", "inv(A)' + inv(A)' + inv(A)'"),
    (r"(Ax)^2 + x^{0.5} + a^{bc}", "(A*x)^2 + x^0.5 + a^(b*c)"),
    (r"x^{\circ 2} + X^{\odot 3}", "x.^2 + X.^3"),
    (r"\Sigma^{-1/2} x_1^2", "Sigma^(-1/2)*x_1^2"),
    # Fractions, roots, exponentials.
    (r"\frac12 x^T A x + \tfrac{1}{n} + \dfrac a b", "1/2*x'*A*x + 1/n + a/b"),
    (r"\frac{x^\top A x}{x^\top x}", "x'*A*x/(x'*x)"),
    (r"{1 \over 2} x / y", "1/2*x/y"),
    (r"\sqrt{x^\top x} + \sqrt[3]{x} + \sqrt2", "sqrt(x'*x) + x^(1/3) + sqrt(2)"),
    (r"e^{-\frac{1}{2}x^T \Sigma^{-1}x} + \mathrm{e}^x + e^T x", "exp(-1/2*x'*Sigma^-1*x) + exp(x) + e'*x"),
    (r"\exp\left\{-\frac{(x-\mu)^2}{2\sigma^2}\right\}", "exp(-(x - mu)^2/(2*sigma^2))"),
    (r"3 \times 10^{-3} x + .5y", "3*10^-3*x + 0.5*y"),
    # Functions.
    (r"\exp x + \ln y + \log(z)", "exp(x) + log(y) + log(z)"),
    (r"\log x y + 1", "log(x*y) + 1"),
    (r"y \log p + (1-y)\log(1-p)", "y*log(p) + (1 - y)*log(1 - p)"),
    (r"\log \sigma(x) y", "log(sigmoid(x))*y"),
    (r"\sin 2\pi x \cos y", "sin(2*pi*x)*cos(y)"),
    (r"\sin^2 x + \cos^2(x) + \tanh(x)^\top v", "sin(x)^2 + cos(x)^2 + tanh(x)'*v"),
    (r"\log_2 x + \log_{10}(y)", "log(x)/log(2) + log(y)/log(10)"),
    (r"\log\det X + \ln\det(A) + \log|\Sigma| + \log(\det B)", "logdet(X) + logdet(A) + logdet(Sigma) + logdet(B)"),
    (r"\det(X) + |A + \lambda I| + |x^\top y|", "det(X) + det(A + lambda*I) + abs(x'*y)"),
    (r"\operatorname{tr}(A X B X^\top) + \mathrm{Tr}(A) + {\rm tr}(B) + \mbox{tr}(C)",
     "tr(A*X*B*X') + tr(A) + tr(B) + tr(C)"),
    (r"\operatorname{tr} A X^{-1} + 1", "tr(A*X^-1) + 1"),
    (r"\operatorname{tr} A \operatorname{tr} B C", "tr(A)*tr(B*C)"),
    (r"\operatorname{tr}(X-A)^T(X-A)", "tr((X - A)'*(X - A))"),
    (r"tr(AX) + log(det(X)) + ylog(p)", "tr(A*X) + logdet(X) + y*log(p)"),
    (r"\operatorname{softmax}(Wx) + \mathrm{ReLU}(x) + \tr(A)", "softmax(W*x) + relu(x) + tr(A)"),
    (r"\phi(Wx)^T \beta", "phi(.); phi(W*x)'*beta"),
    (r"f(x) g(y)^T + \phi''(x)", "f(.); g(.); phi(.); f(x)*g(y)' + phi''(x)"),
    (r"\sigma'(z)^T w + \sigma^{\prime}(x)", "sigmoid'(z)'*w + sigmoid'(x)"),
    (r"h_\theta(x)", "h_theta(.); h_theta(x)"),
    (r"y(w^T x + b)", "y*(w'*x + b)"),
    # Norms and brackets.
    (r"\|A x - b\|_2^2 + \lVert x \rVert + \left\| y \right\|_1", "norm2(A*x - b)^2 + norm2(x) + norm1(y)"),
    (r"\|X\|_F^2 + \|X\|^2_{\mathrm{F}} + ||x||^2", "norm2(X)^2 + norm2(X)^2 + norm2(x)^2"),
    (r"{\left\lVert A x \right\rVert}_2^2 + \norm{x}_1", "norm2(A*x)^2 + norm1(x)"),
    (r"\|a\| \|b\| + |a||b| + \left|c\right|", "norm2(a)*norm2(b) + abs(a)*abs(b) + abs(c)"),
    (r"\bigl( x + \Big[ y - \left\{ z \right\} w \Bigr] \bigr)", "x + (y - z*w)"),
    # Sums.
    (r"\sum_i w_i x_i + c", "sum[i](w[i]*x[i]) + c"),
    (r"\sum_{i=1}^{n} (x_i - y_i)^2", "sum[i=1..n]((x[i] - y[i])^2)"),
    (r"\sum_{i,j} A_{ij} x_i x_j + A_{ij}", "sum[i,j](A[i,j]*x[i]*x[j]) + A_ij"),
    (r"\sum_{i=1}^{m}\sum\limits_{j=1}^{n} A_{i,j}^2", "sum[i=1..m,j=1..n](A[i,j]^2)"),
    (r"-\sum_i y_i \log p_i", "-sum[i](y[i]*log(p[i]))"),
    (r"\sum_k \left(\sum_j W_{kj} x_j\right)^2", "sum[k](sum[j](W[k,j]*x[j])^2)"),
    (r"\sum_i (A^T)_{ii} + \sum_i (Ax)_i^2", "sum[i](A'[i,i]) + sum[i]((A*x)[i]^2)"),
    (r"\sum_i A^T_{ii} + \sum_i x_i^2", "sum[i](A'[i,i]) + sum[i](x[i]^2)"),
    (r"\sum_k y_k \log \hat{y}_k", "sum[k](y[k]*log(y_hat[k]))"),
    (r"\frac{\exp(x)}{\sum_j \exp(x_j)}", "exp(x)/sum[j](exp(x[j]))"),
    # Counted vectors.
    (r"\sum_{i=1}^n \log(1 + e^{-y_i w^T x_i})", "x: matrix; sum[i=1..n](log(1 + exp(-y[i]*w'*x[:,i])))"),
    (r"\sum_i (x^{(i)} - \mu)^T \Sigma^{-1} (x^{(i)} - \mu)",
     "x: matrix; sum[i]((x[:,i] - mu)'*Sigma^-1*(x[:,i] - mu))"),
    (r"\sum_n \| \mathbf{x}_n - \mathbf{W}\mathbf{z}_n \|^2",
     "x: matrix; z: matrix; sum[n](norm2(x[:,n] - W*z[:,n])^2)"),
    (r"\sum_i \log\left(1+e^{-y_i \mathbf{w}\cdot \mathbf{x}_i}\right)",
     "x: matrix; sum[i](log(1 + exp(-y[i]*dot(w, x[:,i]))))"),
    (r"\sum_i w^T x_i \sum_j x_{ij}", "x: matrix; sum[i](w'*x[i,:]'*sum[j](x[i,j]))"),
]  # fmt: skip

UNKNOWN_TO_THE_PARSER = [
    (r"(A \otimes B) x", "kron(A, B)*x"),
    (r"\operatorname{vec}(X)^T \vec(A)", "vec(X)'*vec(A)"),
    (r"\operatorname{max}(0, x) + \max\{0, 1 - y\}", "max(0, x) + max(0, 1 - y)"),
    (r"\operatorname{foo}(x) + \operatorname{bar} x", "foo(x) + bar(x)"),
    (r"\begin{bmatrix} a & b \\ c & d \\ \end{bmatrix} x", "[a, b; c, d]*x"),
    (r"\det \begin{pmatrix} A & B \\ B^T & C \end{pmatrix}", "det([A, B; B', C])"),
    (r"\left[\begin{array}{cc} x & 0 \\ 0 & y \end{array}\right] + \begin{vmatrix} a \end{vmatrix}",
     "[x, 0; 0, y] + det(a)"),
    (r"L = \det M, \; M = \begin{bmatrix} A & z \end{bmatrix}, \; z = A x", "M = [A, z]; z = A*x; L = det(M)"),
    (r"\arctan x", "atan(x)"),
]  # fmt: skip


@pytest.mark.parametrize(("latex", "expected"), [*FORMULAS, *UNKNOWN_TO_THE_PARSER])
def test_is_read_as(latex: str, expected: str) -> None:
    assert latex_to_text(latex) == expected


@pytest.mark.parametrize("expected", [expected for _, expected in FORMULAS])
def test_what_it_is_read_as_is_a_program(expected: str) -> None:
    assert parse(expected)


ERRORS = [
    ("", (0, 1), "there is no formula"),
    (r"\foo{x}", (0, 4), r"the command \foo is not known"),
    (r"x + \alhpa y", (4, 10), r"the command \alhpa is not known"),
    (r"\frac{a}{b", (8, 9), "`{` is not closed"),
    (r"a} + b", (1, 2), "`}` closes nothing"),
    (r"(x + y", (0, 1), "`(` is not closed"),
    (r"a (b c]", (2, 7), "`(` is closed by `]`"),
    (r"x) + y", (1, 2), "`)` closes nothing"),
    (r"\|x + y", (0, 2), r"`\|` is not closed"),
    (r"\left( x \right", (9, 15), r"`\right` has no delimiter"),
    (r"\left x", (0, 7), r"`x` after `\left` is no delimiter"),
    (r"x +", (3, 4), "the end of the formula after `+` where an operand was expected"),
    (r"x \odot + ) y", (10, 11), "`)` after `+` where an operand was expected"),
    (r"\frac{1}", (8, 9), "the end of the formula after `}` where an operand was expected"),
    (r"x_", (2, 3), "the end of the formula after `_` where an operand was expected"),
    (r"x^", (2, 3), "the end of the formula after `^` where an operand was expected"),
    (r"f(x) =", (5, 6), "nothing stands on the right of `=`"),
    (r"(a = b)", (3, 4), "`=` is not expected here"),
    (r"(1, 2)", (2, 3), "`,` is not expected here"),
    (r"2 3", (2, 3), "two numbers stand side by side"),
    (r"x_i_j", (3, 4), "two subscripts stand below one symbol"),
    (r"x^2^3", (3, 4), "two exponents stand above one symbol"),
    (r"x_{i+1}", (1, 7), "only names, numbers and sums with an index are read below a symbol"),
    (r"x^*Ax", (2, 3), "the exponent * has several meanings"),
    (r"\hat{AB}", (0, 8), "a hat stands over something that is no name"),
    (r"\log", (0, 4), "log has no argument"),
    (r"f(x, y)", (0, 7), "f is not known, and an unspecified function has one argument"),
    (r"\sin^{-1} x", (4, 9), "the inverse function of sin is not read"),
    (r"\langle x \rangle", (0, 7), "an inner product is of two things"),
    (r"\|x\|_\infty", (5, 12), "the norm with infty below it is not part of the language"),
    (r"\sum x_i", (0, 4), "the sum names no index"),
    (r"\sum_{i=0}^n x_i", (0, 12), "the sum does not start at a position from 1"),
    (r"\sum_{i=1}^{2 n} x_i", (0, 15), "the last index of a sum is a name or a number, or a sum of those"),
    (r"\sum_{i \neq j} x_i", (0, 14), "the range of the sum is not understood"),
    (r"\max_i x_i", (0, 6), "max over an index is not part of the language"),
    (r"\prod_i x_i", (0, 5), "a product over an index is not part of the language"),
    (r"\frac{\partial}{\partial x} x^2", (6, 14), "a derivative is not part of the language"),
    (r"\frac{d}{dx} x^2", (6, 7), "a derivative is not part of the language"),
    (r"\nabla_x f", (0, 6), "a derivative is not part of the language"),
    (r"\frac{\partial f}{\partial x} = 2x", (0, 29), "the left side is a derivative"),
    (r"f'(x) = 2x", (0, 5), "the left side is a derivative"),
    (r"x^TAx = \lambda", (0, 15), "the left side is no name, and the right side no function"),
    (r"a b \\ c d", (7, 10), "there are two expressions, and neither uses the other"),
    (r"f(x) \text{ for all x}", (5, 22), "the text 'for all x' is no part of a formula"),
    (r"\mathbb{E}[x]", (0, 7), "an expectation is not part of the language"),
    (r"x \leq y", (2, 6), r"the relation \leq is not part of the language"),
    (r"\begin{cases} x \end{cases}", (0, 13), "the environment cases is not read in a formula"),
    (r"\begin{bmatrix} a", (0, 15), r"`\begin{bmatrix}` is not ended"),
    (r"\begin{bmatrix} a & b \\ c \end{bmatrix}", (0, 40), "the rows of the matrix differ in length"),
    (r"\begin{bmatrix} a \end{pmatrix}", (18, 31), r"`\end{pmatrix}` ends `\begin{bmatrix}`"),
    (r"x! + y", (1, 2), "the character '!' is not read in a formula"),
]  # fmt: skip


@pytest.mark.parametrize(("latex", "span", "message"), ERRORS)
def test_errors_say_what_and_where(latex: str, span: tuple[int, int], message: str) -> None:
    with pytest.raises(GradcalcError) as raised:
        latex_to_text(latex)
    assert (raised.value.kind, raised.value.span, raised.value.message) == ("syntax", span, message)


DEEP = [("(", "x", ")"), ("{", "x", "}"), (r"\frac{1}{", "x", "}"), ("x^{", "x", "}"), (r"\exp ", "x", ""),
        (r"\sqrt", " x", ""), (r"\sum_i ", "x_i", ""), (r"\left|", "x", r"\right|")]  # fmt: skip


@pytest.mark.parametrize(("before", "inside", "after"), DEEP)
def test_deep_nesting_is_an_error_and_moderate_nesting_is_read(before: str, inside: str, after: str) -> None:
    assert latex_to_text(before * 90 + inside + after * 90)
    with pytest.raises(GradcalcError) as raised:
        latex_to_text(before * 5000 + inside + after * 5000)
    assert raised.value.kind == "limit"


@pytest.mark.parametrize("text", ["x + " * 20000 + "x", "9" * 5000, "x " * 60000])
def test_long_input_is_read_or_a_limit(text: str) -> None:
    try:
        assert latex_to_text(text)
    except GradcalcError as error:
        assert error.kind == "limit"


ROUND_TRIPS = [
    "log(1 + exp(-y*w'*sigmoid(W*x + b)))", "2*A'*(A*x - b)", "X'*diag(y.^2 .* s .* (1 - s))*X", "A^-1*b",
    "x ./ y .* z",
    "-y*sigmoid(-y*w'*s)*(w .* s .* (1 - s))*x'", "sum[i,j](A[i,j]^2)", "sum[i=1..n](x[i]*log(x[i]))", "a/(b*c)",
    "logdet(X'*X)", "det(A)*tr(A*X)", "dot(A, X)", "softmax(x)'*y", "norm2(A*x - b)^2", "a*(-b)", "(A*x)[2]",
    "A[1,:]*x", "x_hat + alpha_1 + W_12 + loss", "abs(x)'*sign(y)", "norm1(x)", "sqrt(x'*x)", "-(a + b)*c", "eye(n)*A",
    "ones(n)'*x", "a .* (b*c)", "(a*b) .* c", "y*sum[i](x[i])*z", "sum[i](x[i] + 1)", "(-x)^2", "-x^2", "a - (b - c)",
    "x'^2",
]  # fmt: skip


@pytest.mark.parametrize("text", ROUND_TRIPS)
def test_what_is_written_in_latex_is_read_back(text: str) -> None:
    tree = parse_expression(text)
    assert parse_expression(latex_to_text(to_latex(tree))) == tree


_PIECES = r"""
    \frac { } ( ) [ ] \left( \right) \| | || \langle \rangle ^ _ ' + - = , ; & \\ x W \beta 1 2.5 e i \ \sum_i
    \sum_{i=1}^n x_i A_{ij} \log \det \operatorname{tr} \sigma \phi ( \mathbf{x} \hat \text{where} \begin{bmatrix}
    \end{bmatrix} \begin{align} \end{align} \odot \otimes \sqrt [3] ^\top ^{-1} \over \min_w \underset \overset \text
    \left \right \foo \partial \quad $ % \in : . \bigl \middle ² ᵀ
"""


@given(st.lists(st.sampled_from([" ", "\n", *_PIECES.split()]), max_size=25))
def test_any_pieces_are_a_formula_or_an_error_with_a_place(pieces: list[str]) -> None:
    source = "".join(pieces)
    try:
        assert latex_to_text(source)
    except GradcalcError as error:
        assert error.kind in ("syntax", "limit")
        assert error.span is not None
        assert 0 <= error.span[0] < error.span[1] <= len(source) + 1
        assert error.render()
