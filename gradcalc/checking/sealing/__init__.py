"""The seal: no answer is shown that was not verified.

In: an answer as it is printed, and the problem as it was typed. Out: nothing where they agree, the reason where that
cannot be said, and an error of kind `internal` where they do not agree. The room knows `meaning/`, and nothing of how
an answer was derived.
"""
