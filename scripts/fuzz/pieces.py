"""What inputs of every kind are made of: good ones to start from, and pieces to put into them."""

# ruff: noqa: E501

from __future__ import annotations

LANGUAGE = (
    b"x", b"y", b"A", b"alpha", b"+", b"-", b"*", b".*", b"./", b"/", b"\\", b"^", b".^", b"'", b"(", b")", b"[", b"]", b",", b";", b":",
    b"=", b"==", b"<", b"sum(", b"exp(", b"norm2(", b"sum[i](", b"sum[i=1..n](", b"[i]", b"[1,:]", b"[2:end]", b"x[end]", b"matrix[m, n]",
    b": vector", b": symmetric", b"phi(t) = ", b"phi(.)", b"||", b"||_1", b"^T", b"1", b"0.5", b"1e3", b"n", b"\n", b" ", b"#", b"eye(n)",
    b"kron(", b"reshape(", b"where(", b"max(x, 1)", b"[x; y]", b"[A, x]", "\u03b1".encode(), "\u2299".encode(), "\u00b2".encode(), b"..", b"end",
    b"inv(A)", b"f(x)", b"x = ", b"diag(", b"tr(", b"e", b"pi", b"d", b"'*", b"x'*A*x", b"0", b"/0",
)  # fmt: skip

TEX = (
    b"\\frac{", b"}{", b"}", b"{", b"_", b"^", b"\\top", b"\\sum_{i=1}^{n}", b"\\left(", b"\\right)", b"\\left\\|", b"\\right\\|", b"\\mathbf{x}",
    b"\\begin{bmatrix}", b"\\end{bmatrix}", b"&", b"\\\\", b"\\log", b"\\exp", b"\\operatorname{tr}", b"\\text{", b"\\|", b"|", b"\\odot",
    b"\\cdot", b"\\alpha", b"x", b"A", b"(", b")", b"[", b"]", b"1", b"2", b"-", b"+", b"=", b",", b"\\sqrt", b"\\det", b"\\lVert", b"\\rVert",
    b"\\langle", b"\\rangle", b"\\sigma", b"'", b"^{-1}", b"^T", b"_2", b"_{ij}", b"\\quad", b"%", b"$", b"\\[", b"\\]", b"\\prod", b"\\left>",
    b"\\mathrm", b"\\hat", b"\\partial",
)  # fmt: skip

JSON = (
    b"{", b"}", b"[", b"]", b",", b":", b'"', b"null", b"true", b"1", b"-1", b"1e999", b"0.5", b'"x"', b'"id"', b'"command"', b'"grad"',
    b'"eval"', b'"check"', b'"verify"', b'"explain"', b'"expression"', b'"wrt"', b'"order"', b'"shapes"', b'"structure"', b'"symmetric"',
    b'"declare"', b'"data"', b'"seed"', b'"sizes"', b'"layout"', b'"formats"', b'"claim"', b'"style"', b'"depth"', b'"latex"', b'"max_seconds"',
    b'"direction"', b'"differential"', b'"structured"', b'"\\ud800"', b'"\\u0000"', b'"x*x"', b'"sum(x)"', b'"n"', b"[[1,2],[3,4]]",
)  # fmt: skip

TOML = (
    b"[[claim]]", b"[claim]", b"\n", b"=", b'"', b'"""', b"'", b"'''", b"expression", b"claim", b"wrt", b"reason", b"expected", b"layout", b"order",
    b"declare", b"latex", b"seed", b"name", b"true", b"[", b"]", b"{", b"}", b",", b".", b"1", b"1979-05-27", b"inf", b"nan", b"0x", b'"x"', b"#",
)  # fmt: skip

TABLE = (
    b",",
    b"\t",
    b"\n",
    b"\r",
    b'"',
    b"1",
    b"-2.5",
    b"1e5",
    b"nan",
    b"inf",
    b"#",
    b"a",
    b";",
    b" ",
    b'""',
    b"1,2",
    b"0x1",
    b"1_0",
    b"+",
)

BINARY = (
    b"\x93NUMPY", b"\x01\x00", b"\x02\x00", b"\x03\x00", b"'descr': '<f8'", b"'descr': '|O'", b"'descr': [('a', '<f8')]", b"'shape': (3,)",
    b"'shape': (-1,)", b"'shape': (999999999, 999999999)", b"'shape': ()", b"'shape': (True,)", b"'fortran_order': True", b"{", b"}", b"(", b")",
    b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"'<c16'", b"'<U5'", b"'<M8'", b"'|V8'", b"'<f2'",
    b"x.npy", b"../x.npy", b"\n",
)  # fmt: skip

WORDS = (
    b"grad", b"hessian", b"hvp", b"eval", b"check", b"verify", b"explain", b"batch", b"functions", b"schema", b"-w", b"--wrt", b"-o", b"--json",
    b"--format", b"latex", b"--set", b"x=[1 2; 3 4]", b"x=[[1,2],[3]]", b"x=1e5", b"x=[", b"x=", b"--size", b"n=3", b"n=", b"--seed", b"--order",
    b"--max-seconds", b"--max-bytes", b"1G", b"1.5", b"--max-operations", b"--declare", b"--", b"-", b"-x", b"-w'*x", b"=", b"\n", b"\n\n",
    b"--layout", b"--direction", b"--data", b"--help", b"-h", b"--version", b"--jobs", b"x'*x", b"@", b"--random",
)  # fmt: skip


ODD = (
    b"\x00", b"\xff", b"\xef\xbb\xbf", "\u202e".encode(), "\u00b2".encode(), "\u0663".encode(), "\ud800".encode("utf-8", "surrogatepass"),
    b"\r\n", b"\t", b"9" * 5000, b"1e999999999", b"-0", b"NaN", b"Infinity", b"1e-400", b"(" * 300, b"[" * 300, b"'" * 50, b"{" * 300,
    b"0" * 30, b"99999999999999999999", b"-1", b"^^", b"..", b"::", b";", b"\\", b'"', b"%s%n", b"{0}", b"$(id)",
)  # fmt: skip


GOOD = b'{"command": "grad", "expression": "x*y", "wrt": "x"}'
REQUESTS = (
    GOOD,
    b'{"id": 1, "command": "eval", "expression": "x\'*A*x", "data": {"x": [1, 2], "A": [[1, 2], [3, 4]]}, "formats": ["latex"]}',
    b'{"command": "check", "expression": "sum(exp(x))", "sizes": {"n": 2}, "seed": 3, "max_seconds": 40}',
    b'{"command": "verify", "expression": "x^2", "claim": "2*x", "declare": ["x: scalar"], "layout": "numerator"}',
    b'{"command": "hvp", "expression": "sum(x.^3)", "direction": "v", "shapes": {"x": ["n"]}, "structure": {}}',
)
CLAIMS = (
    b'[[claim]]\nname = "a"\nexpression = "x\'*x"\nwrt = "x"\nclaim = "2*x"\nexpected = "right"\nreason = ["sign"]\n'
)
EXPRESSIONS = (
    b"log(1+exp(-y*w'*sigmoid(W*x+b)))", b"z = W*x + b; s = sigmoid(z); r = s - y; r'*r", b"W: matrix[m, n]; phi(t) = t/(1 + abs(t)); sum(phi(W*x))",
    b"sum[i=1..n - 1]((x[i + 1] - x[i])^2)", b"||A*x - b||^2 + alpha*||x||_1", b"[A, B; C, D]*[x; y]", b"x[2:end]'*X[1,:]'", b"tr(A\\B) + A:B",
    b"sum(max(X, 0), 1)*ones(n) # comment", b"where(x > 0, x, 0.5*x)'*x", b"kron(A, B)*vec(X)", b"A^2*x.^-1.5", b"psi(.); sum(psi(x))",
)  # fmt: skip
FORMULAS = (
    rb"\log(1+\exp(-y w^\top \sigma(W x + b)))", rb"\frac{1}{2}\left\| A\mathbf{x} - b \right\|_2^2", rb"\sum_{i=1}^n w_i x_i^2",
    rb"\operatorname{tr}(A^{-1} X)", rb"\begin{bmatrix} A & B \\ C & D \end{bmatrix} x", rb"\langle x, y \rangle \cdot \sqrt{x^T x}",
)  # fmt: skip
