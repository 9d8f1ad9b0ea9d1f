"""Whatever can be combined, algorithms, ways back and inner rules, gives the loop's numbers in a batch."""

import paddle
import paddle.nn.functional as F
import pytest
from helpers import Net, episode
from meta_combinations import ALGORITHMS, RULES, of_every_pair
from paddle import nn
from test_together import assert_the_same_together

import paddle_metaopt as metaopt

pytestmark = pytest.mark.usefixtures("float64")


class Drawing(Net):
    """With tied, frozen and unused parameters, BatchNorm, and dropout."""

    def forward(self, x):
        return super().forward(F.dropout(x, 0.2, training=self.training))


@pytest.mark.parametrize("algorithm, way, rule", of_every_pair())
def test_a_batch_gives_the_loops_numbers(algorithm, way, rule):
    paddle.seed(1)
    net = Drawing()
    # ALFA's rates depend on gradients, so it takes a third derivative, which batch norm has none of. And the gradient
    # of a bias before batch norm is rounding, whose sign Lion takes for a direction; Reptile's is the way it went.
    if algorithm == "alfa" or (algorithm, rule) == ("reptile", "lion"):
        net.norm = nn.Identity()
    options = {} if way is None else {"meta_gradient": way}
    if way == "implicit":
        options["meta_gradient"] = metaopt.meta_gradients.Implicit(proximal=8.0)
    if rule is not None:
        options["inner_rule"] = RULES[rule]()
    if (way, rule) == ("implicit", "adamw"):
        options["inner_rule"] = metaopt.inner_rules.AdamW(epsilon=1e-3, weight_decay=0.0)
    opt = ALGORITHMS[algorithm](net, adapt_steps=3, **options)
    tasks = [episode(), episode(), episode()]
    # What hessian_free takes differences of is rounded in another order.
    assert_the_same_together(
        net, opt, tasks, F.mse_loss, **({"rtol": 1e-5, "atol": 1e-6} if way == "hessian_free" else {})
    )
