from __future__ import annotations

import paddle.nn.functional as F

from .case import op, spread

CASES = {
    "F.softmax": op(F.softmax, (3, 4)),
    "F.softmax axis 1": op(lambda x: F.softmax(x, 1), (2, 4, 3)),
    "F.relu": op(F.relu, spread(3, 4)),
    "F.leaky_relu": op(F.leaky_relu, spread(3, 4)),
    "F.tanh": op(F.tanh, (3, 4)),
    "F.sigmoid": op(F.sigmoid, (3, 4)),
}
