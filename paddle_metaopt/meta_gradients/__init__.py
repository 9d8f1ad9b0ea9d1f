"""Ways back from the query loss to what is meta-learned."""

from .surrogate import with_gradients
from .unrolled import FirstOrder, Unrolled

_BY_NAME = {"unrolled": Unrolled, "first_order": FirstOrder}


def meta_gradient(name: str, first_order: bool):
    """The way of that name; ``first_order=True`` is short for ``"first_order"``.

    Raises
    ------
    ValueError
        If there is none of that name, or the two arguments contradict each other.
    """
    if first_order:
        if name not in ("unrolled", "first_order"):
            raise ValueError(
                f"first_order=True is short for meta_gradient='first_order', but meta_gradient={name!r} was given as "
                "well; give one of them"
            )
        name = "first_order"
    if name not in _BY_NAME:
        raise ValueError(f"meta_gradient: no way named {name!r}; there are {', '.join(map(repr, _BY_NAME))}")
    return _BY_NAME[name]()


__all__ = ["FirstOrder", "Unrolled", "meta_gradient", "with_gradients"]
