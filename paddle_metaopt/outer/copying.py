"""What a copy or a pickle of an optimizer holds.

It makes its plan anew from the copied choices, for a plan knows parameters by their ids; Paddle's moments go by
position, as in ``state_dict``, for a copied parameter has another name.
"""

from __future__ import annotations

from ..paddle_optimizers import ATTRIBUTES_BY_NAME, attributes_at_the_start, give_traits, traits_of
from .state import without_buffers

_MADE_ANEW = frozenset({"_fixed_plan", *ATTRIBUTES_BY_NAME})


def content_of(optimizer) -> dict:
    """The choices, the state of the outer optimizer, and what the parameters carry for it."""
    own = {name: value for name, value in vars(optimizer).items() if name not in _MADE_ANEW}
    return {**own, "outer": without_buffers(optimizer.state_dict()), "traits": traits_of(optimizer)}


def take(optimizer, content: dict) -> dict:
    """Give a new optimizer what `content_of` gave, but for the state of the outer one, which is returned."""
    own = dict(content)
    outer, traits = own.pop("outer"), own.pop("traits", [])
    vars(optimizer).update(own, **attributes_at_the_start(optimizer))
    give_traits(optimizer, traits)
    return outer
