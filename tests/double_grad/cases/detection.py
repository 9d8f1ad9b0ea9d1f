from __future__ import annotations

import paddle
from paddle.vision import ops

from .case import op, spread

#: Two boxes on the first image, one on the second; corners are x1, y1, x2, y2.
BOXES = [[0.3, 0.2, 4.1, 3.3], [1.2, 1.4, 3.8, 4.9], [0.0, 0.6, 4.7, 4.2]]


def pooled(function, *args, **options):
    def run(x):
        boxes, boxes_num = paddle.to_tensor(BOXES, x.dtype), paddle.to_tensor([2, 1], "int32")
        return function(x, boxes, boxes_num, *args, **options)

    return run


def deformed(**options):
    return lambda x, offset, w, *mask: ops.deform_conv2d(x, offset, w, mask=mask[0] if mask else None, **options)


CASES = {
    "vision.ops.roi_align": op(pooled(ops.roi_align, 2), (2, 2, 5, 6)),
    "vision.ops.roi_align scale, samples": op(pooled(ops.roi_align, [2, 3], 0.7, 2, False), (2, 2, 5, 6)),
    "vision.ops.roi_align less than a pixel": op(pooled(ops.roi_align, 2, 0.3), (2, 2, 5, 6)),
    "vision.ops.roi_align less than a pixel, samples": op(pooled(ops.roi_align, [2, 3], 0.2, 2), (2, 2, 5, 6)),
    "vision.ops.roi_pool": op(pooled(ops.roi_pool, 2), spread(2, 2, 5, 6)),
    "vision.ops.roi_pool scale, empty bins": op(pooled(ops.roi_pool, (4, 3), 2.0), spread(2, 2, 5, 6)),
    "vision.ops.psroi_pool": op(pooled(ops.psroi_pool, 2), (2, 8, 5, 6)),
    "vision.ops.deform_conv2d": op(deformed(), (1, 2, 4, 4), (1, 8, 3, 3), (2, 2, 2, 2)),
    "vision.ops.deform_conv2d mask": op(
        deformed(stride=[2, 1], padding=[1, 0], dilation=[1, 2]),
        (1, 2, 3, 4),
        (1, 12, 2, 2),
        (2, 2, 3, 2),
        (1, 6, 2, 2),
    ),
    "vision.ops.deform_conv2d groups": op(
        deformed(groups=2, deformable_groups=2), (2, 4, 3, 3), (2, 16, 2, 2), (4, 2, 2, 2), (2, 8, 2, 2)
    ),
}
