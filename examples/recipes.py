"""What image_classification.py trains: a few numbers for each cell of the table, and what is made of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import paddle
from paddle import nn
from views import Views, WithMirroredSupport

import paddle_metaopt as metaopt
from paddle_metaopt.algorithms.maml import MAML
from paddle_metaopt.arguments import above_zero, fraction, one_of, whole_number
from paddle_metaopt.data import EpisodeLoader, EpisodeSampler, MiniImageNet, Omniglot
from paddle_metaopt.meta_gradients import FirstOrder
from paddle_metaopt.models.trained import BACKBONES, backbone
from paddle_metaopt.outer import MetaOptimizer


@dataclass(frozen=True, eq=False)
class AnnealedMAML(MAML):
    """MAML of first order at first, as MAML++ has it (Antoniou et al. 2019, section 4)."""

    first_order_iterations: int = 0

    def now(self, plan, outer_steps):
        return replace(plan, way=FirstOrder()) if outer_steps < self.first_order_iterations else plan


class AnnealedMAMLOptimizer(MetaOptimizer, paddle.optimizer.Adam, algorithm=AnnealedMAML):
    """MAML with Adam; the inner gradients count as constants for the first `first_order_iterations`."""


OPTIMIZERS = {
    "maml": AnnealedMAMLOptimizer,
    "maml++": metaopt.MAMLPlusPlusOptimizer,
    "anil": metaopt.ANILOptimizer,
}
DATASETS = {"omniglot": Omniglot, "mini-imagenet": MiniImageNet}


@dataclass(frozen=True)
class Recipe:
    """A training, by its hyperparameters.

    Attributes
    ----------
    follows : str
        The paper or library whose setting it is, and what differs.
    queries : int
        Query examples per class in training; validation and test have 15.
    iterations : int
        Updates; the cosine of the learning rate ends there.
    meta_batch : int
        Episodes per update.
    lr : float
        Adam's at the start.
    adapt_steps : int
        Inner steps in training.
    test_steps : tuple of int
        Inner steps to choose from on the validation episodes when the training is over; the first is that of the
        validations meanwhile.
    first_order : float
        The share of the iterations, from the first on, whose meta-gradient is of first order: cheaper, and close enough
        at the beginning. Of other algorithms than MAML it is 0 or 1.
    ema : float
        Decay, per iteration, of the exponential mean of the weights, which is then what is validated and tested; 0 for
        the weights themselves.
    clip : float
        The largest norm of the meta-gradient, which a rare task would make huge.
    alike : bool
        Whether the head begins a task alike for all classes: with the mean of its columns, as their meta-gradients are
        (Ye and Chao 2022). Classes have no order, and else each column learns the chance of its own episodes.
    views : bool
        Whether a class has its pictures mirrored and moved as well in training.
    mirrored : bool
        Whether a task's support has each of its pictures mirrored as well, in training and in tests; the query never.
    valid_every : int
        Iterations between validations.
    """

    algorithm: str
    data: str
    net: str
    shots: int
    follows: str
    queries: int
    iterations: int
    meta_batch: int
    inner_lr: float
    adapt_steps: int
    test_steps: tuple
    ways: int = 5
    lr: float = 1e-3
    first_order: float = 0.0
    ema: float = 0.99
    clip: float = 10.0
    alike: bool = False
    views: bool = False
    mirrored: bool = False
    valid_every: int = 500
    valid_episodes: int = 300

    def __post_init__(self) -> None:
        """Refuse what would else be noticed when the training is over, or never."""
        for name, choices in (("algorithm", OPTIMIZERS), ("data", DATASETS), ("net", BACKBONES)):
            one_of(None, name, getattr(self, name), choices)
        for name in ("iterations", "valid_every"):
            whole_number(None, name, getattr(self, name), least=1)
        for steps in self.test_steps:
            whole_number(None, "test_steps", steps)
        for name in ("lr", "clip"):
            above_zero(None, name, getattr(self, name))
        fraction(None, "ema", self.ema)
        if not 0 <= self.first_order <= 1 or (self.algorithm != "maml" and 0 < self.first_order < 1):
            expected = "a share from 0 to 1" if self.algorithm == "maml" else f"0 or 1 of {self.algorithm}"
            raise ValueError(f"first_order: expected {expected}, got {self.first_order}")


# Adam begins at 3e-3, where the papers take 1e-3, for a budget of fewer tasks than theirs. The cosine takes the rate
# down, the mean of the weights smooths its end.
_OMNIGLOT_MAML = Recipe(
    "maml", "omniglot", "omniglot-net", shots=1, queries=3, iterations=26_000, meta_batch=16, lr=3e-3,
    inner_lr=0.4, adapt_steps=1, test_steps=(3, 1, 2, 5),
    follows="Finn et al. 2017, Omniglot: 1 step of 0.4, 3 in tests; 16 tasks of 3 queries, Adam 3e-3, cosine, EMA",
)  # fmt: skip
_OMNIGLOT_ANIL = replace(
    _OMNIGLOT_MAML, algorithm="anil", inner_lr=0.1, adapt_steps=5, test_steps=(5, 3, 10, 20), iterations=29_000,
    follows="Raghu et al. 2020: the head in 5 steps of 0.1; 16 tasks of 3 queries, Adam 3e-3, cosine, EMA",
)  # fmt: skip
_OMNIGLOT_MLP = replace(
    _OMNIGLOT_MAML, net="omniglot-mlp", queries=5, iterations=30_000,
    follows="Finn et al. 2017, Omniglot without convolutions; 16 tasks of 5 queries, Adam 3e-3, cosine, EMA",
)  # fmt: skip
_OMNIGLOT_MAMLPP = replace(
    _OMNIGLOT_MAML, algorithm="maml++", lr=1e-3, adapt_steps=3, test_steps=(3,), iterations=3_000,
    follows="Antoniou et al. 2019: 3 steps, rates learned, every step's loss at first; as MAML, Adam 1e-3, 5-shot 5e-4",
)  # fmt: skip
_MINI_ANIL = Recipe(
    "anil", "mini-imagenet", "conv4-32", shots=1, queries=5, iterations=10_000, meta_batch=4,
    inner_lr=0.02, adapt_steps=5, test_steps=(10, 5, 15, 20), ema=0.998, alike=True, views=True,
    follows="PaddleFSL: the head in 5 steps, 10 in tests; here of 0.02, alike for all classes (Ye and Chao 2022); "
    "Adam, cosine, EMA; 4 tasks of 5 queries, mirrored and moved",
)  # fmt: skip
_MINI_MAML = replace(
    _MINI_ANIL, algorithm="maml", inner_lr=0.03, first_order=0.8,
    follows="PaddleFSL: 5 steps of 0.03, 10 in tests; all else as for ANIL; second order at the end",
)

#: Iterations are those after which the table's figures were measured, of the last stage where there were several. Some
#: were planned to be more, so that the rate fell more slowly at first: the "starts" of their json. miniImageNet's began
#: with other weights, by --init-from; results.py lists whose. At the root is a first training of ANIL 5-way 5-shot, 4
#: hours from random weights. The weights of ANIL 5-way 1-shot are the mean of those of three trainings.
RECIPES = {
    "maml-omniglot-5w1s": _OMNIGLOT_MAML,
    "maml-omniglot-5w5s": replace(_OMNIGLOT_MAML, shots=5, iterations=16_000),
    "anil-omniglot-5w1s": _OMNIGLOT_ANIL,
    "anil-omniglot-5w5s": replace(_OMNIGLOT_ANIL, shots=5, iterations=16_000),
    "mlp-omniglot-5w1s": _OMNIGLOT_MLP,
    "mlp-omniglot-5w5s": replace(_OMNIGLOT_MLP, shots=5),
    "mamlpp-omniglot-5w1s": _OMNIGLOT_MAMLPP,
    "mamlpp-omniglot-5w5s": replace(_OMNIGLOT_MAMLPP, shots=5, lr=5e-4, iterations=1_500, valid_episodes=600),
    "anil-mini-imagenet-5w1s": replace(_MINI_ANIL, iterations=3_500, mirrored=True),
    "anil-mini-imagenet-5w5s": replace(_MINI_ANIL, shots=5, iterations=2_000, lr=5e-4, mirrored=True),
    "maml-mini-imagenet-5w1s": replace(_MINI_MAML, iterations=1_350, first_order=0.85, mirrored=True),
    "maml-mini-imagenet-5w5s": replace(
        _MINI_MAML, shots=5, iterations=420, lr=5e-4, first_order=1.0, ema=0.995, mirrored=True,
        follows="PaddleFSL: 5 steps of 0.03, 10 in tests; all else as for ANIL; first order, Adam 5e-4",
    ),  # fmt: skip
}


def new_net(recipe: Recipe) -> nn.Layer:
    return backbone(recipe.net, recipe.ways)


def new_schedule(recipe: Recipe) -> paddle.optimizer.lr.LRScheduler:
    """A cosine that is a function of the iteration alone, so that a run can be made longer when it is resumed."""
    return paddle.optimizer.lr.LambdaDecay(
        recipe.lr, lambda i: 0.5 * (1 + math.cos(math.pi * min(1, i / recipe.iterations)))
    )


def new_optimizer(recipe: Recipe, net: nn.Layer, schedule) -> metaopt.MetaOptimizer:
    choices = {"inner_lr": recipe.inner_lr, "adapt_steps": recipe.adapt_steps}
    if recipe.algorithm == "anil":
        choices["head"] = net.classifier
    elif recipe.algorithm == "maml++":
        epoch = max(1, recipe.iterations // 100)
        choices.update(buffers="restore", iterations_per_epoch=epoch, multi_step_loss_epochs=10)
    if recipe.first_order == 1:
        choices["first_order"] = True
    elif recipe.first_order:
        choices["first_order_iterations"] = round(recipe.first_order * recipe.iterations)
    of = OPTIMIZERS[recipe.algorithm]
    clip = nn.ClipGradByGlobalNorm(recipe.clip)
    return of(schedule, parameters=net.parameters(), grad_clip=clip, **choices)


def make_alike(tensors) -> None:
    """Put the mean over the classes, the last axis, in each one's place."""
    for tensor in tensors:
        tensor.set_value(alike(tensor, tensor.shape[-1]))


def alike(tensor: paddle.Tensor, ways: int) -> paddle.Tensor:
    """Its mean over the classes, the last axis, for each of `ways` classes."""
    return tensor.mean(-1, keepdim=True).expand([*tensor.shape[:-1], ways])


def episode_loader(recipe: Recipe, root, mode: str, episodes: int, seed: int, tasks_per_batch=None, first_batch=0):
    """Episodes of `mode`, in lists if `tasks_per_batch` is given; but for "train" they have 15 queries per class."""
    data = _dataset(recipe.data, root, mode)
    if recipe.views and mode == "train":
        data = Views(data)
    queries = recipe.queries if mode == "train" else 15
    sampler = EpisodeSampler(data, recipe.ways, recipe.shots, queries, episodes, seed, tasks_per_batch)
    sampler.resume(first_batch)
    loader = EpisodeLoader(data, sampler)
    return WithMirroredSupport(loader) if recipe.mirrored else loader


@lru_cache(maxsize=None)
def _dataset(name: str, root, mode: str):
    return DATASETS[name](root, mode)
