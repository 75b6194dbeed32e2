"""The vocabulary of LaTeX formulas: which command is a letter, a function, a font, a sign, a space."""

from __future__ import annotations

from gradcalc.functions import catalogue
from gradcalc.language.lexer import GREEK


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NAMES = {name: name for name in [*GREEK.values(), "pi", "ell", "Upsilon"]} | {
    "varepsilon": "epsilon",
    "vartheta": "theta",
    "varphi": "phi",
    "varrho": "rho",
    "varsigma": "sigma",
    "varkappa": "kappa",
}
"""Commands that are letters, and the names they give."""

GREEK_NAMES = frozenset(NAMES.values()) - {"ell"}

FUNCTION_NAMES = frozenset(["f", "g", "h", "ell", "phi", "psi"])
"""Names that are unspecified functions where a parenthesis follows."""

_SPELLINGS = {
    "Trace": "tr",
    "Diag": "diag",
    "Det": "det",
    "Vec": "vec",
    "vech": "vech",
    "ReLU": "relu",
    "RELU": "relu",
    "sgn": "sign",
    "sigm": "sigmoid",
    "Softmax": "softmax",
    "LSE": "logsumexp",
    "lg": "log",
}

# Names of the catalogue that are as likely to be names of variables, or letters.
_NOT_FUNCTIONS = {"sigma", "vector", "matrix", "square", "step"}

_ELEMENTARY = """
    exp log ln lg sin cos tan sec csc cot sinh cosh tanh coth arcsin arccos arctan arcsinh arccosh arctanh
    max min det tr Tr vec kron logdet erf argmin argmax minimize maximize
"""

FUNCTIONS = frozenset([*_words(_ELEMENTARY), *_SPELLINGS, *catalogue.BY_NAME]) - _NOT_FUNCTIONS
"""Words that are functions, as commands, in upright type, or typed plainly before a parenthesis."""

TAKES_A_PRODUCT = frozenset(["tr", "det", "logdet", "diag", "vec"])
"""Functions of matrices: without parentheses, they apply to the whole product that follows."""

NUMBERS_OF_MATRICES = frozenset(["tr", "det", "logdet"])
"""Functions whose value is a number, so that a transpose after their parenthesis belongs to what is in it."""

FONTS = dict.fromkeys(
    _words("mathcal mathsf mathit mathrm mathtt mathup mathnormal mathscr mathfrak mathbb mathbbm mathds mat"), "plain"
) | dict.fromkeys(
    _words("mathbf boldsymbol bm pmb bs mathbold textbf underline overrightarrow vec vect vct symbf mathbfit"), "bold"
)

ACCENTS = {
    "hat": "hat",
    "widehat": "hat",
    "tilde": "tilde",
    "widetilde": "tilde",
    "bar": "bar",
    "overline": "bar",
    "dot": "dot",
    "ddot": "ddot",
    "check": "check",
}

OPERATORS = {
    "cdot": "*", "times": "*", "ast": "*", "div": "/", "backslash": "\\", "setminus": "\\",
    "odot": ".*", "circ": ".*", "oslash": "./", "otimes": "kron", "colon": ":",
    "triangleq": "=", "coloneqq": "=", "equiv": "=", "doteq": "=", "mapsto": "=", "prime": "'",
}  # fmt: skip

CHARACTERS = {
    "⊙": ".*", "∘": ".*", "·": "*", "×": "*", "−": "-", "–": "-", "’": "'", "′": "'", "⊗": "kron", "⊘": "./",
    "²": "superscript", "³": "superscript", "⁴": "superscript", "⁵": "superscript", "⁶": "superscript",
    "⁷": "superscript", "⁸": "superscript", "⁹": "superscript", "ᵀ": "'", "⊤": "'",
}  # fmt: skip

SUPERSCRIPTS = {"²": 2, "³": 3, "⁴": 4, "⁵": 5, "⁶": 6, "⁷": 7, "⁸": 8, "⁹": 9}

OPENERS = {"(": "(", "[": "[", "{": "\\{", "lbrace": "\\{", "lbrack": "[", "lparen": "(", "langle": "<", "⟨": "<",
           "lvert": "|", "lVert": "‖"}  # fmt: skip
"""Opening delimiters, as characters or commands, and how they are called in a token."""

CLOSERS = {")": ")", "]": "]", "}": "\\}", "rbrace": "\\}", "rbrack": "]", "rparen": ")", "rangle": ">", "⟩": ">",
           "rvert": "|", "rVert": "‖"}  # fmt: skip

BARS = {"|": "|", "||": "||", "vert": "|", "Vert": "‖", "‖": "‖"}
"""Bars that open or close as it fits: `||` was typed as two of `|`, `‖` is one sign."""

CLOSER_OF = {"(": ")", "[": "]", "\\{": "\\}", "<": ">", "|": "|", "‖": "‖"}

SIZES = {
    prefix + size + side: {"l": "open", "r": "close"}.get(side, "")
    for prefix, size in (("big", ""), ("Big", ""), ("bigg", ""), ("Bigg", ""))
    for side in ("", "l", "r", "m")
} | {"left": "open", "right": "close", "middle": ""}
"""Commands before a delimiter, and which side of a pair they say it is."""

SOFT_BREAKS = frozenset(["quad", "qquad"])

IGNORED = frozenset([*",;:!> ", *_words("""
    enspace thinspace medspace thickspace negthinspace displaystyle textstyle scriptstyle limits nolimits nonumber
    notag bf rm it cal sf tt boldmath mathstrut strut hfill noindent relax allowbreak arg ensuremath boxed smash
    hline centering
""")])  # fmt: skip

IGNORED_WITH_ARGUMENT = frozenset(
    _words("label tag hspace vspace phantom hphantom vphantom color textcolor overset stackrel ref eqref")
)

UNWRAPPED = frozenset(["overset", "stackrel", "mathop", "mathbin", "mathrel", "eqalign"])
"""Commands whose last argument stands as if it had no braces."""

DISPLAYS = frozenset(
    _words("equation align aligned alignat alignedat gather gathered multline split eqnarray flalign displaymath math")
)

MATRICES = frozenset(_words("matrix bmatrix pmatrix Bmatrix vmatrix Vmatrix smallmatrix array"))

CONNECTIVES = frozenset(["where", "with", "and", "let", "for", "so", "then", "if", "i.e.", "given"])
"""Words in text that separate statements."""

FORMULA_COMMANDS = frozenset(
    _words("frac tfrac dfrac cfrac sqrt sum norm abs over underbrace overbrace top intercal star dagger")
)

NOT_READ = {
    "prod": ("a product over an index", "Take its logarithm, or write the factors out."),
    "int": ("an integral", "Only sums over an index are read: \\sum_{i=1}^{n}."),
    "lim": ("a limit", None),
    "partial": ("a derivative", "Give the function itself, and what to differentiate by with --wrt."),
    "nabla": ("a derivative", "Give the function itself, and what to differentiate by with --wrt."),
    "infty": ("infinity", None),
    "pm": ("the sign \\pm", "Write + or -."),
    "mp": ("the sign \\mp", "Write + or -."),
    "oplus": ("the sign \\oplus", None),
    "binom": ("a binomial coefficient", None),
    "mid": ("the bar \\mid", "An absolute value is written |x| or \\lvert x \\rvert."),
    **dict.fromkeys(_words("dots cdots ldots vdots ddots"), ("an omission", "Write all entries or terms out.")),
    **{
        word: (f"the relation \\{word}", "Only the equals sign is read.")
        for word in _words("in leq le geq ge neq ne ll gg approx sim propto subset to rightarrow forall succeq succ")
    },
}  # fmt: skip
"""Commands that are known and have no counterpart: what they are, and what to write instead."""

KNOWN = frozenset([*NAMES, *FUNCTIONS, *FONTS, *ACCENTS, *OPERATORS, *SIZES, *IGNORED, *FORMULA_COMMANDS,
                   *_words("begin end text operatorname langle rangle lVert rVert lvert rvert quad qquad"),
                   ])  # fmt: skip


def function_name(word: str) -> str:
    """The function that a word stands for, as the catalogue spells it where it is there."""
    word = _SPELLINGS.get(word, word)
    entry = catalogue.spelled(word)
    return word if entry is None else entry.name
