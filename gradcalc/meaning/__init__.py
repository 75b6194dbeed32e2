"""What the language means: one walk over the syntax tree, over an algebra of numbers.

In: a tree as it was typed or as it is printed, the kinds and arrays of its variables, the sizes of its dimensions. Out:
its value, and what was met on the way (the end of a domain, a kink, a singular matrix).
The room knows the language and the catalogue, what a function is and never its derivative; it knows nothing of the
graph, of derivatives and of programs, so that it can judge them.
"""
