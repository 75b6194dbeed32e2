"""The sections of an explanation."""

from __future__ import annotations

HEADINGS = {
    "parts": "Name the parts",
    "differentials": "Differential of each part",
    "substitution": "Substitute, and move the factors over",
    "jacobians": "Derivative of each part by the parts that it uses",
    "product": "Multiply along the way from the variable to the objective",
    "components": "The parts, entry by entry",
    "entries": "Derivatives of entries by entries",
    "chain": "The chain rule, from the objective back to the variable",
    "result": "Read the derivative off",
}
"""What each section of an explanation is called."""

NUMBER_RESULT = "Read the gradient off"
"""The same of the last section, for an objective that is a number."""
