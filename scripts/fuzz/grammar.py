"""What random programs are made of, and how often: the weights are data, in this one place."""

from __future__ import annotations

SIZES = {1: 3, 2: 5, 3: 4, 4: 1}
"""The lengths of dimensions, by weight; equal ones and 1 are frequent on purpose."""

DIMENSIONS = ("n", "m", "k")

LITERAL_LENGTHS = (1, 2, 2, 3, 3)

OBJECTIVES = {"scalar": 14, "vector": 3, "row": 1, "matrix": 3}

BUDGETS = {2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 8: 4, 10: 3, 14: 1}
"""How many rules a program applies."""

ORDERS = {1: 14, 2: 6, 3: 1}

SMALLER = {1: 1.0, 2: 0.7, 3: 0.45}
"""By what the budget is multiplied at an order."""

STRUCTURES = {
    "symmetric": 4, "spd": 3, "skew": 2, "diagonal": 3, "lower": 2, "upper": 2, "toeplitz": 2, "orthogonal": 2,
}  # fmt: skip

CHANCES = {
    "structure": 0.2,
    "positive": 0.05,
    "literal length": 0.12,
    "same length": 0.4,
    "composite length": 0.06,
    "old variable": 0.8,
    "constant leaf": 0.12,
    "operand is a number": 0.12,
    "wrapped into its domain": 0.75,
    "made definite": 0.5,
    "entry": 0.12,
    "second variable": 0.2,
    "independent": 0.3,
    "layout": 0.15,
    "along a direction": 0.15,
    "undeclared": 0.1,
    "rewritten": 0.15,
}

RULES: dict[str, float] = {
    # Of every kind.
    "plus": 6, "minus": 3, "negated": 2, "hadamard": 7, "quotient": 3, "scaled": 4, "scaled on the right": 1,
    "over a number": 2, "plus a number": 2, "whole power": 10, "fractional power": 2, "power by a number": 1,
    "power by itself": 1, "number to a power": 1, "comparison": 1, "chosen": 1, "user function": 1.5,
    "unspecified function": 1, "definition": 3, "again": 6, "indexed sum": 3, "elementwise": 20, "idiom": 7,
    # Of numbers.
    "inner product": 6, "row times column": 3, "entry of a vector": 4, "entry of a matrix": 3, "bilinear": 3,
    "number power": 4, "length": 0.5, "bound index": 3, "triple product": 1,
    # Of vectors and rows.
    "matrix times vector": 8, "solve": 2, "column of a matrix": 3, "row of a matrix": 2, "transposed row": 2,
    "transposed vector": 6, "row times matrix": 4, "right quotient": 1, "stacked": 3, "slice": 3,
    # Of matrices.
    "matrix product": 8, "transposed matrix": 5, "outer product": 5, "matrix power": 5, "matrix solve": 2,
    "matrix right quotient": 1, "columns scaled": 3, "block": 3, "submatrix": 2, "diagonal in the middle": 3,
}  # fmt: skip
"""The rules of the language that are no function of the catalogue, by weight."""

FAMILIES = {"Linear": 2.0, "Composite": 1.6, "Atom": 3.5, "Joining": 0.7}
"""The weight of each form of a function of the catalogue; that of elementwise ones is the rule's."""

FAVOURITES = {"sum": 8.0, "tr": 6.0, "diag": 9.0, "norm2": 3.0, "kron": 2.0, "vec": 2.0, "mean": 2.0}
"""Functions that stand in programs more often than others."""

RARE = {"polar": 0.1, "leadingpair": 0.1, "eigvecs": 0.2, "commutation": 0.4, "vector": 0.2, "matrix": 0.2,
        "zeros": 0.2, "diagsums": 0.3, "toeplitz": 0.4}  # fmt: skip

WHOLE_POWERS = (2, 2, 2, 2, 3, 3, 4, -1, -2, 1, 0)
FRACTIONAL_POWERS = ("0.5", "1.5", "-0.5", "2.5", "0.3")
NUMBERS = ("1", "2", "3", "0.5", "1.5", "0.1", "7", "0")

POSITIVE, UNIT, SIGMOID, ABOVE_ONE = "positive", "within one", "probability", "above one"

WRAPPED: dict[str, tuple[str, ...]] = {
    POSITIVE: ("square(_) + 0.2", "exp(_)", "softplus(_)", "1.5 + sin(_)", "abs(_) + 0.1", "_.^2 + 1"),
    UNIT: ("0.9*sin(_)", "tanh(_)", "_./(1 + abs(_))"),
    SIGMOID: ("sigmoid(_)", "0.5 + 0.4*sin(_)"),
    ABOVE_ONE: ("1.1 + square(_)", "1 + exp(_)", "cosh(_) + 0.1"),
}
"""What brings an operand into a domain."""

DOMAINS: dict[str, dict[int, str]] = {
    "pow": {0: POSITIVE}, "xlogy": {1: POSITIVE}, "atan2": {1: POSITIVE}, "gamma": {0: POSITIVE},
    "lgamma": {0: POSITIVE}, "digamma": {0: POSITIVE}, "trigamma": {0: POSITIVE}, "polygamma": {1: POSITIVE},
}  # fmt: skip
"""The operands that have to be in a domain that the catalogue does not give as an interval."""

PARAMETERS: dict[tuple[str, int], tuple[str, ...]] = {
    ("polygamma", 0): ("1", "2"),
    ("normp", 1): ("3", "2.5", "4", "1.5", "2"),
    ("matpow", 1): ("2", "3", "-1", "1"),
    ("clip", 1): ("-0.5", "-1"),
    ("clip", 2): ("0.7", "1"),
    ("huber", 1): ("0.5", "1", "2"),
    ("leaky_relu", 1): ("0.1", "0.2"),
    ("elu", 1): ("0.5", "1.5"),
}
"""Operands that mostly are numbers from a list."""

DEFINITE = ("_*_' + eye({n})", "_'*_ + eye({n})", "expm(0.3*(_ + _'))", "3*eye({n}) + 0.3*_", "_ + 4*eye({n})")
"""What makes a square matrix invertible, mostly positive definite."""

NEEDS_DEFINITE = frozenset({"inv", "logdet", "chol", "sqrtm", "logm", "det", "adj", "pinv"})

FUNCTION_BODIES = (
    "_*exp(-_^2)", "1/(2 + _^2)", "_^3 - _", "log(1 + _^2)", "_/(1 + abs(_))", "sin(_)^2", "sigmoid(2*_)*_",
    "where(_ > 0, _^2, _)", "(1 + _^2)^0.5",
)  # fmt: skip
"""Bodies of functions of the program."""
