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
    "_norm2": '''\
def _norm2(x):
    """The Euclidean (Frobenius) norm without overflow or underflow."""
    scale = np.max(np.abs(x), initial=0.0)
    if scale == 0.0 or not np.isfinite(scale):
        return scale
    return scale * np.sqrt(np.sum((x / scale) ** 2))
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
    "_plus_diagonal": '''\
def _plus_diagonal(X, d):
    """X with d, a number or a vector, added to its diagonal."""
    X = np.array(X)
    X.flat[:: X.shape[1] + 1] += d
    return X
''',
}
