"""Fourier transforms and framing: linear, each with the transpose that Paddle has as its first-derivative kernel."""

from __future__ import annotations

from ..kernels import native
from ..kinds import linear_map
from ..registry import rule

# paddle.signal ends in it. It changes no value, and Paddle's own derivatives of it are right.
rule("squeeze_")(native.squeeze_)

#: The transpose of a transform is the one of the other direction with the same factor, which has another name there.
_TRANSPOSED_NORM = {"backward": "forward", "forward": "backward", "ortho": "ortho"}


@rule("fft_c2c")
def fft_c2c(x, axes, normalization, forward):
    return linear_map(
        x,
        lambda t: native.fft_c2c(t, axes, normalization, forward),
        lambda g: native.fft_c2c(g, axes, _TRANSPOSED_NORM[normalization], not forward),
    )


@rule("fft_r2c")
def fft_r2c(x, axes, normalization, forward, onesided):
    values = x.detach()  # for its shape, which the kernel wants
    options = (axes, normalization, forward, onesided)
    return linear_map(x, lambda t: native.fft_r2c(t, *options), lambda g: native.fft_r2c_grad(values, g, *options))


@rule("fft_c2r")
def fft_c2r(x, axes, normalization, forward, last_dim_size):
    options = (axes, normalization, forward, last_dim_size)
    return linear_map(x, lambda t: native.fft_c2r(t, *options), lambda g: native.fft_c2r_grad(g, *options))


@rule("frame")
def frame(x, frame_length, hop_length, axis=-1):
    values, options = x.detach(), (frame_length, hop_length, axis)
    return linear_map(x, lambda t: native.frame(t, *options), lambda g: native.frame_grad(values, g, *options))


@rule("overlap_add")
def overlap_add(x, hop_length, axis=-1):
    values = x.detach()
    return linear_map(
        x,
        lambda t: native.overlap_add(t, hop_length, axis),
        lambda g: native.overlap_add_grad(values, g, hop_length, axis),
    )
