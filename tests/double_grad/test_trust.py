"""What `trust` takes."""

import pytest
from paddle import nn

import paddle_metaopt as metaopt


@pytest.mark.parametrize("value", ["MyLayer", nn.Linear, None])
def test_only_a_pylayer_can_be_trusted(value):
    with pytest.raises(TypeError, match="trust: pylayer: expected a subclass of paddle.autograd.PyLayer"):
        metaopt.double_grad.trust(value)
