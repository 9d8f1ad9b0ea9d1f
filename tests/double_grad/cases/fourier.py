from __future__ import annotations

import paddle
from paddle import fft, signal

from .case import layer, op, positive, uniform


def _real(transform, **options):
    """Of a real tensor; a complex result as real parts."""

    def call(x):
        y = transform(x, **options)
        return paddle.as_real(y) if y.is_complex() else y

    return call


def _complex(transform, **options):
    """Of a complex tensor, given as two real ones."""
    return lambda x, y: _real(transform, **options)(paddle.complex(x, y))


def _window(length):
    return paddle.audio.functional.get_window("hann", length, dtype="float64") + 0.1


def _wave(*shape):
    return uniform(*shape, low=-1.0, high=1.0)


def _feature(name, **options):
    return lambda: getattr(paddle.audio.features, name)(n_fft=8, hop_length=4, dtype="float64", **options)


_MEL = {"sr": 16, "n_mels": 4, "f_min": 0.0}

CASES = {
    "fft.fft": op(_complex(fft.fft), (2, 5), (2, 5)),
    "fft.fft of real": op(_real(fft.fft), (2, 5)),
    "fft.fft shortened, axis, ortho": op(_complex(fft.fft, n=3, axis=0, norm="ortho"), (5, 2), (5, 2)),
    "fft.fft lengthened, forward": op(_complex(fft.fft, n=7, norm="forward"), (2, 5), (2, 5)),
    "fft.ifft": op(_complex(fft.ifft), (2, 5), (2, 5)),
    "fft.ifft n, axis, forward": op(_complex(fft.ifft, n=4, axis=0, norm="forward"), (5, 2), (5, 2)),
    "fft.ifft ortho": op(_complex(fft.ifft, norm="ortho"), (2, 4), (2, 4)),
    "fft.rfft": op(_real(fft.rfft), (2, 5)),
    "fft.rfft even": op(_real(fft.rfft), (2, 6)),
    "fft.rfft n, axis, ortho": op(_real(fft.rfft, n=6, axis=0, norm="ortho"), (5, 2)),
    "fft.rfft shortened, forward": op(_real(fft.rfft, n=4, norm="forward"), (2, 5)),
    "fft.irfft": op(_complex(fft.irfft), (2, 4), (2, 4)),
    "fft.irfft odd": op(_complex(fft.irfft, n=7), (2, 4), (2, 4)),
    "fft.irfft n, axis, ortho": op(_complex(fft.irfft, n=4, axis=0, norm="ortho"), (4, 2), (4, 2)),
    "fft.irfft lengthened, forward": op(_complex(fft.irfft, n=10, norm="forward"), (2, 4), (2, 4)),
    "fft.irfft of real": op(_real(fft.irfft), (2, 4)),
    "fft.hfft": op(_complex(fft.hfft), (2, 4), (2, 4)),
    "fft.hfft n, axis, ortho": op(_complex(fft.hfft, n=5, axis=0, norm="ortho"), (4, 2), (4, 2)),
    "fft.hfft forward": op(_complex(fft.hfft, norm="forward"), (2, 4), (2, 4)),
    "fft.ihfft": op(_real(fft.ihfft), (2, 5)),
    "fft.ihfft n, axis, ortho": op(_real(fft.ihfft, n=6, axis=0, norm="ortho"), (5, 2)),
    "fft.ihfft forward": op(_real(fft.ihfft, norm="forward"), (2, 6)),
    "fft.fft2": op(_complex(fft.fft2), (3, 4), (3, 4)),
    "fft.fft2 s, axes, ortho": op(_complex(fft.fft2, s=(2, 4), axes=(0, 1), norm="ortho"), (3, 3, 2), (3, 3, 2)),
    "fft.ifft2": op(_complex(fft.ifft2), (3, 4), (3, 4)),
    "fft.ifft2 s, forward": op(_complex(fft.ifft2, s=(2, 5), norm="forward"), (3, 4), (3, 4)),
    "fft.rfft2": op(_real(fft.rfft2), (2, 3, 4)),
    "fft.rfft2 s, axes, forward": op(_real(fft.rfft2, s=(4, 3), axes=(1, 0), norm="forward"), (3, 3, 2)),
    "fft.irfft2": op(_complex(fft.irfft2), (3, 3), (3, 3)),
    "fft.irfft2 s, ortho": op(_complex(fft.irfft2, s=(2, 5), norm="ortho"), (3, 3), (3, 3)),
    "fft.hfft2": op(_complex(fft.hfft2), (3, 3), (3, 3)),
    "fft.hfft2 s, ortho": op(_complex(fft.hfft2, s=(2, 5), norm="ortho"), (3, 3), (3, 3)),
    "fft.ihfft2": op(_real(fft.ihfft2), (3, 4)),
    "fft.ihfft2 s, forward": op(_real(fft.ihfft2, s=(2, 5), norm="forward"), (3, 4)),
    "fft.fftn": op(_complex(fft.fftn), (2, 2, 3), (2, 2, 3)),
    "fft.fftn s, axes, forward": op(_complex(fft.fftn, s=(3, 2), axes=(0, 2), norm="forward"), (2, 2, 3), (2, 2, 3)),
    "fft.ifftn": op(_complex(fft.ifftn), (2, 2, 3), (2, 2, 3)),
    "fft.ifftn ortho": op(_complex(fft.ifftn, norm="ortho"), (2, 2, 3), (2, 2, 3)),
    "fft.rfftn": op(_real(fft.rfftn), (2, 2, 3)),
    "fft.rfftn s, axes, ortho": op(_real(fft.rfftn, s=(3, 4), axes=(0, 2), norm="ortho"), (2, 2, 3)),
    "fft.irfftn": op(_complex(fft.irfftn), (2, 2, 3), (2, 2, 3)),
    "fft.irfftn s, axes, forward": op(
        _complex(fft.irfftn, s=(3, 3), axes=(0, 2), norm="forward"), (2, 2, 3), (2, 2, 3)
    ),
    "fft.hfftn": op(_complex(fft.hfftn), (2, 2, 3), (2, 2, 3)),
    "fft.hfftn ortho": op(_complex(fft.hfftn, norm="ortho"), (2, 2, 3), (2, 2, 3)),
    "fft.ihfftn": op(_real(fft.ihfftn), (2, 2, 4)),
    "fft.ihfftn ortho": op(_real(fft.ihfftn, norm="ortho"), (2, 2, 3)),
    "fft.fftshift": op(_real(fft.fftshift), (2, 5)),
    "fft.fftshift complex, axes": op(_complex(fft.fftshift, axes=(0, 1)), (2, 3, 2), (2, 3, 2)),
    "fft.ifftshift": op(_real(fft.ifftshift), (2, 5)),
    "fft.ifftshift complex, axes": op(_complex(fft.ifftshift, axes=(0, 1)), (3, 2, 2), (3, 2, 2)),
    "signal.frame": op(lambda x: signal.frame(x, 4, 2), (2, 9)),
    "signal.frame first axis": op(lambda x: signal.frame(x, 4, 3, axis=0), (9, 2)),
    "signal.frame vector, with gaps": op(lambda x: signal.frame(x, 2, 3), (9,)),
    "signal.overlap_add": op(lambda x: signal.overlap_add(x, 2), (2, 4, 3)),
    "signal.overlap_add first axis": op(lambda x: signal.overlap_add(x, 3, axis=0), (3, 4, 2)),
    "signal.overlap_add matrix": op(lambda x: signal.overlap_add(x, 1), (4, 3)),
    "signal.stft": op(lambda x: paddle.as_real(signal.stft(x, 8)), (2, 17)),
    "signal.stft window": op(
        lambda x, w: paddle.as_real(signal.stft(x, 8, 3, 6, window=w, normalized=True)), (17,), positive(6)
    ),
    "signal.stft two-sided, not centred": op(
        lambda x: paddle.as_real(signal.stft(x, 8, 4, window=_window(8), center=False, onesided=False)), (2, 16)
    ),
    "signal.stft constant padding": op(lambda x: paddle.as_real(signal.stft(x, 8, pad_mode="constant")), (2, 17)),
    "signal.stft complex": op(
        lambda x, y: paddle.as_real(signal.stft(paddle.complex(x, y), 4, center=False, onesided=False)), (2, 8), (2, 8)
    ),
    "signal.istft": op(lambda x, y: signal.istft(paddle.complex(x, y), 8), (2, 5, 4), (2, 5, 4)),
    "signal.istft window": op(
        lambda x, y, w: signal.istft(paddle.complex(x, y), 8, 2, 6, window=w, normalized=True, length=10),
        (5, 5), (5, 5), positive(6),
    ),
    "signal.istft two-sided": op(
        lambda x, y: signal.istft(paddle.complex(x, y), 8, window=_window(8), onesided=False, center=False),
        (2, 8, 4), (2, 8, 4),
    ),
    "signal.istft complex": op(
        lambda x, y: paddle.as_real(
            signal.istft(paddle.complex(x, y), 4, window=_window(4), onesided=False, return_complex=True)
        ),
        (4, 4), (4, 4),
    ),
    "audio.Spectrogram": layer(_feature("Spectrogram"), _wave(2, 16)),
    "audio.Spectrogram magnitude": layer(_feature("Spectrogram", power=1.0, center=False), _wave(2, 16)),
    "audio.MelSpectrogram": layer(_feature("MelSpectrogram", **_MEL), _wave(2, 16)),
    "audio.LogMelSpectrogram": layer(_feature("LogMelSpectrogram", **_MEL), _wave(2, 16)),
    "audio.LogMelSpectrogram top_db": layer(
        _feature("LogMelSpectrogram", top_db=5.0, **_MEL), _wave(2, 16)
    ),
    "audio.MFCC": layer(_feature("MFCC", n_mfcc=3, **_MEL), _wave(2, 16)),
}  # fmt: skip
