"""How long derivations take: the one-layer loss, and chains of layers, warm, in one process."""

from __future__ import annotations

import time

from gradcalc.api import Derivative, Problem
from gradcalc.language.printer import to_text

P2 = "log(1+exp(-y*w'*sigmoid(W*x+b)))"


def chain(layers: int) -> str:
    steps = "; ".join([f"z{k} = sigmoid(W{k}*z{k - 1} + b{k})" for k in range(1, layers + 1)])
    return f"{steps}; log(1+exp(-y*w'*z{layers}))"


def derive(text: str, wrt: str) -> Derivative:
    problem = Problem(text)
    derivative = Derivative(problem, problem.components(wrt), 1, None)
    to_text(derivative.answers[0].tree)
    return derivative


def main() -> None:
    derive(P2, "W")
    best = min(_seconds(P2, "W") for _ in range(20))
    print(f"one layer: {1000 * best:.2f} ms")
    for layers in (100, 200, 500, 1000, 2000):
        best = min(_seconds(chain(layers), "W1") for _ in range(2))
        operations = derive(chain(layers), "W1").answers[0].operations
        print(f"{layers} layers ({4 * layers} operations): {best:.3f} s, answer {operations} operations")


def _seconds(text: str, wrt: str) -> float:
    start = time.perf_counter()
    derive(text, wrt)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
