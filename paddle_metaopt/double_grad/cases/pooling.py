from __future__ import annotations

import paddle.nn.functional as F

from .case import op, spread

CASES = {
    "F.max_pool2d": op(lambda x: F.max_pool2d(x, 2), spread(2, 2, 4, 6)),
    "F.max_pool2d overlapping": op(lambda x: F.max_pool2d(x, 3, 2, 1), spread(2, 2, 6, 7)),
    "F.max_pool2d ceil": op(lambda x: F.max_pool2d(x, 2, 2, ceil_mode=True), spread(2, 2, 5, 5)),
    "F.max_pool2d SAME": op(lambda x: F.max_pool2d(x, 3, 2, "SAME"), spread(2, 2, 6, 5)),
    "F.max_pool2d VALID": op(lambda x: F.max_pool2d(x, 3, 2, "VALID"), spread(2, 2, 6, 5)),
    "F.max_pool2d asymmetric": op(lambda x: F.max_pool2d(x, 3, 2, [0, 1, 1, 0]), spread(2, 2, 6, 5)),
    "F.max_pool2d NHWC": op(lambda x: F.max_pool2d(x, 2, data_format="NHWC"), spread(2, 4, 6, 2)),
    "F.max_pool2d with mask": op(lambda x: F.max_pool2d(x, 2, return_mask=True)[0], spread(2, 2, 4, 6)),
    "F.adaptive_max_pool2d": op(lambda x: F.adaptive_max_pool2d(x, [2, 3]), spread(2, 2, 5, 7)),
    "F.avg_pool2d": op(lambda x: F.avg_pool2d(x, 2), (2, 2, 4, 6)),
    "F.avg_pool2d inclusive": op(lambda x: F.avg_pool2d(x, 3, 2, 1, exclusive=False), (2, 2, 6, 7)),
    "F.avg_pool2d exclusive ceil": op(lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True), (2, 2, 6, 7)),
    "F.avg_pool2d divisor": op(lambda x: F.avg_pool2d(x, 2, divisor_override=3), (2, 2, 4, 4)),
    "F.avg_pool2d NHWC": op(lambda x: F.avg_pool2d(x, 2, data_format="NHWC"), (2, 4, 6, 2)),
    "F.adaptive_avg_pool2d": op(lambda x: F.adaptive_avg_pool2d(x, [2, 3]), (2, 2, 5, 7)),
    "F.adaptive_avg_pool2d global": op(lambda x: F.adaptive_avg_pool2d(x, 1), (2, 3, 5, 4)),
}
