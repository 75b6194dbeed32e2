"""Source of the NumPy functions that programs call where NumPy has no single function for the job.

Each is finite wherever its function is. A program prints the source of those that it uses.
"""

HELPERS: dict[str, str] = {
    "_sigmoid": '''\
def _sigmoid(t):
    """1/(1 + exp(-t)) without overflow."""
    e = np.exp(-np.abs(t))
    return np.where(t < 0, e, 1.0) / (1.0 + e)
''',
    "_sech": '''\
def _sech(t):
    """1/cosh(t) without overflow."""
    e = np.exp(-np.abs(t))
    return 2.0 * e / (1.0 + e * e)
''',
    "_logcosh": '''\
def _logcosh(t):
    """log(cosh(t)) without overflow, accurate near 0."""
    t = np.abs(t)
    near = np.log1p(2.0 * np.sinh(0.5 * np.minimum(t, 1.0)) ** 2)
    return np.where(t < 1.0, near, t + np.log1p(np.exp(-2.0 * t)) - np.log(2.0))
''',
    "_log1mexp": '''\
def _log1mexp(t):
    """log(1 - exp(-t)), accurate near 0 and far from it."""
    return np.where(t < 0.7, np.log(-np.expm1(-t)), np.log1p(-np.exp(-t)))
''',
    "_norm2": '''\
def _norm2(x):
    """The Euclidean (Frobenius) norm without overflow or underflow."""
    scale = np.max(np.abs(x), initial=0.0)
    if scale == 0.0 or not np.isfinite(scale):
        return scale
    return scale * np.sqrt(np.sum((x / scale) ** 2))
''',
    "_normp": '''\
def _normp(x, p):
    """sum(abs(x)**p)**(1/p) without overflow or underflow."""
    x = np.abs(x)
    scale = np.max(x, initial=0.0)
    if scale == 0.0 or not np.isfinite(scale) or p <= 0:
        return np.sum(x**p) ** (1.0 / p)
    return scale * np.sum((x / scale) ** p) ** (1.0 / p)
''',
    "_logdet": '''\
def _logdet(X):
    """log(det(X)) from the LU factors; nan for a negative determinant."""
    sign, logarithm = np.linalg.slogdet(X)
    return logarithm if sign > 0 else (np.nan if sign < 0 else -np.inf)
''',
    "_logsumexp": '''\
def _logsumexp(x):
    """log(sum(exp(x))), shifted by the largest entry."""
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))
''',
    "_softmax": '''\
def _softmax(x):
    """exp(x)/sum(exp(x)), shifted by the largest entry."""
    e = np.exp(x - np.max(x))
    return e / np.sum(e)
''',
    "_shares": '''\
def _shares(x):
    """1 at the largest entry and 0 elsewhere; 1/k at each of k largest ones."""
    largest = (x == np.max(x)) + 0.0
    return largest / np.sum(largest)
''',
    "_special": "from scipy import special as _special\n",
    "_linalg": "from scipy import linalg as _linalg\n",
    "_xlogy": '''\
def _xlogy(t, u):
    """t*log(u), 0 where t is 0."""
    return np.where(t == 0, 0.0, t * np.log(np.where(t == 0, 1.0, u)))
''',
    "_kron": '''\
def _kron(a, b):
    """The Kronecker product; a vector beside a matrix is a column."""
    a = a[:, None] if a.ndim < b.ndim else a
    return np.kron(a, b[:, None] if b.ndim < a.ndim else b)
''',
    "_commutation": '''\
def _commutation(m, n):
    """The matrix that makes vec(X') of vec(X) for X of m rows and n columns."""
    return np.eye(m * n)[np.arange(m * n).reshape((n, m)).T.ravel()]
''',
    "_repmat": '''\
def _repmat(x, m, n):
    """m copies of x below each other, n beside each other."""
    return np.tile(x if np.ndim(x) == 2 else np.reshape(x, (-1, 1)), (m, n))
''',
    "_adj": '''\
def _adj(X):
    """The adjugate from the singular value decomposition, where X is singular too."""
    U, s, Vt = np.linalg.svd(X)
    others = np.append(1.0, np.cumprod(s[:-1])) * np.append(np.cumprod(s[:0:-1])[::-1], 1.0)
    return np.round(np.linalg.det(U) * np.linalg.det(Vt)) * (Vt.T * others) @ U.T
''',
    "_polar": '''\
def _polar(X):
    """U*V' of the singular value decomposition."""
    U, _, Vt = np.linalg.svd(X, full_matrices=False)
    return U @ Vt
''',
    "_leading_pair": '''\
def _leading_pair(X):
    """u*v' of the leading singular vectors."""
    U, _, Vt = np.linalg.svd(X, full_matrices=False)
    return np.outer(U[:, 0], Vt[0])
''',
    "_along_diagonals": '''\
def _along_diagonals(X, average):
    """The sums or means along the diagonals, laid out on them."""
    m, n = X.shape
    place = np.arange(n)[None, :] - np.arange(m)[:, None] + m - 1
    sums = np.bincount(place.ravel(), weights=X.ravel(), minlength=m + n - 1)
    return (sums / np.bincount(place.ravel()) if average else sums)[place]
''',
    "_logm": '''\
def _logm(X):
    """The principal logarithm where it is real, else nan."""
    from scipy import linalg

    L = linalg.logm(X)
    return np.real(L) if np.max(np.abs(np.imag(L))) <= 1e-9 * np.max(np.abs(L)) else np.full(X.shape, np.nan)
''',
    "_sqrtm": '''\
def _sqrtm(X):
    """The principal square root where it is real, else nan."""
    from scipy import linalg

    S = linalg.sqrtm(X)
    return np.real(S) if np.max(np.abs(np.imag(S))) <= 1e-9 * np.max(np.abs(S)) else np.full(X.shape, np.nan)
''',
    "_matpow": '''\
def _matpow(X, k):
    """X to a whole power."""
    if k != np.round(k):
        raise ValueError("the power of a matrix is a whole number")
    return np.linalg.matrix_power(X, int(k))
''',
    "_chol": '''\
def _chol(X):
    """The lower Cholesky factor of the symmetric part."""
    return np.linalg.cholesky(0.5 * (X + X.T))
''',
    "_eigvecs": '''\
def _eigvecs(X):
    """The eigenvectors of a symmetric matrix, in the order of the eigenvalues."""
    return np.linalg.eigh(X)[1]
''',
    "_plus_diagonal": '''\
def _plus_diagonal(X, d):
    """X with d, a number or a vector, added to its diagonal."""
    X = np.array(X)
    X.flat[:: X.shape[1] + 1] += d
    return X
''',
}
