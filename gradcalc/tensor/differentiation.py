"""Reverse mode over the tensor graph: gradients, Jacobians and, applied again, every higher order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gradcalc.errors import GradcalcError
from gradcalc.functions import catalogue
from gradcalc.functions.entry import Atom as AtomEntry
from gradcalc.language.polynomial import Dim
from gradcalc.tensor import forward
from gradcalc.tensor.graph import Graph
from gradcalc.tensor.nodes import ONE, Atom, Contraction, Elementwise, Factor, Node, Sum, Symbol, postorder

ElementwiseDerivative = Callable[[Elementwise, int], Node]
AtomPullback = Callable[[Atom, Node], Node]


class Rules:
    """What the catalogue says of derivatives, as nodes.

    elementwise(node, place): the derivative of the node's function by one of its operands, with the dims of the node.
    pullback(node, cotangent): the cotangent of the first operand of an atom, linear in `cotangent`.
    """

    def __init__(self, elementwise: ElementwiseDerivative, pullback: AtomPullback) -> None:
        self.elementwise = elementwise
        self.pullback = pullback


def derivative(graph: Graph, rules: Rules, objective: Node, variable: Node) -> Node:
    """The derivative of `objective` by `variable`, in reverse mode; by a number, through matrices, in forward mode.

    objective: dims (o1, ..., ok); variable: any node, dims (v1, ..., vl). Returns dims (o1, ..., ok, v1, ..., vl): for
    a scalar objective the variable's own shape; for a vector by a vector a row for each entry of the objective.
    Source: Griewank and Walther, Evaluating Derivatives (2008), section 3.2.
    """
    order = _depending_on(objective, variable)
    dims = objective.dims + variable.dims
    if not order:
        return graph.constant(0, dims)
    if forward.serves(order, variable):
        return forward.tangent(graph, rules, order, variable)
    depends = set(order)
    cotangents: dict[Node, list[Node]] = {objective: [graph.identity(objective.dims)]}
    for node in reversed(order):
        if node not in cotangents:
            # What stands above it has passed its cotangent on to what stands below.
            continue
        cotangent = _total(graph, cotangents.pop(node))
        if node is variable:
            return cotangent
        for operand, pulled_back in _pullbacks(graph, rules, node, cotangent, len(objective.dims), depends):
            cotangents.setdefault(operand, []).append(pulled_back)
    raise AssertionError("the variable was not reached")


def along(graph: Graph, rules: Rules, objective: Node, variable: Node, direction: Node) -> Node | None:
    """The derivative along a direction in forward mode, where that is shorter: for functions of matrices.

    direction: dims of the variable. Returns dims of the objective; None where reverse mode serves better.
    """
    order = _depending_on(objective, variable)
    if not order or not objective.dims or not forward.passes_matrices(order):
        return None
    return forward.tangent(graph, rules, order, variable, direction)


def _depending_on(objective: Node, variable: Node) -> list[Node]:
    """The nodes between the variable and the objective, both included, operands first."""
    depends: set[Node] = {variable}
    order: list[Node] = []
    for node in postorder((objective,)):
        if node in depends or any(operand in depends for operand in node.operands):
            depends.add(node)
            order.append(node)
    return order if variable in order else []


def _total(graph: Graph, parts: list[Node]) -> Node:
    if len(parts) == 1:
        return parts[0]
    return graph.sum([(ONE, part) for part in parts], parts[0].dims)


def _pullbacks(
    graph: Graph, rules: Rules, node: Node, cotangent: Node, leading: int, depends: set[Node]
) -> Iterator[tuple[Node, Node]]:
    """What each operand of the node receives: dims (the objective's..., the operand's...).

    `leading` is the number of axes of the objective, which stand first in every cotangent.
    """
    if isinstance(node, Contraction):
        yield from _contraction_pullbacks(graph, node, cotangent, leading, depends)
    elif isinstance(node, Sum):
        for coefficient, term in node.terms:
            if term in depends:
                yield term, graph.scaled(coefficient, cotangent)
    elif isinstance(node, Elementwise):
        axes = tuple(range(len(cotangent.dims)))
        for place, operand in enumerate(node.operands):
            if operand not in depends:
                continue
            slope = rules.elementwise(node, place)
            factors = [(cotangent, 1, axes), (slope, 1, axes[leading:])]
            yield operand, graph.contraction(ONE, factors, axes, dict(enumerate(cotangent.dims)))
    elif isinstance(node, Atom):
        multiple = _varying_multiple(node, depends)
        if multiple is None:
            yield node.operand, _atom_pullback(graph, rules, node, cotangent, leading, depends)
        else:
            yield from _multiple_pullbacks(graph, rules, node, multiple, cotangent, depends)


def _varying_multiple(node: Atom, depends: set[Node]) -> Contraction | None:
    """The operand of a matrix function where it is a matrix that does not vary, times numbers that do."""
    entry = catalogue.lookup(node.name)
    operand = node.operand
    if not isinstance(entry, AtomEntry) or entry.trace_rule is None or node.batch:
        return None
    if not isinstance(operand, Contraction) or any(parameter in depends for parameter in node.operands[1:]):
        return None
    varying = [indices for factor, _, indices in operand.factors if factor in depends]
    return None if any(varying) else operand


def _multiple_pullbacks(
    graph: Graph, rules: Rules, node: Atom, multiple: Contraction, cotangent: Node, depends: set[Node]
) -> Iterator[tuple[Node, Node]]:
    """The derivative of f(t*A) by t is A*f'(t*A): a matrix commutes with its functions.

    Source: Higham, Functions of Matrices (2008), section 3.2.
    """
    slope = graph.transpose(rules.pullback(node, graph.identity(node.dims[:1])))
    dims = dict(enumerate(cotangent.dims))
    row, column, joint = len(dims) - 2, len(dims) - 1, len(dims)
    dims[joint] = node.dims[0]
    front = tuple(range(row))
    for factor, turned in _contraction_slopes(graph, multiple, depends):
        factors: list[Factor] = [(cotangent, 1, (*front, row, column)), (turned, 1, (row, joint))]
        yield factor, graph.contraction(ONE, [*factors, (slope, 1, (joint, column))], front, dict(dims))


def _contraction_slopes(graph: Graph, node: Contraction, depends: set[Node]) -> Iterator[tuple[Node, Node]]:
    """The derivatives of a contraction by the numbers among its factors."""
    number, powers = node.coefficient
    for place, (factor, exponent, _) in enumerate(node.factors):
        if factor in depends:
            factors = list(node.factors)
            factors[place] = (factor, exponent - 1, ())
            ranges = dict(enumerate(node.index_dims))
            yield factor, graph.contraction((number * exponent, powers), factors, node.output, ranges)


def _atom_pullback(graph: Graph, rules: Rules, node: Atom, cotangent: Node, leading: int, depends: set[Node]) -> Node:
    if any(parameter in depends for parameter in node.operands[1:]):
        what = "the exponent of a matrix" if node.name == "matpow" else f"a parameter of {node.name}"
        raise GradcalcError("shape", f"there is no derivative by {what}", hint="It is a whole number, or fixed.")
    if not leading:
        return rules.pullback(node, cotangent)
    if len(node.dims) == len(node.operand.dims) == 1 and not node.batch:
        # The Jacobian keeps its own compact form: A'*(diag(p) - p*p')*A.
        jacobian = _jacobian(graph, rules, node)
        count = len(cotangent.dims)
        front = tuple(range(leading))
        factors = [(cotangent, 1, (*front, leading)), (jacobian, 1, (leading, count))]
        dims = dict(enumerate([*cotangent.dims, *node.operand.dims]))
        return graph.contraction(ONE, factors, (*front, count), dims)
    placeholder = graph.symbol("the cotangent of " + str(node.id), node.dims)
    return _with_leading_axes(graph, rules.pullback(node, placeholder), placeholder, cotangent, leading)


def _jacobian(graph: Graph, rules: Rules, node: Atom) -> Node:
    """The derivative of an atom by its operand: dims (the atom's..., the operand's...)."""
    placeholder = graph.symbol("the cotangent of " + str(node.id), node.dims)
    identity = graph.identity(node.dims)
    return _with_leading_axes(graph, rules.pullback(node, placeholder), placeholder, identity, len(node.dims))


def _contraction_pullbacks(
    graph: Graph, node: Contraction, cotangent: Node, leading: int, depends: set[Node]
) -> Iterator[tuple[Node, Node]]:
    """The one product rule: the cotangent takes the factor's place."""
    count = len(node.index_dims)
    front = tuple(range(count, count + leading))
    for place, (operand, exponent, indices) in enumerate(node.factors):
        if operand not in depends:
            continue
        dims = dict(enumerate(node.index_dims))
        dims.update(zip(front, cotangent.dims))
        factors = list(node.factors)
        if exponent == 1:
            factors[place] = (cotangent, 1, front + node.output)
        else:
            factors[place] = (operand, exponent - 1, indices)
            factors.append((cotangent, 1, front + node.output))
        number, powers = node.coefficient
        yield operand, graph.contraction((number * exponent, powers), factors, front + indices, dims)


def substituted(graph: Graph, root: Node, placeholder: Symbol, replacement: Node) -> Node:
    """`root`, which is linear in `placeholder`, at a tensor of the same dims."""
    if root is placeholder or not any(node is placeholder for node in postorder((root,))):
        return replacement if root is placeholder else root
    return _with_leading_axes(graph, root, placeholder, replacement, 0)


def _with_leading_axes(graph: Graph, root: Node, placeholder: Symbol, replacement: Node, leading: int) -> Node:
    """`root`, which is linear in `placeholder`, at `replacement`, whose `leading` more axes go to the front."""
    depends: set[Node] = {placeholder}
    replaced: dict[Node, Node] = {placeholder: replacement}
    front_dims = replacement.dims[:leading]
    for node in postorder((root,)):
        if node is placeholder or not any(operand in depends for operand in node.operands):
            continue
        depends.add(node)
        if isinstance(node, Sum):
            terms = [(coefficient, _leading(graph, term, replaced, front_dims)) for coefficient, term in node.terms]
            replaced[node] = graph.sum(terms, front_dims + node.dims)
            continue
        if isinstance(node, Atom):
            replaced[node] = graph.atom(
                node.name, replaced[node.operand], *node.operands[1:], batch=leading + node.batch
            )
            continue
        if isinstance(node, Elementwise):
            operands = [_leading(graph, operand, replaced, front_dims) for operand in node.operands]
            replaced[node] = graph.elementwise(node.function, *operands)
            continue
        assert isinstance(node, Contraction)
        count = len(node.index_dims)
        front = tuple(range(count, count + leading))
        dims = dict(enumerate(node.index_dims))
        dims.update(zip(front, front_dims))
        factors = [
            (replaced[operand], exponent, front + indices) if operand in depends else (operand, exponent, indices)
            for operand, exponent, indices in node.factors
        ]
        replaced[node] = graph.contraction(node.coefficient, factors, front + node.output, dims)
    return replaced.get(root, graph.constant(0, front_dims + root.dims))


def _leading(graph: Graph, node: Node, replaced: dict[Node, Node], front_dims: tuple[Dim, ...]) -> Node:
    """The node with more axes at the front: its replacement, or itself repeated along them."""
    if node in replaced:
        return replaced[node]
    dims = front_dims + node.dims
    axes = tuple(range(len(dims)))
    return graph.contraction(ONE, [(node, 1, axes[len(front_dims) :])], axes, dict(enumerate(dims)))
