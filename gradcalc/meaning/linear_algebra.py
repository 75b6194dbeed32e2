"""Linear algebra on small matrices of any numbers: floats, complex numbers, numbers of many digits.

Sources: Golub and Van Loan, Matrix Computations (2013): Gaussian elimination, algorithm 3.4.1; Cholesky, 4.2.1;
Jacobi's method, 8.5.2. Higham, Functions of Matrices (2008): scaling and squaring, section 10.3; the square root by the
iteration of Denman and Beavers, 6.15; the logarithm by inverse scaling and squaring, 11.5.
Nothing is conjugated, so that every function but those of eigenvalues continues analytically.
"""

from __future__ import annotations

from typing import Any

Scalar = Any

Rows = list[list[Scalar]]
"""A matrix row by row."""


class SingularError(Exception):
    """The matrix has no inverse."""


class NotDefinedError(Exception):
    """The function has no value at the matrix."""


def identity(size: int, one: Scalar = 1.0) -> Rows:
    return [[one if row == column else 0 * one for column in range(size)] for row in range(size)]


def transposed(matrix: Rows) -> Rows:
    return [list(column) for column in zip(*matrix)]


def product(left: Rows, right: Rows) -> Rows:
    columns = transposed(right)
    return [[sum([a * b for a, b in zip(row, column)]) for column in columns] for row in left]


def added(left: Rows, right: Rows, factor: Scalar = 1) -> Rows:
    """left + factor*right."""
    return [[a + factor * b for a, b in zip(one, other)] for one, other in zip(left, right)]


def scaled(factor: Scalar, matrix: Rows) -> Rows:
    return [[factor * entry for entry in row] for row in matrix]


def largest(matrix: Rows) -> Scalar:
    """The largest row sum of absolute values."""
    return max([sum([abs(entry) for entry in row]) for row in matrix])


def solved(matrix: Rows, right: Rows) -> tuple[Rows, Scalar]:
    """inv(matrix)*right, and the determinant. Raises SingularError for a pivot of zero."""
    size = len(matrix)
    work = [list(row) + list(extra) for row, extra in zip(matrix, right)]
    determinant: Scalar = 1
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(work[row][column]))
        if work[pivot][column] == 0:
            raise SingularError
        if pivot != column:
            work[column], work[pivot] = work[pivot], work[column]
            determinant = -determinant
        top = work[column]
        determinant = determinant * top[column]
        for row in range(column + 1, size):
            factor = work[row][column] / top[column]
            if factor != 0:
                work[row] = [a - factor * b for a, b in zip(work[row], top)]
    answer: Rows = [[] for _ in range(size)]
    for row in range(size - 1, -1, -1):
        rest = work[row][size:]
        for later in range(row + 1, size):
            rest = [a - work[row][later] * b for a, b in zip(rest, answer[later])]
        answer[row] = [entry / work[row][row] for entry in rest]
    return answer, determinant


def determinant(matrix: Rows) -> Scalar:
    try:
        return solved(matrix, [[] for _ in matrix])[1]
    except SingularError:
        if not any(entry.imag for row in matrix for entry in row):
            return 0 * matrix[0][0]
        # The slope of a determinant at a singular matrix is the adjugate's: keep the imaginary part of a step.
        return _undivided_determinant(matrix)


def _undivided_determinant(matrix: Rows) -> Scalar:
    """Without a division, and so without a pivot.

    Source: Bird, A simple division-free algorithm for computing determinants (2011).
    """
    size = len(matrix)
    work = matrix
    for _ in range(size - 1):
        diagonal = [-sum([work[later][later] for later in range(row + 1, size)]) for row in range(size)]
        upper = [
            [diagonal[row] if row == column else work[row][column] if row < column else 0 for column in range(size)]
            for row in range(size)
        ]
        work = product(upper, matrix)
    return work[0][0] if size % 2 else -work[0][0]


def inverse(matrix: Rows) -> Rows:
    return solved(matrix, identity(len(matrix)))[0]


def power(matrix: Rows, exponent: int) -> Rows:
    """A whole power. Raises SingularError where it needs an inverse that there is not."""
    base = inverse(matrix) if exponent < 0 else matrix
    answer = identity(len(matrix))
    exponent = abs(exponent)
    while exponent:
        if exponent % 2:
            answer = product(answer, base)
        exponent //= 2
        if exponent:
            base = product(base, base)
    return answer


def cholesky(matrix: Rows, sqrt: Any) -> Rows:
    """The lower factor of a symmetric matrix. Raises NotDefinedError where it is not positive definite."""
    size = len(matrix)
    factor: Rows = [[0 * matrix[0][0]] * size for _ in range(size)]
    for column in range(size):
        for row in range(column, size):
            rest = matrix[row][column] - sum([factor[row][k] * factor[column][k] for k in range(column)])
            if row == column:
                if not rest.real > 0:
                    raise NotDefinedError
                factor[row][row] = sqrt(rest)
            else:
                factor[row][column] = rest / factor[column][column]
    return factor


def exponential(matrix: Rows, precision: Scalar) -> Rows:
    """Taylor's series after halving the matrix until it is small."""
    halvings = 0
    size = largest(matrix)
    while size > 0.25 and halvings < 2000:
        size, halvings = size / 2, halvings + 1
    small = scaled(precision * 0 + 0.5**halvings, matrix) if halvings else matrix
    total = term = identity(len(matrix))
    order = 0
    while largest(term) > precision * 1e-3:
        order += 1
        term = [[entry / order for entry in row] for row in product(term, small)]
        total = added(total, term)
    for _ in range(halvings):
        total = product(total, total)
    return total


_MOST_STEPS = 100


def square_root(matrix: Rows, precision: Scalar) -> Rows:
    """The principal square root. Raises NotDefinedError where the iteration finds none."""
    root, other = matrix, identity(len(matrix))
    before = largest(matrix)
    try:
        for _ in range(_MOST_STEPS):
            following = scaled(0.5, added(root, inverse(other)))
            other = scaled(0.5, added(other, inverse(root)))
            change, root = largest(added(following, root, -1)), following
            # Once it no longer falls, rounding is all that is left.
            if change <= 8 * precision * largest(root) or before <= change < precision**0.5 * largest(root):
                return root
            before = change
    except SingularError:
        pass
    raise NotDefinedError


def logarithm(matrix: Rows, precision: Scalar) -> Rows:
    """The principal logarithm. Raises NotDefinedError where there is none."""
    one = identity(len(matrix))
    roots = 0
    while largest(added(matrix, one, -1)) > 0.1:
        if roots > _MOST_STEPS:
            raise NotDefinedError
        matrix, roots = square_root(matrix, precision), roots + 1
    # log(Y) = 2*atanh(Z) for Z = (Y - I)*inv(Y + I).
    z = transposed(solved(transposed(added(matrix, one)), transposed(added(matrix, one, -1)))[0])
    square, term, total, order = product(z, z), z, z, 1
    while largest(term) > precision * 1e-3:
        order += 2
        term = product(term, square)
        total = added(total, [[entry / order for entry in row] for row in term])
    return scaled(2**roots * 2, total)


def eigen(matrix: Rows, sqrt: Any, precision: Scalar) -> tuple[list[Scalar], Rows]:
    """The eigenvalues of a real symmetric matrix in ascending order, and its eigenvectors in the columns."""
    size = len(matrix)
    work, vectors = [list(row) for row in matrix], identity(size)
    for _ in range(_MOST_STEPS):
        off = max([abs(work[i][j]) for i in range(size) for j in range(i)], default=0)
        if off <= precision * 1e-2 * largest(work):
            break
        for i in range(size):
            for j in range(i + 1, size):
                if work[i][j] != 0:
                    _rotate(work, vectors, i, j, sqrt)
    order = sorted(range(size), key=lambda place: work[place][place])
    values = [work[place][place] for place in order]
    return values, [[row[place] for place in order] for row in vectors]


def _rotate(work: Rows, vectors: Rows, i: int, j: int, sqrt: Any) -> None:
    """Jacobi's rotation that makes work[i][j] zero."""
    theta = (work[j][j] - work[i][i]) / (2 * work[i][j])
    tangent = (1 if theta >= 0 else -1) / (abs(theta) + sqrt(theta * theta + 1))
    cosine = 1 / sqrt(tangent * tangent + 1)
    sine = tangent * cosine
    for matrix in (work, vectors):
        for row in matrix:
            row[i], row[j] = cosine * row[i] - sine * row[j], sine * row[i] + cosine * row[j]
    work[i], work[j] = (
        [cosine * a - sine * b for a, b in zip(work[i], work[j])],
        [sine * a + cosine * b for a, b in zip(work[i], work[j])],
    )


def singular(matrix: Rows, sqrt: Any, precision: Scalar) -> tuple[Rows, list[Scalar], Rows]:
    """The thin singular value decomposition U*diag(s)*V' of a real matrix, largest value first: U, s and V'.

    By one-sided rotations of the columns (Hestenes), which keep small singular values accurate.
    """
    if len(matrix) < len(matrix[0]):
        left, values, right = singular(transposed(matrix), sqrt, precision)
        return transposed(right), values, transposed(left)
    columns = transposed(matrix)
    vectors = identity(len(columns))
    for _ in range(_MOST_STEPS):
        if not _orthogonalised(columns, vectors, sqrt, precision):
            break
    norms = [sqrt(sum([entry * entry for entry in column])) for column in columns]
    order = sorted(range(len(columns)), key=lambda place: -norms[place])
    left = [[entry / norms[place] if norms[place] else entry for entry in columns[place]] for place in order]
    return transposed(left), [norms[place] for place in order], [vectors[place] for place in order]


def _orthogonalised(columns: Rows, vectors: Rows, sqrt: Any, precision: Scalar) -> bool:
    """One sweep over all pairs of columns; whether any two were not orthogonal."""
    changed = False
    for i in range(len(columns)):
        for j in range(i + 1, len(columns)):
            first, second = columns[i], columns[j]
            mixed = sum([a * b for a, b in zip(first, second)])
            one, other = sum([a * a for a in first]), sum([b * b for b in second])
            if abs(mixed) <= precision * sqrt(one * other) or mixed == 0:
                continue
            changed = True
            theta = (other - one) / (2 * mixed)
            tangent = (1 if theta >= 0 else -1) / (abs(theta) + sqrt(theta * theta + 1))
            cosine = 1 / sqrt(tangent * tangent + 1)
            sine = tangent * cosine
            for rows in (columns, vectors):
                rows[i], rows[j] = (
                    [cosine * a - sine * b for a, b in zip(rows[i], rows[j])],
                    [sine * a + cosine * b for a, b in zip(rows[i], rows[j])],
                )
    return changed
