"""One exact inner step through models as their libraries ship them, against central differences in float64.

What isn't installed is skipped; ``python benchmarks/real_models.py`` makes the environments and runs all of them.
"""

from __future__ import annotations

import os

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import gradients_of, trainable

import paddle_metaopt as metaopt
from paddle_metaopt.double_grad.testing import compare_with_differences

pytestmark = pytest.mark.usefixtures("float64")

TOLERANCE = 1e-6
WAYS = 3

SMALL_TEXT_MODEL = {
    "vocab_size": 50,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 16,
    "num_labels": WAYS,
}


def vision(name):
    def make():
        net = getattr(paddle.vision.models, name)(num_classes=WAYS)
        return net, lambda: paddle.randn([2 * WAYS, 3, 64, 64])

    return make


def text(name):
    def make():
        models = pytest.importorskip("paddlenlp.transformers")
        config = getattr(models, f"{name}Config")(**SMALL_TEXT_MODEL)
        net = getattr(models, f"{name}ForSequenceClassification")(config)
        return net, lambda: {"input_ids": paddle.randint(3, 50, [2 * WAYS, 7])}

    return make


def ecapa_tdnn():
    models = pytest.importorskip("paddlespeech.vector.models.ecapa_tdnn")
    body = models.EcapaTdnn(
        12, lin_neurons=8, channels=[8, 8, 8, 8, 24], attention_channels=4, res2net_scale=2, se_channels=4
    )
    net = paddle.nn.Sequential(body, paddle.nn.Flatten(), paddle.nn.Linear(8, WAYS))
    return net, lambda: paddle.randn([2 * WAYS, 12, 20])


def mdtc():
    models = pytest.importorskip("paddlespeech.kws.models.mdtc")

    class KeywordSpotter(paddle.nn.Layer):
        """As PaddleSpeech's KWSModel, which does not unpack MDTC's pair."""

        def __init__(self):
            super().__init__()
            self.body = models.MDTC(stack_num=2, stack_size=2, in_channels=10, res_channels=8, kernel_size=3)
            self.linear = paddle.nn.Linear(8, WAYS)

        def forward(self, x):
            frames, _ = self.body(x)
            return self.linear(frames.mean(1))

    return KeywordSpotter(), lambda: paddle.randn([2 * WAYS, 20, 10])


def panns_cnn6():
    models = pytest.importorskip("paddlespeech.cls.models.panns.panns")
    net = models.CNN6(extract_embedding=False)
    return net, lambda: paddle.randn([2 * WAYS, 1, 32, 64])


MODELS = {
    **{name: vision(name) for name in ("resnet18", "mobilenet_v2", "mobilenet_v3_small", "densenet121", "vgg11")},
    "shufflenet": vision("shufflenet_v2_x0_25"),
    "ernie": text("Ernie"),
    "bert": text("Bert"),
    "roberta": text("Roberta"),
    "ecapa_tdnn": ecapa_tdnn,
    "mdtc": mdtc,
    "panns_cnn6": panns_cnn6,
}


#: Deep untrained nets are steep: with a larger rate, their loss explodes in one step.
INNER_LR = {"vgg11": 1e-5, "mobilenet_v2": 1e-4, "shufflenet": 1e-4, "ernie": 0.1, "bert": 0.1, "roberta": 0.1}


#: Too slow, or too large, to run with every change.
LARGE = {"mobilenet_v2", "densenet121", "vgg11"}


@pytest.mark.parametrize("name", MODELS)
def test_one_exact_step_equals_differences(name, record_property):
    if name in LARGE and not os.environ.get("PADDLE_METAOPT_LARGE_MODELS"):
        pytest.skip("set PADDLE_METAOPT_LARGE_MODELS=1 to run it")
    net, draw = MODELS[name]()
    net.to(dtype="float64")  # BatchNorm of the old kind is float32 by default
    net.train()

    def part():
        x = draw()
        count = len(next(iter(x.values())) if isinstance(x, dict) else x)
        return x, paddle.arange(count) % WAYS

    episode = metaopt.Episode(part(), part())
    weights = trainable(net)
    rate = INNER_LR.get(name, 1e-3)
    opt = metaopt.MAMLOptimizer(parameters=weights, inner_lr=rate, adapt_steps=1)

    paddle.seed(5)  # draws the dropout masks
    opt.meta_loss(net, [episode], F.cross_entropy).backward()
    gradients = gradients_of(weights)

    first_order = metaopt.MAMLOptimizer(parameters=weights, inner_lr=rate, adapt_steps=1, first_order=True)
    paddle.seed(5)
    without = paddle.grad(first_order.meta_loss(net, [episode], F.cross_entropy), weights, allow_unused=True)
    share = relative_distance(without, gradients)
    assert share > 1e-4, "the rate is too small for the second derivatives to be seen"

    def query_loss():
        paddle.seed(5)
        learner = opt.adapter(net).clone()
        learner.adapt(lambda: output_loss(learner, *episode.support))
        with paddle.no_grad():
            return float(output_loss(learner, *episode.query))

    result = compared(query_loss, gradients, weights)
    record_property("error", float(result.error))
    record_property("without_second_order", share)
    record_property("parameters", sum(p.size for p in weights))
    assert result.error < TOLERANCE, result


def relative_distance(first, second) -> float:
    pairs = [(a.numpy(), b) for a, b in zip(first, second) if b is not None]
    return float(np.sqrt(sum(((a - b) ** 2).sum() for a, b in pairs) / sum((b**2).sum() for _, b in pairs)))


def compared(query_loss, gradients, weights):
    """With steps as long as the net's kinks allow: an untrained deep net has millions, and steep slopes."""
    for step in (6e-6, 6e-7, 6e-8):
        try:
            return compare_with_differences(
                query_loss, gradients, weights, directions=3, steps=(step, step / 2), agreement=5e-7
            )
        except ValueError as error:
            reason = error
    raise reason


def output_loss(net, x, y):
    return F.cross_entropy(net(**x) if isinstance(x, dict) else net(x), y)
