"""Made by docs/make_stubs.py of the signatures that the classes have at run time."""

# mypy: disable-error-code="overload-overlap, override, misc"

import paddle
from paddle import Tensor
from paddle.nn.clip import GradientClipBase
from paddle.optimizer import Adam, Optimizer
from paddle.optimizer.lr import LRScheduler
from paddle.regularizer import WeightDecayRegularizer
from paddle_metaopt.algorithms import combined
from paddle_metaopt.algorithms.maml_plus_plus import CountsEpochs
from paddle_metaopt.inner_rules.rates import Rate
from paddle_metaopt.inner_rules.rule import InnerRule
from paddle_metaopt.meta_gradients.way_back import WayBack
from paddle_metaopt.outer.choices import InnerClip, Members, Which
from paddle_metaopt.outer.groups import Parameters
from paddle_metaopt.outer.optimizer import MetaOptimizer
from paddle_metaopt.task.buffers import Policy
from typing import Any, overload

__all__ = [
    'ALFAOptimizer', 'ANILOptimizer', 'BOILOptimizer', 'CAVIAOptimizer', 'IMAMLOptimizer', 'MAMLOptimizer',
    'MAMLPlusPlusOptimizer', 'MetaCurvatureOptimizer', 'MetaSGDOptimizer', 'ProtoMAMLOptimizer', 'ReptileOptimizer',
    'TNetOptimizer',
]

class ALFAOptimizer(MetaOptimizer, Adam):
    """ALFA with Adam as its outer optimizer.

    Every parameter's rate and weight decay in an inner step are a learned number for that step times what a small net
    makes of the means of all gradients and weights. The net is learned with the rest, ``opt.learned``; at first its
    factors are 1, so that an inner step is MAML's with a little weight decay. Everything that the optimizer trains
    adapts. The arguments not listed here are those of `MAMLOptimizer`, without ``adapt`` and ``inner_rule``.

    Parameters
    ----------
    inner_lr : float
        Where the rates start; a parameter group may carry its own.
    inner_decay : float
        Where the decays start, relative to the rates; 0.0005 in the authors' code.
    adapt_steps : int
        Inner steps in training, each with rates and decays of its own; 5 by default.
    """

    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        lazy_mode: bool = False, multi_precision: bool = False, use_multi_tensor: bool = False, amsgrad: bool = False,
        name: str | None = None, *, inner_lr: float = 0.01, adapt_steps: int = 5, first_order: bool = False,
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled',
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, inner_decay: float = 0.0005,
    ) -> None: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamWClass) -> type[combined.ALFAOverAdamW]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamClass) -> type[ALFAOptimizer]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.LambClass) -> type[combined.ALFAOverLamb]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.MomentumClass) -> type[combined.ALFAOverMomentum]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.NAdamClass) -> type[combined.ALFAOverNAdam]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RMSPropClass) -> type[combined.ALFAOverRMSProp]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamaxClass) -> type[combined.ALFAOverAdamax]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RAdamClass) -> type[combined.ALFAOverRAdam]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.ASGDClass) -> type[combined.ALFAOverASGD]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdadeltaClass) -> type[combined.ALFAOverAdadelta]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdagradClass) -> type[combined.ALFAOverAdagrad]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RpropClass) -> type[combined.ALFAOverRprop]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.SGDClass) -> type[combined.ALFAOverSGD]: ...
    @overload
    @classmethod
    def over(cls, outer: type[Optimizer]) -> type[combined.ALFAOver]: ...

class ANILOptimizer(MetaOptimizer, Adam):
    """ANIL with Adam as its outer optimizer.

    The body is computed once per task where that is provably the same as computing it for every inner step. The
    arguments not listed here are those of `MAMLOptimizer`, without ``adapt``.

    Parameters
    ----------
    head : Layer or list of parameters
        What adapts; the rest of the net is meta-learned only.
    """

    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        lazy_mode: bool = False, multi_precision: bool = False, use_multi_tensor: bool = False, amsgrad: bool = False,
        name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamWClass) -> type[combined.ANILOverAdamW]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamClass) -> type[ANILOptimizer]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.LambClass) -> type[combined.ANILOverLamb]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.MomentumClass) -> type[combined.ANILOverMomentum]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.NAdamClass) -> type[combined.ANILOverNAdam]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RMSPropClass) -> type[combined.ANILOverRMSProp]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamaxClass) -> type[combined.ANILOverAdamax]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RAdamClass) -> type[combined.ANILOverRAdam]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.ASGDClass) -> type[combined.ANILOverASGD]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdadeltaClass) -> type[combined.ANILOverAdadelta]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdagradClass) -> type[combined.ANILOverAdagrad]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RpropClass) -> type[combined.ANILOverRprop]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.SGDClass) -> type[combined.ANILOverSGD]: ...
    @overload
    @classmethod
    def over(cls, outer: type[Optimizer]) -> type[combined.ANILOver]: ...

class BOILOptimizer(MetaOptimizer, Adam):
    """BOIL with Adam as its outer optimizer.

    The head stays as it is in the inner loop, so that the body has to change what it represents. The arguments not
    listed here are those of `MAMLOptimizer`, without ``adapt``.

    Parameters
    ----------
    head : Layer or list of parameters
        What does not adapt; it is meta-learned only.
    inner_lr : float
        0.5 by default, as in the paper.
    """

    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        lazy_mode: bool = False, multi_precision: bool = False, use_multi_tensor: bool = False, amsgrad: bool = False,
        name: str | None = None, *, inner_lr: Rate = 0.5, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamWClass) -> type[combined.BOILOverAdamW]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamClass) -> type[BOILOptimizer]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.LambClass) -> type[combined.BOILOverLamb]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.MomentumClass) -> type[combined.BOILOverMomentum]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.NAdamClass) -> type[combined.BOILOverNAdam]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RMSPropClass) -> type[combined.BOILOverRMSProp]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamaxClass) -> type[combined.BOILOverAdamax]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RAdamClass) -> type[combined.BOILOverRAdam]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.ASGDClass) -> type[combined.BOILOverASGD]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdadeltaClass) -> type[combined.BOILOverAdadelta]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdagradClass) -> type[combined.BOILOverAdagrad]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RpropClass) -> type[combined.BOILOverRprop]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.SGDClass) -> type[combined.BOILOverSGD]: ...
    @overload
    @classmethod
    def over(cls, outer: type[Optimizer]) -> type[combined.BOILOver]: ...

class CAVIAOptimizer(MetaOptimizer, Adam):
    """CAVIA with Adam as its outer optimizer.

    The net takes a context besides its input, a Parameter of its own that is concatenated to a layer's input, say, or
    scales and shifts its features. Each task's context starts at zero and adapts; all else is meta-learned and stays.
    The context itself gets no meta-gradient, so it does not matter whether it is among `parameters`. The arguments not
    listed here are those of `MAMLOptimizer`, without ``adapt``.

    Parameters
    ----------
    context : Parameter, list of Parameter, or Layer
        What adapts.
    inner_lr : float
        1 by default, as in the paper, where it matters little: the net learns how far a context reaches.

    Examples
    --------
    >>> class Net(paddle.nn.Layer):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.context = self.create_parameter([5], default_initializer=paddle.nn.initializer.Constant(0.0))
    ...         self.mlp = metaopt.models.MLP([6, 40, 40, 1])
    ...     def forward(self, x):
    ...         return self.mlp(paddle.concat([x, self.context.expand([x.shape[0], 5])], 1))
    >>> net = Net()
    >>> opt = metaopt.CAVIAOptimizer(1e-3, parameters=net.parameters(), context=net.context)
    """

    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        lazy_mode: bool = False, multi_precision: bool = False, use_multi_tensor: bool = False, amsgrad: bool = False,
        name: str | None = None, *, inner_lr: Rate = 1.0, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, context: Members,
    ) -> None: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamWClass) -> type[combined.CAVIAOverAdamW]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamClass) -> type[CAVIAOptimizer]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.LambClass) -> type[combined.CAVIAOverLamb]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.MomentumClass) -> type[combined.CAVIAOverMomentum]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.NAdamClass) -> type[combined.CAVIAOverNAdam]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RMSPropClass) -> type[combined.CAVIAOverRMSProp]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamaxClass) -> type[combined.CAVIAOverAdamax]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RAdamClass) -> type[combined.CAVIAOverRAdam]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.ASGDClass) -> type[combined.CAVIAOverASGD]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdadeltaClass) -> type[combined.CAVIAOverAdadelta]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdagradClass) -> type[combined.CAVIAOverAdagrad]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RpropClass) -> type[combined.CAVIAOverRprop]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.SGDClass) -> type[combined.CAVIAOverSGD]: ...
    @overload
    @classmethod
    def over(cls, outer: type[Optimizer]) -> type[combined.CAVIAOver]: ...

class IMAMLOptimizer(MetaOptimizer, Adam):
    """Implicit MAML with Adam as its outer optimizer.

    The inner loss gets a proximal term λ/2 |θ' − θ|², and the meta-gradient is that of its minimum, found by
    conjugate gradient: memory does not grow with the inner steps, and how the minimum was reached does not matter.
    The meta-gradient comes from ``meta_loss`` only. The arguments not listed here are those of `MAMLOptimizer`, without
    ``meta_gradient`` and ``learned_group``.

    Parameters
    ----------
    proximal : float
        λ; 2 in the paper.
    solver : {"cg", "neumann"}
        See `paddle_metaopt.meta_gradients.Implicit`.
    solver_iterations : int
        At most this many Hessian-vector products; 5 in the paper.
    solver_tolerance : float
        Stop when the relative residual falls below this. ``opt.solver_report`` tells both for the last task.
    inner_lr : float
    adapt_steps : int
        Enough to come near the minimum; 16 in the paper.
    first_order : bool
        Take the Hessian for zero: then the query gradient at the minimum is the meta-gradient.
    """

    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        lazy_mode: bool = False, multi_precision: bool = False, use_multi_tensor: bool = False, amsgrad: bool = False,
        name: str | None = None, *, inner_lr: Rate = 0.1, adapt_steps: int = 16, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        adapt: Which | None = None, buffers: Policy = 'restore', proximal: float = 2.0, solver: str = 'cg',
        solver_iterations: int = 5, solver_tolerance: float = 1e-10,
    ) -> None: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamWClass) -> type[combined.IMAMLOverAdamW]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamClass) -> type[IMAMLOptimizer]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.LambClass) -> type[combined.IMAMLOverLamb]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.MomentumClass) -> type[combined.IMAMLOverMomentum]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.NAdamClass) -> type[combined.IMAMLOverNAdam]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RMSPropClass) -> type[combined.IMAMLOverRMSProp]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamaxClass) -> type[combined.IMAMLOverAdamax]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RAdamClass) -> type[combined.IMAMLOverRAdam]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.ASGDClass) -> type[combined.IMAMLOverASGD]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdadeltaClass) -> type[combined.IMAMLOverAdadelta]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdagradClass) -> type[combined.IMAMLOverAdagrad]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RpropClass) -> type[combined.IMAMLOverRprop]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.SGDClass) -> type[combined.IMAMLOverSGD]: ...
    @overload
    @classmethod
    def over(cls, outer: type[Optimizer]) -> type[combined.IMAMLOver]: ...

class MAMLOptimizer(MetaOptimizer, Adam):
    """MAML with Adam as its outer optimizer: Adam in every respect, and an inner loop beside it.

    Every argument of ``paddle.optimizer.Adam`` has the same name, place and meaning; the following are keywords.

    Parameters
    ----------
    inner_lr : float, Parameter, list, callable, or LRScheduler
        Learning rate of the inner steps: a number; a Parameter, which is meta-learned; a list with one for each step; a
        function of the step; or a scheduler, read as if it were stepped after each. A parameter group may have its own.
    adapt_steps : int
        Inner steps for each task.
    first_order : bool
        Leave the second derivatives out (FOMAML); short for ``meta_gradient="first_order"``.
    inner_rule : str or inner rule
        How the fast weights move; see `paddle_metaopt.inner_rules`.
    inner_grad_clip : paddle.nn.ClipGradBy..., optional
        Clips the inner gradients; its derivative is part of the meta-gradient.
    meta_gradient : str or way back
        The way back from the query loss: "unrolled" (exact), "checkpointed" (exact, in the memory of one step),
        "first_order", "hessian_free" or "implicit"; see `paddle_metaopt.meta_gradients`.
    adapt : Layer, list of parameters, or callable, optional
        Which parameters adapt; a callable is asked ``(name, parameter)``. All that are trainable and in the
        optimizer by default; the others are meta-learned only.
    buffers : str
        What remains of BatchNorm's statistics after a task: "restore" (nothing), "last" (the last task's), or
        "mean" (the mean over the tasks of a meta-batch, written at the step).
    learned_group : dict, optional
        Options of the parameter group of what is learned besides the net and is not in `parameters`, as Paddle's
        groups have them.

    Raises
    ------
    ValueError, TypeError
        For an argument that does not fit; nothing is changed then.

    Examples
    --------
    >>> import paddle, paddle_metaopt as metaopt
    >>> net = paddle.nn.Linear(1, 1)
    >>> opt = metaopt.MAMLOptimizer(1e-3, parameters=net.parameters(), inner_lr=0.1, adapt_steps=2)
    >>> support = query = (paddle.ones([4, 1]), paddle.zeros([4, 1]))
    >>> opt.meta_loss(net, [(support, query)], paddle.nn.functional.mse_loss).backward()
    >>> opt.step()
    >>> opt.clear_grad()
    """

    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        lazy_mode: bool = False, multi_precision: bool = False, use_multi_tensor: bool = False, amsgrad: bool = False,
        name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamWClass) -> type[combined.MAMLOverAdamW]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamClass) -> type[MAMLOptimizer]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.LambClass) -> type[combined.MAMLOverLamb]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.MomentumClass) -> type[combined.MAMLOverMomentum]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.NAdamClass) -> type[combined.MAMLOverNAdam]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RMSPropClass) -> type[combined.MAMLOverRMSProp]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamaxClass) -> type[combined.MAMLOverAdamax]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RAdamClass) -> type[combined.MAMLOverRAdam]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.ASGDClass) -> type[combined.MAMLOverASGD]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdadeltaClass) -> type[combined.MAMLOverAdadelta]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdagradClass) -> type[combined.MAMLOverAdagrad]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RpropClass) -> type[combined.MAMLOverRprop]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.SGDClass) -> type[combined.MAMLOverSGD]: ...
    @overload
    @classmethod
    def over(cls, outer: type[Optimizer]) -> type[combined.MAMLOver]: ...

class MAMLPlusPlusOptimizer(CountsEpochs, Adam):
    """MAML++ with Adam as its outer optimizer.

    * Every parameter has a learned inner rate for each step, in ``opt.learned`` by name; steps beyond
      ``adapt_steps`` use the last one's.
    * For the first epochs the query loss after every inner step counts, with weights that move to the last step;
      the meta-gradient comes from ``meta_loss`` then.
    * The inner gradients can be taken as constants for the first epochs.
    * BatchNorm has running statistics for each inner step, used by ``evaluate(..., statistics="running")``. They
      belong to the buffers by name, so a copy of the net has them too; for another net make another optimizer.

    The paper's cosine schedule of the outer rate is Paddle's: ``learning_rate=CosineAnnealingDecay(1e-3, T_max)``. The
    arguments not listed here are those of `MAMLOptimizer`.

    Parameters
    ----------
    inner_lr : float
        Where the rates start; a parameter group may carry its own.
    adapt_steps : int
        Inner steps in training, each with rates and statistics of its own.
    iterations_per_epoch : int
        How many outer steps make an epoch; the count is saved with the state.
    multi_step_loss_epochs : int
        For how many epochs the loss of every step counts; 15 in the authors' miniImageNet runs, 10 on Omniglot.
    first_order_epochs : int
        For how many epochs the inner gradients count as constants; 50 in the paper, which saves time. 0 by default.
    buffers : str
        As for `MAMLOptimizer`, but "last" by default: the statistics of each step go on from task to task.
    learned_group : dict, optional
        Options of the parameter group of the rates, as Paddle's groups have them.
    """

    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        lazy_mode: bool = False, multi_precision: bool = False, use_multi_tensor: bool = False, amsgrad: bool = False,
        name: str | None = None, *, inner_lr: float = 0.1, adapt_steps: int = 5, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'last',
        learned_group: dict[str, Any] | None = None, iterations_per_epoch: int = 500, multi_step_loss_epochs: int = 15,
        first_order_epochs: int = 0,
    ) -> None: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamWClass) -> type[combined.MAMLPlusPlusOverAdamW]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamClass) -> type[MAMLPlusPlusOptimizer]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.LambClass) -> type[combined.MAMLPlusPlusOverLamb]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.MomentumClass) -> type[combined.MAMLPlusPlusOverMomentum]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.NAdamClass) -> type[combined.MAMLPlusPlusOverNAdam]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RMSPropClass) -> type[combined.MAMLPlusPlusOverRMSProp]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamaxClass) -> type[combined.MAMLPlusPlusOverAdamax]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RAdamClass) -> type[combined.MAMLPlusPlusOverRAdam]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.ASGDClass) -> type[combined.MAMLPlusPlusOverASGD]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdadeltaClass) -> type[combined.MAMLPlusPlusOverAdadelta]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdagradClass) -> type[combined.MAMLPlusPlusOverAdagrad]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RpropClass) -> type[combined.MAMLPlusPlusOverRprop]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.SGDClass) -> type[combined.MAMLPlusPlusOverSGD]: ...
    @overload
    @classmethod
    def over(cls, outer: type[Optimizer]) -> type[combined.MAMLPlusPlusOver]: ...

class MetaCurvatureOptimizer(MetaOptimizer, Adam):
    """Meta-Curvature with Adam as its outer optimizer.

    The transforms are meta-learned with the weights by the same ``step()``; ``opt.learned`` has them by name. They
    start as the identity, so that the first step is MAML's. The arguments are those of `MAMLOptimizer`, and:

    Parameters
    ----------
    learned_group : dict, optional
        Options of the parameter group of the transforms, as Paddle's groups have them: ``{"learning_rate": 0.1}`` is
        a factor on the optimizer's rate. Weight decay is 0 there by default.
    """

    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        lazy_mode: bool = False, multi_precision: bool = False, use_multi_tensor: bool = False, amsgrad: bool = False,
        name: str | None = None, *, inner_lr: Rate = 0.1, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamWClass) -> type[combined.MetaCurvatureOverAdamW]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamClass) -> type[MetaCurvatureOptimizer]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.LambClass) -> type[combined.MetaCurvatureOverLamb]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.MomentumClass) -> type[combined.MetaCurvatureOverMomentum]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.NAdamClass) -> type[combined.MetaCurvatureOverNAdam]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RMSPropClass) -> type[combined.MetaCurvatureOverRMSProp]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamaxClass) -> type[combined.MetaCurvatureOverAdamax]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RAdamClass) -> type[combined.MetaCurvatureOverRAdam]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.ASGDClass) -> type[combined.MetaCurvatureOverASGD]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdadeltaClass) -> type[combined.MetaCurvatureOverAdadelta]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdagradClass) -> type[combined.MetaCurvatureOverAdagrad]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RpropClass) -> type[combined.MetaCurvatureOverRprop]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.SGDClass) -> type[combined.MetaCurvatureOverSGD]: ...
    @overload
    @classmethod
    def over(cls, outer: type[Optimizer]) -> type[combined.MetaCurvatureOver]: ...

class MetaSGDOptimizer(MetaOptimizer, Adam):
    """Meta-SGD with Adam as its outer optimizer.

    Every element of every weight has an inner learning rate of its own, which is meta-learned with the weights by
    the same ``step()`` and may become negative; ``opt.learned`` has them by name. The arguments not listed here are
    those of `MAMLOptimizer`. With ``first_order=True`` the rates still get their gradient, −⟨query gradient, inner
    gradient⟩ for each element.

    Parameters
    ----------
    inner_lr : (float, float) or float
        The rates are drawn uniformly from this range at the start, (0.005, 0.1) as in the paper; or all are this. A
        parameter group may carry its own.
    adapt_steps : int
        One in the paper.
    learned_group : dict, optional
        Options of the parameter group of the rates, as Paddle's groups have them: ``{"learning_rate": 0.1}`` is a
        factor on the optimizer's rate. Weight decay is 0 there by default.
    """

    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        lazy_mode: bool = False, multi_precision: bool = False, use_multi_tensor: bool = False, amsgrad: bool = False,
        name: str | None = None, *, inner_lr: float | tuple[float, float] = (0.005, 0.1), adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None,
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None,
    ) -> None: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamWClass) -> type[combined.MetaSGDOverAdamW]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamClass) -> type[MetaSGDOptimizer]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.LambClass) -> type[combined.MetaSGDOverLamb]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.MomentumClass) -> type[combined.MetaSGDOverMomentum]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.NAdamClass) -> type[combined.MetaSGDOverNAdam]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RMSPropClass) -> type[combined.MetaSGDOverRMSProp]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamaxClass) -> type[combined.MetaSGDOverAdamax]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RAdamClass) -> type[combined.MetaSGDOverRAdam]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.ASGDClass) -> type[combined.MetaSGDOverASGD]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdadeltaClass) -> type[combined.MetaSGDOverAdadelta]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdagradClass) -> type[combined.MetaSGDOverAdagrad]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RpropClass) -> type[combined.MetaSGDOverRprop]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.SGDClass) -> type[combined.MetaSGDOverSGD]: ...
    @overload
    @classmethod
    def over(cls, outer: type[Optimizer]) -> type[combined.MetaSGDOver]: ...

class ProtoMAMLOptimizer(MetaOptimizer, Adam):
    """ProtoMAML with Adam as its outer optimizer.

    A task's head starts as the nearest-mean classifier of the support set's features, and then everything adapts, as in
    MAML; the meta-gradient goes through the means as well. The head's own weights are not used, and get no gradient.
    The arguments not listed here are those of `MAMLOptimizer`.

    Parameters
    ----------
    head : paddle.nn.Linear
        The last layer, with a bias and an output for each class. Labels are 0 to ways − 1.
    """

    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        lazy_mode: bool = False, multi_precision: bool = False, use_multi_tensor: bool = False, amsgrad: bool = False,
        name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: paddle.nn.Linear,
    ) -> None: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamWClass) -> type[combined.ProtoMAMLOverAdamW]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamClass) -> type[ProtoMAMLOptimizer]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.LambClass) -> type[combined.ProtoMAMLOverLamb]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.MomentumClass) -> type[combined.ProtoMAMLOverMomentum]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.NAdamClass) -> type[combined.ProtoMAMLOverNAdam]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RMSPropClass) -> type[combined.ProtoMAMLOverRMSProp]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamaxClass) -> type[combined.ProtoMAMLOverAdamax]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RAdamClass) -> type[combined.ProtoMAMLOverRAdam]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.ASGDClass) -> type[combined.ProtoMAMLOverASGD]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdadeltaClass) -> type[combined.ProtoMAMLOverAdadelta]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdagradClass) -> type[combined.ProtoMAMLOverAdagrad]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RpropClass) -> type[combined.ProtoMAMLOverRprop]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.SGDClass) -> type[combined.ProtoMAMLOverSGD]: ...
    @overload
    @classmethod
    def over(cls, outer: type[Optimizer]) -> type[combined.ProtoMAMLOver]: ...

class ReptileOptimizer(MetaOptimizer, Adam):
    """Reptile with Adam as its outer optimizer; the paper's own outer step is that of
    ``ReptileOptimizer.over(paddle.optimizer.SGD)``.

    The meta-gradient is θ − θ_K, the way back from where the inner loop ended, and comes from ``meta_loss`` only; the
    query set gives the loss that is reported. Give the examples that the paper would train on as the support set.
    What does not adapt gets no gradient. The arguments are those of `MAMLOptimizer`, without ``meta_gradient`` and
    ``learned_group``; ``first_order`` is always True.

    Parameters
    ----------
    inner_lr : float
    adapt_steps : int
        More than MAML's, 8 by default: with one step Reptile is training on all tasks jointly.
    """

    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        lazy_mode: bool = False, multi_precision: bool = False, use_multi_tensor: bool = False, amsgrad: bool = False,
        name: str | None = None, *, inner_lr: Rate = 0.02, adapt_steps: int = 8, first_order: bool = True,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        adapt: Which | None = None, buffers: Policy = 'restore',
    ) -> None: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamWClass) -> type[combined.ReptileOverAdamW]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamClass) -> type[ReptileOptimizer]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.LambClass) -> type[combined.ReptileOverLamb]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.MomentumClass) -> type[combined.ReptileOverMomentum]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.NAdamClass) -> type[combined.ReptileOverNAdam]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RMSPropClass) -> type[combined.ReptileOverRMSProp]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamaxClass) -> type[combined.ReptileOverAdamax]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RAdamClass) -> type[combined.ReptileOverRAdam]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.ASGDClass) -> type[combined.ReptileOverASGD]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdadeltaClass) -> type[combined.ReptileOverAdadelta]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdagradClass) -> type[combined.ReptileOverAdagrad]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RpropClass) -> type[combined.ReptileOverRprop]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.SGDClass) -> type[combined.ReptileOverSGD]: ...
    @overload
    @classmethod
    def over(cls, outer: type[Optimizer]) -> type[combined.ReptileOver]: ...

class TNetOptimizer(MetaOptimizer, Adam):
    """T-nets with Adam as their outer optimizer.

    Layers between those of a net, linear and of as many outputs as inputs in the paper, are meta-learned and do not
    adapt. They transform the features, and so the gradients that the layers before them adapt by: a learned metric for
    the inner steps. The arguments not listed here are those of `MAMLOptimizer`, without ``adapt``.

    Parameters
    ----------
    warp : Layer, or list of Layer or Parameter
        What does not adapt.
    """

    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        lazy_mode: bool = False, multi_precision: bool = False, use_multi_tensor: bool = False, amsgrad: bool = False,
        name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, warp: Which,
    ) -> None: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamWClass) -> type[combined.TNetOverAdamW]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamClass) -> type[TNetOptimizer]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.LambClass) -> type[combined.TNetOverLamb]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.MomentumClass) -> type[combined.TNetOverMomentum]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.NAdamClass) -> type[combined.TNetOverNAdam]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RMSPropClass) -> type[combined.TNetOverRMSProp]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdamaxClass) -> type[combined.TNetOverAdamax]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RAdamClass) -> type[combined.TNetOverRAdam]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.ASGDClass) -> type[combined.TNetOverASGD]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdadeltaClass) -> type[combined.TNetOverAdadelta]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.AdagradClass) -> type[combined.TNetOverAdagrad]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.RpropClass) -> type[combined.TNetOverRprop]: ...
    @overload
    @classmethod
    def over(cls, outer: combined.SGDClass) -> type[combined.TNetOverSGD]: ...
    @overload
    @classmethod
    def over(cls, outer: type[Optimizer]) -> type[combined.TNetOver]: ...
