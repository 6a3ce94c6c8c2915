"""A generated piece of SQL that knows what it could be replaced by: shrinking a failure is trying that."""


class Node:
    """`parts`: strings and nodes; `smaller`: what may stand in its place (strings or nodes)."""
    __slots__ = ("parts", "smaller")

    def __init__(self, *parts, smaller=()):
        self.parts, self.smaller = parts, smaller

    def text(self, replaced=None, by=None):
        if self is replaced:
            return by.text() if isinstance(by, Node) else by
        return "".join(p if isinstance(p, str) else p.text(replaced, by) for p in self.parts)

    def nodes(self):
        """Outer ones first: they take most away."""
        yield self
        for p in self.parts:
            if isinstance(p, Node):
                yield from p.nodes()

    def with_replaced(self, replaced, by):
        if self is replaced:
            return by if isinstance(by, Node) else Node(by)
        if not any(isinstance(p, Node) for p in self.parts):
            return self
        return Node(*(p if isinstance(p, str) else p.with_replaced(replaced, by) for p in self.parts), smaller=self.smaller)


def join(separator, nodes, least=1):
    """A list; each element may be left out while `least` remain."""
    nodes = list(nodes)
    parts = []
    for i, n in enumerate(nodes):
        parts += [separator] * (i > 0) + [n]
    smaller = []
    if len(nodes) > least:
        smaller = [join(separator, nodes[:i] + nodes[i + 1:], least) for i in range(len(nodes))] if len(nodes) < 12 else []
    return Node(*parts, smaller=smaller)


def shrink(node, fails, tries):
    """The smallest variant found, within `tries` calls, for which fails(text) still holds."""
    progress = True
    while progress and tries > 0:
        progress = False
        for n in list(node.nodes()):
            for by in sorted(n.smaller, key=lambda b: len(b if isinstance(b, str) else b.text())):
                if tries <= 0:
                    return node
                tries -= 1
                if fails(node.text(n, by)):
                    node, progress = node.with_replaced(n, by), True
                    break
            if progress:
                break
    return node
