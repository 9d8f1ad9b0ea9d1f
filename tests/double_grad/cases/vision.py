from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import nn

from paddle_metaopt.double_grad.kernels import native

from .case import op, uniform


def resized(**options):
    return lambda x: F.interpolate(x, **options)


def sampled(**options):
    return lambda x, grid: F.grid_sample(x, grid, **options)


IMAGE = (1, 2, 3, 4)
VOLUME = (1, 1, 2, 3, 2)
#: Some of the points lie outside the image.
GRID = uniform(1, 3, 3, 2, low=-1.4, high=1.4)
GRID_3D = uniform(1, 2, 2, 2, 3, low=-1.4, high=1.4)

CASES = {
    "F.interpolate nearest": op(resized(size=[5, 6], mode="nearest"), IMAGE),
    "F.interpolate nearest, scale": op(resized(scale_factor=2), IMAGE),
    "F.interpolate nearest, smaller": op(resized(scale_factor=0.5, recompute_scale_factor=True), (1, 2, 4, 6)),
    "F.interpolate nearest, NHWC": op(resized(size=[5, 6], data_format="NHWC"), (1, 3, 4, 2)),
    "F.interpolate nearest, volume": op(resized(scale_factor=2, mode="nearest", data_format="NCDHW"), VOLUME),
    "F.interpolate linear": op(resized(size=[7], mode="linear", data_format="NCW"), (2, 2, 4)),
    "F.interpolate linear, corners aligned": op(
        resized(size=[7], mode="linear", align_corners=True, data_format="NCW"), (2, 2, 4)
    ),
    "F.interpolate linear, mode 1, scale": op(
        resized(scale_factor=1.7, mode="linear", align_mode=1, data_format="NCW"), (2, 2, 4)
    ),
    "F.interpolate linear, to a single one": op(resized(size=[1], mode="linear", data_format="NCW"), (2, 2, 4)),
    "F.interpolate linear, NWC": op(resized(size=[7], mode="linear", data_format="NWC"), (2, 4, 2)),
    "F.interpolate bilinear": op(resized(size=[5, 6], mode="bilinear"), IMAGE),
    "F.interpolate bilinear, corners aligned": op(resized(size=[5, 6], mode="bilinear", align_corners=True), IMAGE),
    "F.interpolate bilinear, mode 1, scales": op(
        resized(scale_factor=[2.0, 1.5], mode="bilinear", align_mode=1), IMAGE
    ),
    "F.interpolate bilinear, smaller": op(resized(size=[2, 3], mode="bilinear"), IMAGE),
    "F.interpolate bilinear, NHWC": op(resized(size=[5, 6], mode="bilinear", data_format="NHWC"), (1, 3, 4, 2)),
    "F.interpolate bilinear, size in tensors": op(
        lambda x: F.interpolate(x, [paddle.to_tensor([5], "int32"), 6], mode="bilinear"), IMAGE
    ),
    "F.interpolate bilinear, scale in a tensor": op(
        lambda x: F.interpolate(x, scale_factor=paddle.to_tensor([2.0, 1.5]), mode="bilinear"), IMAGE
    ),
    "F.interpolate bicubic": op(resized(size=[5, 6], mode="bicubic"), IMAGE),
    "F.interpolate bicubic, corners aligned": op(resized(size=[5, 6], mode="bicubic", align_corners=True), IMAGE),
    "F.interpolate bicubic, NHWC": op(resized(scale_factor=1.5, mode="bicubic", data_format="NHWC"), (1, 4, 4, 2)),
    "F.interpolate trilinear": op(resized(size=[3, 4, 3], mode="trilinear", data_format="NCDHW"), VOLUME),
    "F.interpolate trilinear, corners aligned": op(
        resized(size=[3, 4, 3], mode="trilinear", align_corners=True, data_format="NCDHW"), VOLUME
    ),
    "F.interpolate trilinear, NDHWC, mode 1": op(
        resized(scale_factor=1.5, mode="trilinear", align_mode=1, data_format="NDHWC"), (1, 2, 3, 2, 1)
    ),
    "F.interpolate area": op(resized(size=[2, 3], mode="area"), (1, 2, 5, 4)),
    "F.interpolate area, one axis": op(resized(size=[3], mode="area", data_format="NCW"), (2, 2, 5)),
    "F.interpolate area, volume": op(resized(size=[2, 2, 1], mode="area", data_format="NCDHW"), (1, 1, 3, 3, 2)),
    "F.upsample": op(lambda x: F.upsample(x, scale_factor=2, mode="bilinear"), IMAGE),
    "nn.Upsample": op(lambda x: nn.Upsample([5, 6], mode="bicubic")(x), IMAGE),
    "nn.Upsample nearest": op(lambda x: nn.Upsample(scale_factor=2)(x), IMAGE),
    "nn.UpsamplingNearest2D": op(lambda x: nn.UpsamplingNearest2D(scale_factor=2)(x), IMAGE),
    "nn.UpsamplingBilinear2D": op(lambda x: nn.UpsamplingBilinear2D([5, 6])(x), IMAGE),
    "F.pixel_shuffle": op(lambda x: F.pixel_shuffle(x, 2), (1, 8, 2, 3)),
    "F.pixel_shuffle NHWC": op(lambda x: F.pixel_shuffle(x, 2, "NHWC"), (1, 2, 3, 8)),
    "F.pixel_unshuffle": op(lambda x: F.pixel_unshuffle(x, 2), (1, 2, 4, 6)),
    "F.pixel_unshuffle NHWC": op(lambda x: F.pixel_unshuffle(x, 2, "NHWC"), (1, 4, 6, 2)),
    "F.channel_shuffle": op(lambda x: F.channel_shuffle(x, 3), (2, 6, 2, 3)),
    "F.channel_shuffle NHWC": op(lambda x: F.channel_shuffle(x, 2, "NHWC"), (2, 2, 3, 6)),
    "nn.PixelShuffle": op(lambda x: nn.PixelShuffle(2)(x), (1, 8, 2, 3)),
    "nn.PixelUnshuffle": op(lambda x: nn.PixelUnshuffle(2)(x), (1, 2, 4, 6)),
    "nn.ChannelShuffle": op(lambda x: nn.ChannelShuffle(2)(x), (2, 6, 2, 3)),
    "F.temporal_shift": op(lambda x: F.temporal_shift(x, 3), (6, 4, 2, 2)),
    "F.temporal_shift ratio, NHWC": op(lambda x: F.temporal_shift(x, 2, 0.4, data_format="NHWC"), (4, 2, 2, 5)),
    "F.unfold": op(lambda x: F.unfold(x, 2), (2, 2, 4, 3)),
    "F.unfold strided, padded": op(lambda x: F.unfold(x, [3, 2], [2, 1], [1, 0]), (2, 2, 5, 4)),
    "F.unfold asymmetric, dilated": op(lambda x: F.unfold(x, 2, 1, [1, 0, 2, 1], [2, 1]), (2, 2, 4, 4)),
    "F.fold": op(lambda x: F.fold(x, [3, 4], 2), (2, 8, 6)),
    "F.fold strided, padded, dilated": op(lambda x: F.fold(x, [5, 4], 2, [2, 1], [1, 0], [1, 2]), (2, 8, 6)),
    "F.fold asymmetric": op(lambda x: F.fold(x, [4, 5], 2, 2, [1, 0, 2, 0]), (2, 8, 6)),
    "nn.Unfold": op(lambda x: nn.Unfold(2, strides=2)(x), (2, 2, 4, 4)),
    "nn.Fold": op(lambda x: nn.Fold([3, 4], 2)(x), (2, 8, 6)),
    "F.affine_grid": op(lambda theta: F.affine_grid(theta, [2, 3, 3, 4]), (2, 2, 3)),
    "F.affine_grid corners not aligned": op(lambda theta: F.affine_grid(theta, [2, 3, 3, 4], False), (2, 2, 3)),
    "F.affine_grid volume": op(lambda theta: F.affine_grid(theta, [2, 3, 2, 3, 4]), (2, 3, 4)),
    "F.affine_grid size in a tensor": op(lambda theta: F.affine_grid(theta, paddle.to_tensor([2, 3, 3, 4])), (2, 2, 3)),
    "F.grid_sample": op(sampled(), IMAGE, GRID),
    "F.grid_sample corners not aligned": op(sampled(align_corners=False), IMAGE, GRID),
    "F.grid_sample border": op(sampled(padding_mode="border"), IMAGE, GRID),
    "F.grid_sample border, corners not aligned": op(sampled(padding_mode="border", align_corners=False), IMAGE, GRID),
    "F.grid_sample reflection": op(sampled(padding_mode="reflection"), IMAGE, GRID),
    "F.grid_sample reflection, corners not aligned": op(
        sampled(padding_mode="reflection", align_corners=False), IMAGE, GRID
    ),
    "F.grid_sample far outside, reflection": op(
        sampled(padding_mode="reflection"), IMAGE, uniform(1, 3, 3, 2, low=-6, high=6)
    ),
    "F.grid_sample nearest": op(sampled(mode="nearest"), IMAGE, GRID),
    "F.grid_sample nearest, reflection": op(sampled(mode="nearest", padding_mode="reflection"), IMAGE, GRID),
    "F.grid_sample volume": op(sampled(), VOLUME, GRID_3D),
    "F.grid_sample volume, border": op(sampled(padding_mode="border", align_corners=False), VOLUME, GRID_3D),
    "F.grid_sample volume, reflection": op(sampled(padding_mode="reflection"), VOLUME, GRID_3D),
    "F.grid_sample volume, nearest": op(sampled(mode="nearest"), VOLUME, GRID_3D),
    "F.grid_sample of an affine grid": op(
        lambda x, theta: F.grid_sample(x, F.affine_grid(theta, [1, 2, 3, 3])), IMAGE, (1, 2, 3)
    ),
}

if hasattr(native, "interp_antialias"):  # from Paddle 3.3 on
    CASES |= {
        "F.interpolate bilinear, antialiased": op(resized(size=[2, 3], mode="bilinear", antialias=True), (1, 2, 5, 6)),
        "F.interpolate bicubic, antialiased, corners aligned": op(
            resized(size=[2, 3], mode="bicubic", antialias=True, align_corners=True), (1, 2, 5, 6)
        ),
    }
