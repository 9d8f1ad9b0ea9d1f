"""The order of the derivatives that are wanted in a thread: beyond what Paddle's own nodes have, rules stand in."""

from __future__ import annotations

import math
import threading
from collections import Counter

#: The order of one for whom Paddle's own nodes are never enough.
ANY_ORDER = math.inf


class Orders:
    """How many asked for derivatives of which order."""

    def __init__(self):
        self._asked = Counter()
        self.highest = 0

    def add(self, order: float, count: int = 1):
        self._asked[order] += count
        self.highest = max((order for order, count in self._asked.items() if count), default=0)


class _Thread(threading.local):
    def __init__(self):
        self.orders = Orders()


#: ``here.orders`` is what this thread wants.
here = _Thread()
