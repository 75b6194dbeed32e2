"""The numbers that a program is evaluated in: floats (real or complex), or mpmath at fifty digits, in NumPy arrays."""

from __future__ import annotations

import functools
from typing import Any

import mpmath
import numpy as np
import scipy.linalg
import scipy.special

Array = Any

DIGITS = 50

_LARGEST_CONDITION = 1e10


class Fault(Exception):
    """The program has no value here: outside a domain, or a matrix is singular."""


class RealOnly(Exception):
    """A function was met that takes no complex step here: differences have to do."""


class Floats:
    """NumPy in floats; complex numbers carry the step of a first derivative in their imaginary part."""

    name = "floats"
    pi = np.pi

    def number(self, value: Any) -> Array:
        return np.asarray(float(value))

    def array(self, value: Array) -> Array:
        return np.asarray(value)

    def zeros(self, shape: tuple[int, ...]) -> Array:
        return np.zeros(shape)

    def real(self, x: Array) -> Array:
        return np.real(x)

    def where(self, condition: Array, yes: Array, no: Array) -> Array:
        return np.where(condition, yes, no)

    def power(self, base: Array, exponent: Array) -> Array:
        exponent = np.asarray(exponent)
        if not np.iscomplexobj(exponent) and np.all(exponent == np.round(exponent)) and np.all(np.abs(exponent) < 64):
            return _whole_powers(base, exponent)
        if np.iscomplexobj(base) or np.iscomplexobj(exponent):
            if np.any(np.real(base) < 0):
                raise Fault("a negative number to a fractional power")
            return np.exp(exponent * np.log(base))
        return np.power(base, exponent)

    def __getattr__(self, name: str) -> Any:
        return getattr(np, {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh",
                            "acosh": "arccosh", "atanh": "arctanh"}.get(name, name))  # fmt: skip

    def log(self, x: Array) -> Array:
        if np.iscomplexobj(x) and np.any(np.real(x) <= 0):
            raise Fault("the logarithm of a negative number")
        return np.log(x)

    def sqrt(self, x: Array) -> Array:
        if np.iscomplexobj(x) and np.any(np.real(x) <= 0):
            raise Fault("the root of a negative number")
        return np.sqrt(x)

    def special(self, name: str, x: Array) -> Array:
        """A function that is continued to complex numbers."""
        return getattr(scipy.special, name)(x)

    def inverse_of(self, name: str, x: Array, forward: Any, slope: Any) -> Array:
        """An inverse function: SciPy's for the real part, one step of Newton's method for the imaginary one."""
        start = getattr(scipy.special, name)(np.real(x))
        return start - (forward(start) - x) / slope(start) if np.iscomplexobj(x) else start

    def polygamma(self, k: Array, x: Array) -> Array:
        whole, real = np.round(np.real(k)).astype(int), np.real(x)
        value = scipy.special.polygamma(whole, real)
        return value + 1j * np.imag(x) * scipy.special.polygamma(whole + 1, real) if np.iscomplexobj(x) else value

    # Matrices.

    def _regular(self, a: Array) -> None:
        if not np.all(np.isfinite(a)) or np.linalg.cond(np.real(a)) > _LARGEST_CONDITION:
            raise Fault("a singular matrix")

    def inv(self, a: Array) -> Array:
        self._regular(a)
        return np.linalg.inv(a)

    def solve(self, a: Array, b: Array) -> Array:
        self._regular(a)
        return np.linalg.solve(a, b)

    def det(self, a: Array) -> Array:
        return np.linalg.det(a)

    def expm(self, a: Array) -> Array:
        return scipy.linalg.expm(a)

    def sqrtm(self, a: Array) -> Array:
        root = _real(scipy.linalg.sqrtm(np.real(a)))
        if not np.iscomplexobj(a):
            return root
        return root + 1j * scipy.linalg.solve_sylvester(root, root, np.imag(a))

    def logm(self, a: Array) -> Array:
        self._regular(a)
        if not np.iscomplexobj(a):
            return _real(scipy.linalg.logm(a))
        size, base, step = len(a), np.real(a), np.imag(a)
        scale = np.max(np.abs(step), initial=0.0) or 1.0
        whole = _real(scipy.linalg.logm(np.block([[base, step / scale], [np.zeros_like(base), base]])))
        return whole[:size, :size] + 1j * scale * whole[:size, size:]

    def eigh(self, a: Array) -> tuple[Array, Array]:
        """Eigenvalues in ascending order and eigenvectors of a symmetric matrix."""
        values, vectors = np.linalg.eigh(np.real(a))
        if not np.iscomplexobj(a):
            return values, vectors
        moved = vectors.T @ np.imag(a) @ vectors
        gaps = values[None, :] - values[:, None]
        if np.min(np.abs(gaps + 9 * np.eye(len(values)))) < 1e-9:
            raise Fault("equal eigenvalues")
        turned = np.where(np.eye(len(values)) > 0, 0, moved / np.where(np.eye(len(values)) > 0, 1, gaps))
        return values + 1j * np.diag(moved), vectors + 1j * vectors @ turned

    def svd(self, a: Array) -> tuple[Array, Array, Array]:
        left, values, right = np.linalg.svd(np.real(a), full_matrices=False)
        if np.iscomplexobj(a):
            values = values + 1j * np.diag(left.T @ np.imag(a) @ right.T)
        return left, values, right


def _real(value: Array) -> Array:
    if np.iscomplexobj(value) and np.max(np.abs(np.imag(value)), initial=0) > 1e-8 * np.max(np.abs(value)):
        raise Fault("a function of a matrix is not real")
    return np.real(value)


def _whole_powers(base: Array, exponent: Array) -> Array:
    """Powers with whole exponents, by multiplication: exact in the imaginary part."""
    base = np.asarray(base)
    if exponent.ndim:
        base, exponent = np.broadcast_arrays(base, exponent)
        parts = [_whole_power(b, int(e)) for b, e in zip(base.ravel(), exponent.ravel())]
        return np.array(parts, dtype=base.dtype).reshape(base.shape)
    return _whole_power(base, int(exponent))


def _whole_power(base: Array, exponent: int) -> Array:
    if exponent < 0:
        return 1 / _whole_power(base, -exponent)
    answer = np.ones_like(base)
    for _ in range(exponent):
        answer = answer * base
    return answer


class Precise:
    """mpmath at fifty digits, in NumPy arrays of objects; real numbers only."""

    name = "precise"

    def __init__(self) -> None:
        self.context = mpmath.mp.clone()
        self.context.dps = DIGITS
        self.pi = self.context.pi + 0

    def number(self, value: Any) -> Array:
        if hasattr(value, "numerator") and hasattr(value, "denominator"):
            return self.array(self.context.mpf(int(value.numerator)) / int(value.denominator))
        return self.array(self.context.mpf(value))

    def array(self, value: Array) -> Array:
        given = np.asarray(value)
        if given.dtype == object:
            return given
        answer = np.empty(given.shape, dtype=object)
        for place in np.ndindex(*given.shape):
            answer[place] = self.context.mpf(float(given[place]))
        return answer

    def zeros(self, shape: tuple[int, ...]) -> Array:
        return self.array(np.zeros(shape))

    def real(self, x: Array) -> Array:
        return x

    def where(self, condition: Array, yes: Array, no: Array) -> Array:
        return np.where(np.asarray(condition, dtype=bool), yes, no)

    def power(self, base: Array, exponent: Array) -> Array:
        return self._each(self._power, base, exponent)

    def _power(self, base: Any, exponent: Any) -> Any:
        if exponent == self.context.nint(exponent):
            return base ** int(exponent) if base or exponent >= 0 else _refuse("division by zero")
        return base**exponent if base >= 0 else _refuse("a negative number to a fractional power")

    def _each(self, function: Any, *operands: Array) -> Array:
        try:
            return np.asarray(np.frompyfunc(function, len(operands), 1)(*operands), dtype=object)
        except (ValueError, ZeroDivisionError, TypeError) as error:
            raise Fault(str(error)) from None

    def _real_function(self, function: Any) -> Any:
        def apply(x: Any) -> Any:
            value = function(x)
            return value if isinstance(value, self.context.mpf) else _refuse("outside the domain")

        return lambda x: self._each(apply, x)

    @functools.cache  # noqa: B019
    def __getattr__(self, name: str) -> Any:
        if name in ("abs", "round", "floor"):
            function = {"abs": abs, "round": self.context.nint, "floor": self.context.floor}[name]
            return lambda x: self._each(function, x)
        function = getattr(self.context, name)
        return self._real_function(function)

    def ceil(self, x: Array) -> Array:
        return self._each(self.context.ceil, x)

    def log1p(self, x: Array) -> Array:
        return self.log(1 + x)

    def sign(self, x: Array) -> Array:
        return self._each(self.context.sign, x)

    def special(self, name: str, x: Array) -> Array:
        mp = self.context
        known = {
            "erf": mp.erf, "erfc": mp.erfc, "gamma": mp.gamma, "psi": lambda t: mp.psi(0, t),
            "erfcx": lambda t: mp.exp(t * t) * mp.erfc(t),
            "ndtr": lambda t: mp.erfc(-t / mp.sqrt(2)) / 2, "log_ndtr": lambda t: mp.log(mp.erfc(-t / mp.sqrt(2)) / 2),
            "loggamma": lambda t: mp.log(abs(mp.gamma(t))),
        }  # fmt: skip
        return self._each(known[name], x)

    def inverse_of(self, name: str, x: Array, forward: Any, slope: Any) -> Array:
        return self._each(getattr(self.context, name), x)

    def polygamma(self, k: Array, x: Array) -> Array:
        return self._each(lambda order, t: self.context.psi(int(order), t), k, x)

    # Matrices.

    def _matrix(self, a: Array) -> Any:
        return self.context.matrix([list(row) for row in a])

    def _array(self, a: Any) -> Array:
        answer = np.empty((a.rows, a.cols), dtype=object)
        for place in np.ndindex(a.rows, a.cols):
            value = a[place]
            if isinstance(value, self.context.mpc):
                if abs(value.imag) > self.context.mpf(10) ** (-DIGITS // 2):
                    raise Fault("a function of a matrix is not real")
                value = value.real
            answer[place] = value
        return answer

    def _try(self, function: Any, *operands: Any) -> Any:
        try:
            return function(*operands)
        except (ZeroDivisionError, ValueError, RuntimeError, OverflowError) as error:
            raise Fault(str(error)) from None

    def inv(self, a: Array) -> Array:
        return self.solve(a, self.array(np.eye(len(a))))

    def solve(self, a: Array, b: Array) -> Array:
        columns = b.reshape(len(b), -1)
        parts = [self._array(self._try(self.context.lu_solve, self._matrix(a), self._matrix(columns[:, [k]])))
                 for k in range(columns.shape[1])]  # fmt: skip
        return np.concatenate(parts, axis=1).reshape(b.shape)

    def det(self, a: Array) -> Array:
        return np.asarray(self._try(self.context.det, self._matrix(a)), dtype=object)

    def expm(self, a: Array) -> Array:
        return self._array(self._try(self.context.expm, self._matrix(a)))

    def sqrtm(self, a: Array) -> Array:
        return self._array(self._try(self.context.sqrtm, self._matrix(a)))

    def logm(self, a: Array) -> Array:
        return self._array(self._try(self.context.logm, self._matrix(a)))

    def eigh(self, a: Array) -> tuple[Array, Array]:
        values, vectors = self._try(self.context.eigsy, self._matrix(a))
        order = sorted(range(len(a)), key=lambda k: values[k])
        return np.array([values[k] for k in order], dtype=object), self._array(vectors)[:, order]

    def svd(self, a: Array) -> tuple[Array, Array, Array]:
        left, values, right = self._try(self.context.svd_r, self._matrix(a))
        return self._array(left), np.array([values[k] for k in range(values.rows)], dtype=object), self._array(right)


def _refuse(why: str) -> Any:
    raise ValueError(why)


FLOATS = Floats()


@functools.cache
def precise() -> Precise:
    return Precise()
