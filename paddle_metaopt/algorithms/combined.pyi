"""Made by docs/make_stubs.py of the signatures that the classes have at run time."""

# mypy: disable-error-code="overload-overlap, override, misc"

import paddle
from paddle import Tensor
from paddle.nn.clip import GradientClipBase
from paddle.optimizer import (
    ASGD, Adadelta, Adagrad, Adam, AdamW, Adamax, Lamb, Momentum, NAdam, Optimizer, RAdam, RMSProp, Rprop, SGD,
)
from paddle.optimizer.lr import LRScheduler
from paddle.regularizer import WeightDecayRegularizer
from paddle_metaopt.algorithms.maml_plus_plus import CountsEpochs
from paddle_metaopt.inner_rules.rates import Rate
from paddle_metaopt.inner_rules.rule import InnerRule
from paddle_metaopt.meta_gradients.way_back import WayBack
from paddle_metaopt.outer.choices import InnerClip, Members, Which
from paddle_metaopt.outer.groups import Parameters
from paddle_metaopt.outer.optimizer import MetaOptimizer
from paddle_metaopt.task.buffers import Policy
from typing import Any, Callable, Protocol

class AdamWClass(Protocol):
    def __call__(
        self, learning_rate: Any = ..., beta1: Any = ..., beta2: Any = ..., epsilon: Any = ..., parameters: Any = ...,
        weight_decay: Any = ..., use_lowprecision_moment: Any = ..., lr_ratio: Any = ...,
        apply_decay_param_fun: Any = ..., grad_clip: Any = ..., lazy_mode: Any = ..., multi_precision: Any = ...,
        amsgrad: Any = ..., name: Any = ...,
    ) -> AdamW: ...

class AdamClass(Protocol):
    def __call__(
        self, learning_rate: Any = ..., beta1: Any = ..., beta2: Any = ..., epsilon: Any = ..., parameters: Any = ...,
        weight_decay: Any = ..., grad_clip: Any = ..., lazy_mode: Any = ..., multi_precision: Any = ...,
        use_multi_tensor: Any = ..., amsgrad: Any = ..., name: Any = ...,
    ) -> Adam: ...

class LambClass(Protocol):
    def __call__(
        self, learning_rate: Any = ..., lamb_weight_decay: Any = ..., beta1: Any = ..., beta2: Any = ...,
        epsilon: Any = ..., parameters: Any = ..., grad_clip: Any = ..., exclude_from_weight_decay_fn: Any = ...,
        multi_precision: Any = ..., always_adapt: Any = ..., name: Any = ...,
    ) -> Lamb: ...

class MomentumClass(Protocol):
    def __call__(
        self, learning_rate: Any = ..., momentum: Any = ..., parameters: Any = ..., use_nesterov: Any = ...,
        weight_decay: Any = ..., grad_clip: Any = ..., multi_precision: Any = ..., rescale_grad: Any = ...,
        use_multi_tensor: Any = ..., name: Any = ...,
    ) -> Momentum: ...

class NAdamClass(Protocol):
    def __call__(
        self, learning_rate: Any = ..., beta1: Any = ..., beta2: Any = ..., epsilon: Any = ...,
        momentum_decay: Any = ..., parameters: Any = ..., weight_decay: Any = ..., grad_clip: Any = ...,
        name: Any = ...,
    ) -> NAdam: ...

class RMSPropClass(Protocol):
    def __call__(
        self, learning_rate: Any, rho: Any = ..., epsilon: Any = ..., momentum: Any = ..., centered: Any = ...,
        parameters: Any = ..., weight_decay: Any = ..., grad_clip: Any = ..., name: Any = ...,
    ) -> RMSProp: ...

class AdamaxClass(Protocol):
    def __call__(
        self, learning_rate: Any = ..., beta1: Any = ..., beta2: Any = ..., epsilon: Any = ..., parameters: Any = ...,
        weight_decay: Any = ..., grad_clip: Any = ..., name: Any = ...,
    ) -> Adamax: ...

class RAdamClass(Protocol):
    def __call__(
        self, learning_rate: Any = ..., beta1: Any = ..., beta2: Any = ..., epsilon: Any = ..., parameters: Any = ...,
        weight_decay: Any = ..., grad_clip: Any = ..., name: Any = ...,
    ) -> RAdam: ...

class ASGDClass(Protocol):
    def __call__(
        self, learning_rate: Any = ..., batch_num: Any = ..., parameters: Any = ..., weight_decay: Any = ...,
        grad_clip: Any = ..., multi_precision: Any = ..., name: Any = ...,
    ) -> ASGD: ...

class AdadeltaClass(Protocol):
    def __call__(
        self, learning_rate: Any = ..., epsilon: Any = ..., rho: Any = ..., parameters: Any = ...,
        weight_decay: Any = ..., grad_clip: Any = ..., name: Any = ...,
    ) -> Adadelta: ...

class AdagradClass(Protocol):
    def __call__(
        self, learning_rate: Any, epsilon: Any = ..., parameters: Any = ..., weight_decay: Any = ...,
        grad_clip: Any = ..., name: Any = ..., initial_accumulator_value: Any = ...,
    ) -> Adagrad: ...

class RpropClass(Protocol):
    def __call__(
        self, learning_rate: Any = ..., learning_rate_range: Any = ..., parameters: Any = ..., etas: Any = ...,
        grad_clip: Any = ..., multi_precision: Any = ..., name: Any = ...,
    ) -> Rprop: ...

class SGDClass(Protocol):
    def __call__(
        self, learning_rate: Any = ..., parameters: Any = ..., weight_decay: Any = ..., grad_clip: Any = ...,
        multi_precision: Any = ..., name: Any = ...,
    ) -> SGD: ...

class ALFAOverAdamW(MetaOptimizer, AdamW):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None, weight_decay: float | Tensor = 0.01,
        use_lowprecision_moment: bool = False, lr_ratio: Callable[[Tensor], float] | None = None,
        apply_decay_param_fun: Callable[[str], bool] | None = None, grad_clip: GradientClipBase | None = None,
        lazy_mode: bool = False, multi_precision: bool = False, amsgrad: bool = False, name: str | None = None, *,
        inner_lr: float = 0.01, adapt_steps: int = 5, first_order: bool = False,
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled',
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, inner_decay: float = 0.0005,
    ) -> None: ...

class ALFAOverLamb(MetaOptimizer, Lamb):
    def __init__(
        self, learning_rate: float | Tensor = 0.001, lamb_weight_decay: float = 0.01, beta1: float | Tensor = 0.9,
        beta2: float | Tensor = 0.999, epsilon: float | Tensor = 1e-06, parameters: Parameters | None = None,
        grad_clip: GradientClipBase | None = None, exclude_from_weight_decay_fn: Callable[[Tensor], bool] | None = None,
        multi_precision: bool = False, always_adapt: bool = False, name: str | None = None, *, inner_lr: float = 0.01,
        adapt_steps: int = 5, first_order: bool = False, inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, inner_decay: float = 0.0005,
    ) -> None: ...

class ALFAOverMomentum(MetaOptimizer, Momentum):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, momentum: float = 0.9,
        parameters: Parameters | None = None, use_nesterov: bool = False,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, rescale_grad: float = 1.0, use_multi_tensor: bool = False,
        name: str | None = None, *, inner_lr: float = 0.01, adapt_steps: int = 5, first_order: bool = False,
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled',
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, inner_decay: float = 0.0005,
    ) -> None: ...

class ALFAOverNAdam(MetaOptimizer, NAdam):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.002, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float = 1e-08, momentum_decay: float = 0.004, parameters: Parameters | None = None,
        weight_decay: float | Tensor | None = None, grad_clip: GradientClipBase | None = None, name: str | None = None,
        *, inner_lr: float = 0.01, adapt_steps: int = 5, first_order: bool = False,
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled',
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, inner_decay: float = 0.0005,
    ) -> None: ...

class ALFAOverRMSProp(MetaOptimizer, RMSProp):
    def __init__(
        self, learning_rate: float | LRScheduler, rho: float = 0.95, epsilon: float = 1e-06, momentum: float = 0.0,
        centered: bool = False, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: float = 0.01, adapt_steps: int = 5, first_order: bool = False,
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled',
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, inner_decay: float = 0.0005,
    ) -> None: ...

class ALFAOverAdamax(MetaOptimizer, Adamax):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: float = 0.01, adapt_steps: int = 5, first_order: bool = False,
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled',
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, inner_decay: float = 0.0005,
    ) -> None: ...

class ALFAOverRAdam(MetaOptimizer, RAdam):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | Tensor | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: float = 0.01, adapt_steps: int = 5, first_order: bool = False,
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled',
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, inner_decay: float = 0.0005,
    ) -> None: ...

class ALFAOverASGD(MetaOptimizer, ASGD):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, batch_num: int = 1,
        parameters: Parameters | None = None, weight_decay: float | WeightDecayRegularizer | None = None,
        grad_clip: GradientClipBase | None = None, multi_precision: bool = False, name: str | None = None, *,
        inner_lr: float = 0.01, adapt_steps: int = 5, first_order: bool = False,
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled',
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, inner_decay: float = 0.0005,
    ) -> None: ...

class ALFAOverAdadelta(MetaOptimizer, Adadelta):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, epsilon: float = 1e-06, rho: float = 0.95,
        parameters: Parameters | None = None, weight_decay: float | WeightDecayRegularizer | None = None,
        grad_clip: GradientClipBase | None = None, name: str | None = None, *, inner_lr: float = 0.01,
        adapt_steps: int = 5, first_order: bool = False, inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, inner_decay: float = 0.0005,
    ) -> None: ...

class ALFAOverAdagrad(MetaOptimizer, Adagrad):
    def __init__(
        self, learning_rate: float | Tensor, epsilon: float = 1e-06, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, initial_accumulator_value: float = 0.0, *, inner_lr: float = 0.01,
        adapt_steps: int = 5, first_order: bool = False, inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, inner_decay: float = 0.0005,
    ) -> None: ...

class ALFAOverRprop(MetaOptimizer, Rprop):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001,
        learning_rate_range: tuple[float, float] = (1e-05, 50), parameters: Parameters | None = None,
        etas: tuple[float, float] = (0.5, 1.2), grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, name: str | None = None, *, inner_lr: float = 0.01, adapt_steps: int = 5,
        first_order: bool = False, inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled',
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, inner_decay: float = 0.0005,
    ) -> None: ...

class ALFAOverSGD(MetaOptimizer, SGD):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, name: str | None = None, *, inner_lr: float = 0.01, adapt_steps: int = 5,
        first_order: bool = False, inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled',
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, inner_decay: float = 0.0005,
    ) -> None: ...

class ALFAOver(MetaOptimizer, Optimizer):
    def __init__(
        self, *args: Any, inner_lr: float = 0.01, adapt_steps: int = 5, first_order: bool = False,
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled',
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, inner_decay: float = 0.0005,
        **kwargs: Any,
    ) -> None: ...

class ANILOverAdamW(MetaOptimizer, AdamW):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None, weight_decay: float | Tensor = 0.01,
        use_lowprecision_moment: bool = False, lr_ratio: Callable[[Tensor], float] | None = None,
        apply_decay_param_fun: Callable[[str], bool] | None = None, grad_clip: GradientClipBase | None = None,
        lazy_mode: bool = False, multi_precision: bool = False, amsgrad: bool = False, name: str | None = None, *,
        inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...

class ANILOverLamb(MetaOptimizer, Lamb):
    def __init__(
        self, learning_rate: float | Tensor = 0.001, lamb_weight_decay: float = 0.01, beta1: float | Tensor = 0.9,
        beta2: float | Tensor = 0.999, epsilon: float | Tensor = 1e-06, parameters: Parameters | None = None,
        grad_clip: GradientClipBase | None = None, exclude_from_weight_decay_fn: Callable[[Tensor], bool] | None = None,
        multi_precision: bool = False, always_adapt: bool = False, name: str | None = None, *, inner_lr: Rate = 0.01,
        adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...

class ANILOverMomentum(MetaOptimizer, Momentum):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, momentum: float = 0.9,
        parameters: Parameters | None = None, use_nesterov: bool = False,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, rescale_grad: float = 1.0, use_multi_tensor: bool = False,
        name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...

class ANILOverNAdam(MetaOptimizer, NAdam):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.002, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float = 1e-08, momentum_decay: float = 0.004, parameters: Parameters | None = None,
        weight_decay: float | Tensor | None = None, grad_clip: GradientClipBase | None = None, name: str | None = None,
        *, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...

class ANILOverRMSProp(MetaOptimizer, RMSProp):
    def __init__(
        self, learning_rate: float | LRScheduler, rho: float = 0.95, epsilon: float = 1e-06, momentum: float = 0.0,
        centered: bool = False, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...

class ANILOverAdamax(MetaOptimizer, Adamax):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...

class ANILOverRAdam(MetaOptimizer, RAdam):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | Tensor | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...

class ANILOverASGD(MetaOptimizer, ASGD):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, batch_num: int = 1,
        parameters: Parameters | None = None, weight_decay: float | WeightDecayRegularizer | None = None,
        grad_clip: GradientClipBase | None = None, multi_precision: bool = False, name: str | None = None, *,
        inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...

class ANILOverAdadelta(MetaOptimizer, Adadelta):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, epsilon: float = 1e-06, rho: float = 0.95,
        parameters: Parameters | None = None, weight_decay: float | WeightDecayRegularizer | None = None,
        grad_clip: GradientClipBase | None = None, name: str | None = None, *, inner_lr: Rate = 0.01,
        adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...

class ANILOverAdagrad(MetaOptimizer, Adagrad):
    def __init__(
        self, learning_rate: float | Tensor, epsilon: float = 1e-06, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, initial_accumulator_value: float = 0.0, *, inner_lr: Rate = 0.01, adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled',
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...

class ANILOverRprop(MetaOptimizer, Rprop):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001,
        learning_rate_range: tuple[float, float] = (1e-05, 50), parameters: Parameters | None = None,
        etas: tuple[float, float] = (0.5, 1.2), grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled',
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...

class ANILOverSGD(MetaOptimizer, SGD):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled',
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...

class ANILOver(MetaOptimizer, Optimizer):
    def __init__(
        self, *args: Any, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: Which, **kwargs: Any,
    ) -> None: ...

class BOILOverAdamW(MetaOptimizer, AdamW):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None, weight_decay: float | Tensor = 0.01,
        use_lowprecision_moment: bool = False, lr_ratio: Callable[[Tensor], float] | None = None,
        apply_decay_param_fun: Callable[[str], bool] | None = None, grad_clip: GradientClipBase | None = None,
        lazy_mode: bool = False, multi_precision: bool = False, amsgrad: bool = False, name: str | None = None, *,
        inner_lr: Rate = 0.5, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...

class BOILOverLamb(MetaOptimizer, Lamb):
    def __init__(
        self, learning_rate: float | Tensor = 0.001, lamb_weight_decay: float = 0.01, beta1: float | Tensor = 0.9,
        beta2: float | Tensor = 0.999, epsilon: float | Tensor = 1e-06, parameters: Parameters | None = None,
        grad_clip: GradientClipBase | None = None, exclude_from_weight_decay_fn: Callable[[Tensor], bool] | None = None,
        multi_precision: bool = False, always_adapt: bool = False, name: str | None = None, *, inner_lr: Rate = 0.5,
        adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...

class BOILOverMomentum(MetaOptimizer, Momentum):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, momentum: float = 0.9,
        parameters: Parameters | None = None, use_nesterov: bool = False,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, rescale_grad: float = 1.0, use_multi_tensor: bool = False,
        name: str | None = None, *, inner_lr: Rate = 0.5, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...

class BOILOverNAdam(MetaOptimizer, NAdam):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.002, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float = 1e-08, momentum_decay: float = 0.004, parameters: Parameters | None = None,
        weight_decay: float | Tensor | None = None, grad_clip: GradientClipBase | None = None, name: str | None = None,
        *, inner_lr: Rate = 0.5, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...

class BOILOverRMSProp(MetaOptimizer, RMSProp):
    def __init__(
        self, learning_rate: float | LRScheduler, rho: float = 0.95, epsilon: float = 1e-06, momentum: float = 0.0,
        centered: bool = False, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 0.5, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...

class BOILOverAdamax(MetaOptimizer, Adamax):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 0.5, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...

class BOILOverRAdam(MetaOptimizer, RAdam):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | Tensor | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 0.5, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...

class BOILOverASGD(MetaOptimizer, ASGD):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, batch_num: int = 1,
        parameters: Parameters | None = None, weight_decay: float | WeightDecayRegularizer | None = None,
        grad_clip: GradientClipBase | None = None, multi_precision: bool = False, name: str | None = None, *,
        inner_lr: Rate = 0.5, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...

class BOILOverAdadelta(MetaOptimizer, Adadelta):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, epsilon: float = 1e-06, rho: float = 0.95,
        parameters: Parameters | None = None, weight_decay: float | WeightDecayRegularizer | None = None,
        grad_clip: GradientClipBase | None = None, name: str | None = None, *, inner_lr: Rate = 0.5,
        adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...

class BOILOverAdagrad(MetaOptimizer, Adagrad):
    def __init__(
        self, learning_rate: float | Tensor, epsilon: float = 1e-06, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, initial_accumulator_value: float = 0.0, *, inner_lr: Rate = 0.5, adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled',
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...

class BOILOverRprop(MetaOptimizer, Rprop):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001,
        learning_rate_range: tuple[float, float] = (1e-05, 50), parameters: Parameters | None = None,
        etas: tuple[float, float] = (0.5, 1.2), grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, name: str | None = None, *, inner_lr: Rate = 0.5, adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled',
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...

class BOILOverSGD(MetaOptimizer, SGD):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, name: str | None = None, *, inner_lr: Rate = 0.5, adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled',
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, head: Which,
    ) -> None: ...

class BOILOver(MetaOptimizer, Optimizer):
    def __init__(
        self, *args: Any, inner_lr: Rate = 0.5, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: Which, **kwargs: Any,
    ) -> None: ...

class CAVIAOverAdamW(MetaOptimizer, AdamW):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None, weight_decay: float | Tensor = 0.01,
        use_lowprecision_moment: bool = False, lr_ratio: Callable[[Tensor], float] | None = None,
        apply_decay_param_fun: Callable[[str], bool] | None = None, grad_clip: GradientClipBase | None = None,
        lazy_mode: bool = False, multi_precision: bool = False, amsgrad: bool = False, name: str | None = None, *,
        inner_lr: Rate = 1.0, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, context: Members,
    ) -> None: ...

class CAVIAOverLamb(MetaOptimizer, Lamb):
    def __init__(
        self, learning_rate: float | Tensor = 0.001, lamb_weight_decay: float = 0.01, beta1: float | Tensor = 0.9,
        beta2: float | Tensor = 0.999, epsilon: float | Tensor = 1e-06, parameters: Parameters | None = None,
        grad_clip: GradientClipBase | None = None, exclude_from_weight_decay_fn: Callable[[Tensor], bool] | None = None,
        multi_precision: bool = False, always_adapt: bool = False, name: str | None = None, *, inner_lr: Rate = 1.0,
        adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, context: Members,
    ) -> None: ...

class CAVIAOverMomentum(MetaOptimizer, Momentum):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, momentum: float = 0.9,
        parameters: Parameters | None = None, use_nesterov: bool = False,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, rescale_grad: float = 1.0, use_multi_tensor: bool = False,
        name: str | None = None, *, inner_lr: Rate = 1.0, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, context: Members,
    ) -> None: ...

class CAVIAOverNAdam(MetaOptimizer, NAdam):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.002, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float = 1e-08, momentum_decay: float = 0.004, parameters: Parameters | None = None,
        weight_decay: float | Tensor | None = None, grad_clip: GradientClipBase | None = None, name: str | None = None,
        *, inner_lr: Rate = 1.0, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, context: Members,
    ) -> None: ...

class CAVIAOverRMSProp(MetaOptimizer, RMSProp):
    def __init__(
        self, learning_rate: float | LRScheduler, rho: float = 0.95, epsilon: float = 1e-06, momentum: float = 0.0,
        centered: bool = False, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 1.0, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, context: Members,
    ) -> None: ...

class CAVIAOverAdamax(MetaOptimizer, Adamax):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 1.0, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, context: Members,
    ) -> None: ...

class CAVIAOverRAdam(MetaOptimizer, RAdam):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | Tensor | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 1.0, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, context: Members,
    ) -> None: ...

class CAVIAOverASGD(MetaOptimizer, ASGD):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, batch_num: int = 1,
        parameters: Parameters | None = None, weight_decay: float | WeightDecayRegularizer | None = None,
        grad_clip: GradientClipBase | None = None, multi_precision: bool = False, name: str | None = None, *,
        inner_lr: Rate = 1.0, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, context: Members,
    ) -> None: ...

class CAVIAOverAdadelta(MetaOptimizer, Adadelta):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, epsilon: float = 1e-06, rho: float = 0.95,
        parameters: Parameters | None = None, weight_decay: float | WeightDecayRegularizer | None = None,
        grad_clip: GradientClipBase | None = None, name: str | None = None, *, inner_lr: Rate = 1.0,
        adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, context: Members,
    ) -> None: ...

class CAVIAOverAdagrad(MetaOptimizer, Adagrad):
    def __init__(
        self, learning_rate: float | Tensor, epsilon: float = 1e-06, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, initial_accumulator_value: float = 0.0, *, inner_lr: Rate = 1.0, adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled',
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, context: Members,
    ) -> None: ...

class CAVIAOverRprop(MetaOptimizer, Rprop):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001,
        learning_rate_range: tuple[float, float] = (1e-05, 50), parameters: Parameters | None = None,
        etas: tuple[float, float] = (0.5, 1.2), grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, name: str | None = None, *, inner_lr: Rate = 1.0, adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled',
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, context: Members,
    ) -> None: ...

class CAVIAOverSGD(MetaOptimizer, SGD):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, name: str | None = None, *, inner_lr: Rate = 1.0, adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled',
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, context: Members,
    ) -> None: ...

class CAVIAOver(MetaOptimizer, Optimizer):
    def __init__(
        self, *args: Any, inner_lr: Rate = 1.0, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, context: Members, **kwargs: Any,
    ) -> None: ...

class IMAMLOverAdamW(MetaOptimizer, AdamW):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None, weight_decay: float | Tensor = 0.01,
        use_lowprecision_moment: bool = False, lr_ratio: Callable[[Tensor], float] | None = None,
        apply_decay_param_fun: Callable[[str], bool] | None = None, grad_clip: GradientClipBase | None = None,
        lazy_mode: bool = False, multi_precision: bool = False, amsgrad: bool = False, name: str | None = None, *,
        inner_lr: Rate = 0.1, adapt_steps: int = 16, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        adapt: Which | None = None, buffers: Policy = 'restore', proximal: float = 2.0, solver: str = 'cg',
        solver_iterations: int = 5, solver_tolerance: float = 1e-10,
    ) -> None: ...

class IMAMLOverLamb(MetaOptimizer, Lamb):
    def __init__(
        self, learning_rate: float | Tensor = 0.001, lamb_weight_decay: float = 0.01, beta1: float | Tensor = 0.9,
        beta2: float | Tensor = 0.999, epsilon: float | Tensor = 1e-06, parameters: Parameters | None = None,
        grad_clip: GradientClipBase | None = None, exclude_from_weight_decay_fn: Callable[[Tensor], bool] | None = None,
        multi_precision: bool = False, always_adapt: bool = False, name: str | None = None, *, inner_lr: Rate = 0.1,
        adapt_steps: int = 16, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        adapt: Which | None = None, buffers: Policy = 'restore', proximal: float = 2.0, solver: str = 'cg',
        solver_iterations: int = 5, solver_tolerance: float = 1e-10,
    ) -> None: ...

class IMAMLOverMomentum(MetaOptimizer, Momentum):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, momentum: float = 0.9,
        parameters: Parameters | None = None, use_nesterov: bool = False,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, rescale_grad: float = 1.0, use_multi_tensor: bool = False,
        name: str | None = None, *, inner_lr: Rate = 0.1, adapt_steps: int = 16, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        adapt: Which | None = None, buffers: Policy = 'restore', proximal: float = 2.0, solver: str = 'cg',
        solver_iterations: int = 5, solver_tolerance: float = 1e-10,
    ) -> None: ...

class IMAMLOverNAdam(MetaOptimizer, NAdam):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.002, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float = 1e-08, momentum_decay: float = 0.004, parameters: Parameters | None = None,
        weight_decay: float | Tensor | None = None, grad_clip: GradientClipBase | None = None, name: str | None = None,
        *, inner_lr: Rate = 0.1, adapt_steps: int = 16, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        adapt: Which | None = None, buffers: Policy = 'restore', proximal: float = 2.0, solver: str = 'cg',
        solver_iterations: int = 5, solver_tolerance: float = 1e-10,
    ) -> None: ...

class IMAMLOverRMSProp(MetaOptimizer, RMSProp):
    def __init__(
        self, learning_rate: float | LRScheduler, rho: float = 0.95, epsilon: float = 1e-06, momentum: float = 0.0,
        centered: bool = False, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 0.1, adapt_steps: int = 16, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        adapt: Which | None = None, buffers: Policy = 'restore', proximal: float = 2.0, solver: str = 'cg',
        solver_iterations: int = 5, solver_tolerance: float = 1e-10,
    ) -> None: ...

class IMAMLOverAdamax(MetaOptimizer, Adamax):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 0.1, adapt_steps: int = 16, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        adapt: Which | None = None, buffers: Policy = 'restore', proximal: float = 2.0, solver: str = 'cg',
        solver_iterations: int = 5, solver_tolerance: float = 1e-10,
    ) -> None: ...

class IMAMLOverRAdam(MetaOptimizer, RAdam):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | Tensor | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 0.1, adapt_steps: int = 16, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        adapt: Which | None = None, buffers: Policy = 'restore', proximal: float = 2.0, solver: str = 'cg',
        solver_iterations: int = 5, solver_tolerance: float = 1e-10,
    ) -> None: ...

class IMAMLOverASGD(MetaOptimizer, ASGD):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, batch_num: int = 1,
        parameters: Parameters | None = None, weight_decay: float | WeightDecayRegularizer | None = None,
        grad_clip: GradientClipBase | None = None, multi_precision: bool = False, name: str | None = None, *,
        inner_lr: Rate = 0.1, adapt_steps: int = 16, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        adapt: Which | None = None, buffers: Policy = 'restore', proximal: float = 2.0, solver: str = 'cg',
        solver_iterations: int = 5, solver_tolerance: float = 1e-10,
    ) -> None: ...

class IMAMLOverAdadelta(MetaOptimizer, Adadelta):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, epsilon: float = 1e-06, rho: float = 0.95,
        parameters: Parameters | None = None, weight_decay: float | WeightDecayRegularizer | None = None,
        grad_clip: GradientClipBase | None = None, name: str | None = None, *, inner_lr: Rate = 0.1,
        adapt_steps: int = 16, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        adapt: Which | None = None, buffers: Policy = 'restore', proximal: float = 2.0, solver: str = 'cg',
        solver_iterations: int = 5, solver_tolerance: float = 1e-10,
    ) -> None: ...

class IMAMLOverAdagrad(MetaOptimizer, Adagrad):
    def __init__(
        self, learning_rate: float | Tensor, epsilon: float = 1e-06, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, initial_accumulator_value: float = 0.0, *, inner_lr: Rate = 0.1, adapt_steps: int = 16,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, adapt: Which | None = None, buffers: Policy = 'restore',
        proximal: float = 2.0, solver: str = 'cg', solver_iterations: int = 5, solver_tolerance: float = 1e-10,
    ) -> None: ...

class IMAMLOverRprop(MetaOptimizer, Rprop):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001,
        learning_rate_range: tuple[float, float] = (1e-05, 50), parameters: Parameters | None = None,
        etas: tuple[float, float] = (0.5, 1.2), grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, name: str | None = None, *, inner_lr: Rate = 0.1, adapt_steps: int = 16,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, adapt: Which | None = None, buffers: Policy = 'restore',
        proximal: float = 2.0, solver: str = 'cg', solver_iterations: int = 5, solver_tolerance: float = 1e-10,
    ) -> None: ...

class IMAMLOverSGD(MetaOptimizer, SGD):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, name: str | None = None, *, inner_lr: Rate = 0.1, adapt_steps: int = 16,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, adapt: Which | None = None, buffers: Policy = 'restore',
        proximal: float = 2.0, solver: str = 'cg', solver_iterations: int = 5, solver_tolerance: float = 1e-10,
    ) -> None: ...

class IMAMLOver(MetaOptimizer, Optimizer):
    def __init__(
        self, *args: Any, inner_lr: Rate = 0.1, adapt_steps: int = 16, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        adapt: Which | None = None, buffers: Policy = 'restore', proximal: float = 2.0, solver: str = 'cg',
        solver_iterations: int = 5, solver_tolerance: float = 1e-10, **kwargs: Any,
    ) -> None: ...

class MAMLOverAdamW(MetaOptimizer, AdamW):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None, weight_decay: float | Tensor = 0.01,
        use_lowprecision_moment: bool = False, lr_ratio: Callable[[Tensor], float] | None = None,
        apply_decay_param_fun: Callable[[str], bool] | None = None, grad_clip: GradientClipBase | None = None,
        lazy_mode: bool = False, multi_precision: bool = False, amsgrad: bool = False, name: str | None = None, *,
        inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MAMLOverLamb(MetaOptimizer, Lamb):
    def __init__(
        self, learning_rate: float | Tensor = 0.001, lamb_weight_decay: float = 0.01, beta1: float | Tensor = 0.9,
        beta2: float | Tensor = 0.999, epsilon: float | Tensor = 1e-06, parameters: Parameters | None = None,
        grad_clip: GradientClipBase | None = None, exclude_from_weight_decay_fn: Callable[[Tensor], bool] | None = None,
        multi_precision: bool = False, always_adapt: bool = False, name: str | None = None, *, inner_lr: Rate = 0.01,
        adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MAMLOverMomentum(MetaOptimizer, Momentum):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, momentum: float = 0.9,
        parameters: Parameters | None = None, use_nesterov: bool = False,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, rescale_grad: float = 1.0, use_multi_tensor: bool = False,
        name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MAMLOverNAdam(MetaOptimizer, NAdam):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.002, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float = 1e-08, momentum_decay: float = 0.004, parameters: Parameters | None = None,
        weight_decay: float | Tensor | None = None, grad_clip: GradientClipBase | None = None, name: str | None = None,
        *, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MAMLOverRMSProp(MetaOptimizer, RMSProp):
    def __init__(
        self, learning_rate: float | LRScheduler, rho: float = 0.95, epsilon: float = 1e-06, momentum: float = 0.0,
        centered: bool = False, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MAMLOverAdamax(MetaOptimizer, Adamax):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MAMLOverRAdam(MetaOptimizer, RAdam):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | Tensor | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MAMLOverASGD(MetaOptimizer, ASGD):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, batch_num: int = 1,
        parameters: Parameters | None = None, weight_decay: float | WeightDecayRegularizer | None = None,
        grad_clip: GradientClipBase | None = None, multi_precision: bool = False, name: str | None = None, *,
        inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MAMLOverAdadelta(MetaOptimizer, Adadelta):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, epsilon: float = 1e-06, rho: float = 0.95,
        parameters: Parameters | None = None, weight_decay: float | WeightDecayRegularizer | None = None,
        grad_clip: GradientClipBase | None = None, name: str | None = None, *, inner_lr: Rate = 0.01,
        adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MAMLOverAdagrad(MetaOptimizer, Adagrad):
    def __init__(
        self, learning_rate: float | Tensor, epsilon: float = 1e-06, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, initial_accumulator_value: float = 0.0, *, inner_lr: Rate = 0.01, adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None,
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MAMLOverRprop(MetaOptimizer, Rprop):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001,
        learning_rate_range: tuple[float, float] = (1e-05, 50), parameters: Parameters | None = None,
        etas: tuple[float, float] = (0.5, 1.2), grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None,
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MAMLOverSGD(MetaOptimizer, SGD):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None,
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MAMLOver(MetaOptimizer, Optimizer):
    def __init__(
        self, *args: Any, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, **kwargs: Any,
    ) -> None: ...

class MAMLPlusPlusOverAdamW(CountsEpochs, AdamW):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None, weight_decay: float | Tensor = 0.01,
        use_lowprecision_moment: bool = False, lr_ratio: Callable[[Tensor], float] | None = None,
        apply_decay_param_fun: Callable[[str], bool] | None = None, grad_clip: GradientClipBase | None = None,
        lazy_mode: bool = False, multi_precision: bool = False, amsgrad: bool = False, name: str | None = None, *,
        inner_lr: float = 0.1, adapt_steps: int = 5, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'last',
        learned_group: dict[str, Any] | None = None, iterations_per_epoch: int = 500, multi_step_loss_epochs: int = 15,
        first_order_epochs: int = 0,
    ) -> None: ...

class MAMLPlusPlusOverLamb(CountsEpochs, Lamb):
    def __init__(
        self, learning_rate: float | Tensor = 0.001, lamb_weight_decay: float = 0.01, beta1: float | Tensor = 0.9,
        beta2: float | Tensor = 0.999, epsilon: float | Tensor = 1e-06, parameters: Parameters | None = None,
        grad_clip: GradientClipBase | None = None, exclude_from_weight_decay_fn: Callable[[Tensor], bool] | None = None,
        multi_precision: bool = False, always_adapt: bool = False, name: str | None = None, *, inner_lr: float = 0.1,
        adapt_steps: int = 5, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'last',
        learned_group: dict[str, Any] | None = None, iterations_per_epoch: int = 500, multi_step_loss_epochs: int = 15,
        first_order_epochs: int = 0,
    ) -> None: ...

class MAMLPlusPlusOverMomentum(CountsEpochs, Momentum):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, momentum: float = 0.9,
        parameters: Parameters | None = None, use_nesterov: bool = False,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, rescale_grad: float = 1.0, use_multi_tensor: bool = False,
        name: str | None = None, *, inner_lr: float = 0.1, adapt_steps: int = 5, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'last',
        learned_group: dict[str, Any] | None = None, iterations_per_epoch: int = 500, multi_step_loss_epochs: int = 15,
        first_order_epochs: int = 0,
    ) -> None: ...

class MAMLPlusPlusOverNAdam(CountsEpochs, NAdam):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.002, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float = 1e-08, momentum_decay: float = 0.004, parameters: Parameters | None = None,
        weight_decay: float | Tensor | None = None, grad_clip: GradientClipBase | None = None, name: str | None = None,
        *, inner_lr: float = 0.1, adapt_steps: int = 5, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'last',
        learned_group: dict[str, Any] | None = None, iterations_per_epoch: int = 500, multi_step_loss_epochs: int = 15,
        first_order_epochs: int = 0,
    ) -> None: ...

class MAMLPlusPlusOverRMSProp(CountsEpochs, RMSProp):
    def __init__(
        self, learning_rate: float | LRScheduler, rho: float = 0.95, epsilon: float = 1e-06, momentum: float = 0.0,
        centered: bool = False, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: float = 0.1, adapt_steps: int = 5, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'last',
        learned_group: dict[str, Any] | None = None, iterations_per_epoch: int = 500, multi_step_loss_epochs: int = 15,
        first_order_epochs: int = 0,
    ) -> None: ...

class MAMLPlusPlusOverAdamax(CountsEpochs, Adamax):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: float = 0.1, adapt_steps: int = 5, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'last',
        learned_group: dict[str, Any] | None = None, iterations_per_epoch: int = 500, multi_step_loss_epochs: int = 15,
        first_order_epochs: int = 0,
    ) -> None: ...

class MAMLPlusPlusOverRAdam(CountsEpochs, RAdam):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | Tensor | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: float = 0.1, adapt_steps: int = 5, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'last',
        learned_group: dict[str, Any] | None = None, iterations_per_epoch: int = 500, multi_step_loss_epochs: int = 15,
        first_order_epochs: int = 0,
    ) -> None: ...

class MAMLPlusPlusOverASGD(CountsEpochs, ASGD):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, batch_num: int = 1,
        parameters: Parameters | None = None, weight_decay: float | WeightDecayRegularizer | None = None,
        grad_clip: GradientClipBase | None = None, multi_precision: bool = False, name: str | None = None, *,
        inner_lr: float = 0.1, adapt_steps: int = 5, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'last',
        learned_group: dict[str, Any] | None = None, iterations_per_epoch: int = 500, multi_step_loss_epochs: int = 15,
        first_order_epochs: int = 0,
    ) -> None: ...

class MAMLPlusPlusOverAdadelta(CountsEpochs, Adadelta):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, epsilon: float = 1e-06, rho: float = 0.95,
        parameters: Parameters | None = None, weight_decay: float | WeightDecayRegularizer | None = None,
        grad_clip: GradientClipBase | None = None, name: str | None = None, *, inner_lr: float = 0.1,
        adapt_steps: int = 5, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'last',
        learned_group: dict[str, Any] | None = None, iterations_per_epoch: int = 500, multi_step_loss_epochs: int = 15,
        first_order_epochs: int = 0,
    ) -> None: ...

class MAMLPlusPlusOverAdagrad(CountsEpochs, Adagrad):
    def __init__(
        self, learning_rate: float | Tensor, epsilon: float = 1e-06, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, initial_accumulator_value: float = 0.0, *, inner_lr: float = 0.1, adapt_steps: int = 5,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None,
        buffers: Policy = 'last', learned_group: dict[str, Any] | None = None, iterations_per_epoch: int = 500,
        multi_step_loss_epochs: int = 15, first_order_epochs: int = 0,
    ) -> None: ...

class MAMLPlusPlusOverRprop(CountsEpochs, Rprop):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001,
        learning_rate_range: tuple[float, float] = (1e-05, 50), parameters: Parameters | None = None,
        etas: tuple[float, float] = (0.5, 1.2), grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, name: str | None = None, *, inner_lr: float = 0.1, adapt_steps: int = 5,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None,
        buffers: Policy = 'last', learned_group: dict[str, Any] | None = None, iterations_per_epoch: int = 500,
        multi_step_loss_epochs: int = 15, first_order_epochs: int = 0,
    ) -> None: ...

class MAMLPlusPlusOverSGD(CountsEpochs, SGD):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, name: str | None = None, *, inner_lr: float = 0.1, adapt_steps: int = 5,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None,
        buffers: Policy = 'last', learned_group: dict[str, Any] | None = None, iterations_per_epoch: int = 500,
        multi_step_loss_epochs: int = 15, first_order_epochs: int = 0,
    ) -> None: ...

class MAMLPlusPlusOver(CountsEpochs, Optimizer):
    def __init__(
        self, *args: Any, inner_lr: float = 0.1, adapt_steps: int = 5, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'last',
        learned_group: dict[str, Any] | None = None, iterations_per_epoch: int = 500, multi_step_loss_epochs: int = 15,
        first_order_epochs: int = 0, **kwargs: Any,
    ) -> None: ...

class MetaCurvatureOverAdamW(MetaOptimizer, AdamW):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None, weight_decay: float | Tensor = 0.01,
        use_lowprecision_moment: bool = False, lr_ratio: Callable[[Tensor], float] | None = None,
        apply_decay_param_fun: Callable[[str], bool] | None = None, grad_clip: GradientClipBase | None = None,
        lazy_mode: bool = False, multi_precision: bool = False, amsgrad: bool = False, name: str | None = None, *,
        inner_lr: Rate = 0.1, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MetaCurvatureOverLamb(MetaOptimizer, Lamb):
    def __init__(
        self, learning_rate: float | Tensor = 0.001, lamb_weight_decay: float = 0.01, beta1: float | Tensor = 0.9,
        beta2: float | Tensor = 0.999, epsilon: float | Tensor = 1e-06, parameters: Parameters | None = None,
        grad_clip: GradientClipBase | None = None, exclude_from_weight_decay_fn: Callable[[Tensor], bool] | None = None,
        multi_precision: bool = False, always_adapt: bool = False, name: str | None = None, *, inner_lr: Rate = 0.1,
        adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MetaCurvatureOverMomentum(MetaOptimizer, Momentum):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, momentum: float = 0.9,
        parameters: Parameters | None = None, use_nesterov: bool = False,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, rescale_grad: float = 1.0, use_multi_tensor: bool = False,
        name: str | None = None, *, inner_lr: Rate = 0.1, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MetaCurvatureOverNAdam(MetaOptimizer, NAdam):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.002, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float = 1e-08, momentum_decay: float = 0.004, parameters: Parameters | None = None,
        weight_decay: float | Tensor | None = None, grad_clip: GradientClipBase | None = None, name: str | None = None,
        *, inner_lr: Rate = 0.1, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MetaCurvatureOverRMSProp(MetaOptimizer, RMSProp):
    def __init__(
        self, learning_rate: float | LRScheduler, rho: float = 0.95, epsilon: float = 1e-06, momentum: float = 0.0,
        centered: bool = False, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 0.1, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MetaCurvatureOverAdamax(MetaOptimizer, Adamax):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 0.1, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MetaCurvatureOverRAdam(MetaOptimizer, RAdam):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | Tensor | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 0.1, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MetaCurvatureOverASGD(MetaOptimizer, ASGD):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, batch_num: int = 1,
        parameters: Parameters | None = None, weight_decay: float | WeightDecayRegularizer | None = None,
        grad_clip: GradientClipBase | None = None, multi_precision: bool = False, name: str | None = None, *,
        inner_lr: Rate = 0.1, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MetaCurvatureOverAdadelta(MetaOptimizer, Adadelta):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, epsilon: float = 1e-06, rho: float = 0.95,
        parameters: Parameters | None = None, weight_decay: float | WeightDecayRegularizer | None = None,
        grad_clip: GradientClipBase | None = None, name: str | None = None, *, inner_lr: Rate = 0.1,
        adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MetaCurvatureOverAdagrad(MetaOptimizer, Adagrad):
    def __init__(
        self, learning_rate: float | Tensor, epsilon: float = 1e-06, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, initial_accumulator_value: float = 0.0, *, inner_lr: Rate = 0.1, adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None,
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MetaCurvatureOverRprop(MetaOptimizer, Rprop):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001,
        learning_rate_range: tuple[float, float] = (1e-05, 50), parameters: Parameters | None = None,
        etas: tuple[float, float] = (0.5, 1.2), grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, name: str | None = None, *, inner_lr: Rate = 0.1, adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None,
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MetaCurvatureOverSGD(MetaOptimizer, SGD):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, name: str | None = None, *, inner_lr: Rate = 0.1, adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None,
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MetaCurvatureOver(MetaOptimizer, Optimizer):
    def __init__(
        self, *args: Any, inner_lr: Rate = 0.1, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, **kwargs: Any,
    ) -> None: ...

class MetaSGDOverAdamW(MetaOptimizer, AdamW):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None, weight_decay: float | Tensor = 0.01,
        use_lowprecision_moment: bool = False, lr_ratio: Callable[[Tensor], float] | None = None,
        apply_decay_param_fun: Callable[[str], bool] | None = None, grad_clip: GradientClipBase | None = None,
        lazy_mode: bool = False, multi_precision: bool = False, amsgrad: bool = False, name: str | None = None, *,
        inner_lr: float | tuple[float, float] = (0.005, 0.1), adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MetaSGDOverLamb(MetaOptimizer, Lamb):
    def __init__(
        self, learning_rate: float | Tensor = 0.001, lamb_weight_decay: float = 0.01, beta1: float | Tensor = 0.9,
        beta2: float | Tensor = 0.999, epsilon: float | Tensor = 1e-06, parameters: Parameters | None = None,
        grad_clip: GradientClipBase | None = None, exclude_from_weight_decay_fn: Callable[[Tensor], bool] | None = None,
        multi_precision: bool = False, always_adapt: bool = False, name: str | None = None, *,
        inner_lr: float | tuple[float, float] = (0.005, 0.1), adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MetaSGDOverMomentum(MetaOptimizer, Momentum):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, momentum: float = 0.9,
        parameters: Parameters | None = None, use_nesterov: bool = False,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, rescale_grad: float = 1.0, use_multi_tensor: bool = False,
        name: str | None = None, *, inner_lr: float | tuple[float, float] = (0.005, 0.1), adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None,
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MetaSGDOverNAdam(MetaOptimizer, NAdam):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.002, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float = 1e-08, momentum_decay: float = 0.004, parameters: Parameters | None = None,
        weight_decay: float | Tensor | None = None, grad_clip: GradientClipBase | None = None, name: str | None = None,
        *, inner_lr: float | tuple[float, float] = (0.005, 0.1), adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MetaSGDOverRMSProp(MetaOptimizer, RMSProp):
    def __init__(
        self, learning_rate: float | LRScheduler, rho: float = 0.95, epsilon: float = 1e-06, momentum: float = 0.0,
        centered: bool = False, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: float | tuple[float, float] = (0.005, 0.1), adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None,
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MetaSGDOverAdamax(MetaOptimizer, Adamax):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: float | tuple[float, float] = (0.005, 0.1), adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None,
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MetaSGDOverRAdam(MetaOptimizer, RAdam):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | Tensor | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: float | tuple[float, float] = (0.005, 0.1), adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None,
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MetaSGDOverASGD(MetaOptimizer, ASGD):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, batch_num: int = 1,
        parameters: Parameters | None = None, weight_decay: float | WeightDecayRegularizer | None = None,
        grad_clip: GradientClipBase | None = None, multi_precision: bool = False, name: str | None = None, *,
        inner_lr: float | tuple[float, float] = (0.005, 0.1), adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MetaSGDOverAdadelta(MetaOptimizer, Adadelta):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, epsilon: float = 1e-06, rho: float = 0.95,
        parameters: Parameters | None = None, weight_decay: float | WeightDecayRegularizer | None = None,
        grad_clip: GradientClipBase | None = None, name: str | None = None, *,
        inner_lr: float | tuple[float, float] = (0.005, 0.1), adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MetaSGDOverAdagrad(MetaOptimizer, Adagrad):
    def __init__(
        self, learning_rate: float | Tensor, epsilon: float = 1e-06, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, initial_accumulator_value: float = 0.0, *,
        inner_lr: float | tuple[float, float] = (0.005, 0.1), adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MetaSGDOverRprop(MetaOptimizer, Rprop):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001,
        learning_rate_range: tuple[float, float] = (1e-05, 50), parameters: Parameters | None = None,
        etas: tuple[float, float] = (0.5, 1.2), grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, name: str | None = None, *, inner_lr: float | tuple[float, float] = (0.005, 0.1),
        adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MetaSGDOverSGD(MetaOptimizer, SGD):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, name: str | None = None, *, inner_lr: float | tuple[float, float] = (0.005, 0.1),
        adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None,
    ) -> None: ...

class MetaSGDOver(MetaOptimizer, Optimizer):
    def __init__(
        self, *args: Any, inner_lr: float | tuple[float, float] = (0.005, 0.1), adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None,
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, **kwargs: Any,
    ) -> None: ...

class ProtoMAMLOverAdamW(MetaOptimizer, AdamW):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None, weight_decay: float | Tensor = 0.01,
        use_lowprecision_moment: bool = False, lr_ratio: Callable[[Tensor], float] | None = None,
        apply_decay_param_fun: Callable[[str], bool] | None = None, grad_clip: GradientClipBase | None = None,
        lazy_mode: bool = False, multi_precision: bool = False, amsgrad: bool = False, name: str | None = None, *,
        inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: paddle.nn.Linear,
    ) -> None: ...

class ProtoMAMLOverLamb(MetaOptimizer, Lamb):
    def __init__(
        self, learning_rate: float | Tensor = 0.001, lamb_weight_decay: float = 0.01, beta1: float | Tensor = 0.9,
        beta2: float | Tensor = 0.999, epsilon: float | Tensor = 1e-06, parameters: Parameters | None = None,
        grad_clip: GradientClipBase | None = None, exclude_from_weight_decay_fn: Callable[[Tensor], bool] | None = None,
        multi_precision: bool = False, always_adapt: bool = False, name: str | None = None, *, inner_lr: Rate = 0.01,
        adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: paddle.nn.Linear,
    ) -> None: ...

class ProtoMAMLOverMomentum(MetaOptimizer, Momentum):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, momentum: float = 0.9,
        parameters: Parameters | None = None, use_nesterov: bool = False,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, rescale_grad: float = 1.0, use_multi_tensor: bool = False,
        name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: paddle.nn.Linear,
    ) -> None: ...

class ProtoMAMLOverNAdam(MetaOptimizer, NAdam):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.002, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float = 1e-08, momentum_decay: float = 0.004, parameters: Parameters | None = None,
        weight_decay: float | Tensor | None = None, grad_clip: GradientClipBase | None = None, name: str | None = None,
        *, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: paddle.nn.Linear,
    ) -> None: ...

class ProtoMAMLOverRMSProp(MetaOptimizer, RMSProp):
    def __init__(
        self, learning_rate: float | LRScheduler, rho: float = 0.95, epsilon: float = 1e-06, momentum: float = 0.0,
        centered: bool = False, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: paddle.nn.Linear,
    ) -> None: ...

class ProtoMAMLOverAdamax(MetaOptimizer, Adamax):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: paddle.nn.Linear,
    ) -> None: ...

class ProtoMAMLOverRAdam(MetaOptimizer, RAdam):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | Tensor | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: paddle.nn.Linear,
    ) -> None: ...

class ProtoMAMLOverASGD(MetaOptimizer, ASGD):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, batch_num: int = 1,
        parameters: Parameters | None = None, weight_decay: float | WeightDecayRegularizer | None = None,
        grad_clip: GradientClipBase | None = None, multi_precision: bool = False, name: str | None = None, *,
        inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: paddle.nn.Linear,
    ) -> None: ...

class ProtoMAMLOverAdadelta(MetaOptimizer, Adadelta):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, epsilon: float = 1e-06, rho: float = 0.95,
        parameters: Parameters | None = None, weight_decay: float | WeightDecayRegularizer | None = None,
        grad_clip: GradientClipBase | None = None, name: str | None = None, *, inner_lr: Rate = 0.01,
        adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: paddle.nn.Linear,
    ) -> None: ...

class ProtoMAMLOverAdagrad(MetaOptimizer, Adagrad):
    def __init__(
        self, learning_rate: float | Tensor, epsilon: float = 1e-06, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, initial_accumulator_value: float = 0.0, *, inner_lr: Rate = 0.01, adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None,
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, head: paddle.nn.Linear,
    ) -> None: ...

class ProtoMAMLOverRprop(MetaOptimizer, Rprop):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001,
        learning_rate_range: tuple[float, float] = (1e-05, 50), parameters: Parameters | None = None,
        etas: tuple[float, float] = (0.5, 1.2), grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None,
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, head: paddle.nn.Linear,
    ) -> None: ...

class ProtoMAMLOverSGD(MetaOptimizer, SGD):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None,
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, head: paddle.nn.Linear,
    ) -> None: ...

class ProtoMAMLOver(MetaOptimizer, Optimizer):
    def __init__(
        self, *args: Any, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', adapt: Which | None = None, buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, head: paddle.nn.Linear, **kwargs: Any,
    ) -> None: ...

class ReptileOverAdamW(MetaOptimizer, AdamW):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None, weight_decay: float | Tensor = 0.01,
        use_lowprecision_moment: bool = False, lr_ratio: Callable[[Tensor], float] | None = None,
        apply_decay_param_fun: Callable[[str], bool] | None = None, grad_clip: GradientClipBase | None = None,
        lazy_mode: bool = False, multi_precision: bool = False, amsgrad: bool = False, name: str | None = None, *,
        inner_lr: Rate = 0.02, adapt_steps: int = 8, first_order: bool = True,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        adapt: Which | None = None, buffers: Policy = 'restore',
    ) -> None: ...

class ReptileOverLamb(MetaOptimizer, Lamb):
    def __init__(
        self, learning_rate: float | Tensor = 0.001, lamb_weight_decay: float = 0.01, beta1: float | Tensor = 0.9,
        beta2: float | Tensor = 0.999, epsilon: float | Tensor = 1e-06, parameters: Parameters | None = None,
        grad_clip: GradientClipBase | None = None, exclude_from_weight_decay_fn: Callable[[Tensor], bool] | None = None,
        multi_precision: bool = False, always_adapt: bool = False, name: str | None = None, *, inner_lr: Rate = 0.02,
        adapt_steps: int = 8, first_order: bool = True,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        adapt: Which | None = None, buffers: Policy = 'restore',
    ) -> None: ...

class ReptileOverMomentum(MetaOptimizer, Momentum):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, momentum: float = 0.9,
        parameters: Parameters | None = None, use_nesterov: bool = False,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, rescale_grad: float = 1.0, use_multi_tensor: bool = False,
        name: str | None = None, *, inner_lr: Rate = 0.02, adapt_steps: int = 8, first_order: bool = True,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        adapt: Which | None = None, buffers: Policy = 'restore',
    ) -> None: ...

class ReptileOverNAdam(MetaOptimizer, NAdam):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.002, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float = 1e-08, momentum_decay: float = 0.004, parameters: Parameters | None = None,
        weight_decay: float | Tensor | None = None, grad_clip: GradientClipBase | None = None, name: str | None = None,
        *, inner_lr: Rate = 0.02, adapt_steps: int = 8, first_order: bool = True,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        adapt: Which | None = None, buffers: Policy = 'restore',
    ) -> None: ...

class ReptileOverRMSProp(MetaOptimizer, RMSProp):
    def __init__(
        self, learning_rate: float | LRScheduler, rho: float = 0.95, epsilon: float = 1e-06, momentum: float = 0.0,
        centered: bool = False, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 0.02, adapt_steps: int = 8, first_order: bool = True,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        adapt: Which | None = None, buffers: Policy = 'restore',
    ) -> None: ...

class ReptileOverAdamax(MetaOptimizer, Adamax):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 0.02, adapt_steps: int = 8, first_order: bool = True,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        adapt: Which | None = None, buffers: Policy = 'restore',
    ) -> None: ...

class ReptileOverRAdam(MetaOptimizer, RAdam):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | Tensor | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 0.02, adapt_steps: int = 8, first_order: bool = True,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        adapt: Which | None = None, buffers: Policy = 'restore',
    ) -> None: ...

class ReptileOverASGD(MetaOptimizer, ASGD):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, batch_num: int = 1,
        parameters: Parameters | None = None, weight_decay: float | WeightDecayRegularizer | None = None,
        grad_clip: GradientClipBase | None = None, multi_precision: bool = False, name: str | None = None, *,
        inner_lr: Rate = 0.02, adapt_steps: int = 8, first_order: bool = True,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        adapt: Which | None = None, buffers: Policy = 'restore',
    ) -> None: ...

class ReptileOverAdadelta(MetaOptimizer, Adadelta):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, epsilon: float = 1e-06, rho: float = 0.95,
        parameters: Parameters | None = None, weight_decay: float | WeightDecayRegularizer | None = None,
        grad_clip: GradientClipBase | None = None, name: str | None = None, *, inner_lr: Rate = 0.02,
        adapt_steps: int = 8, first_order: bool = True,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        adapt: Which | None = None, buffers: Policy = 'restore',
    ) -> None: ...

class ReptileOverAdagrad(MetaOptimizer, Adagrad):
    def __init__(
        self, learning_rate: float | Tensor, epsilon: float = 1e-06, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, initial_accumulator_value: float = 0.0, *, inner_lr: Rate = 0.02, adapt_steps: int = 8,
        first_order: bool = True, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, adapt: Which | None = None, buffers: Policy = 'restore',
    ) -> None: ...

class ReptileOverRprop(MetaOptimizer, Rprop):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001,
        learning_rate_range: tuple[float, float] = (1e-05, 50), parameters: Parameters | None = None,
        etas: tuple[float, float] = (0.5, 1.2), grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, name: str | None = None, *, inner_lr: Rate = 0.02, adapt_steps: int = 8,
        first_order: bool = True, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, adapt: Which | None = None, buffers: Policy = 'restore',
    ) -> None: ...

class ReptileOverSGD(MetaOptimizer, SGD):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, name: str | None = None, *, inner_lr: Rate = 0.02, adapt_steps: int = 8,
        first_order: bool = True, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, adapt: Which | None = None, buffers: Policy = 'restore',
    ) -> None: ...

class ReptileOver(MetaOptimizer, Optimizer):
    def __init__(
        self, *args: Any, inner_lr: Rate = 0.02, adapt_steps: int = 8, first_order: bool = True,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        adapt: Which | None = None, buffers: Policy = 'restore', **kwargs: Any,
    ) -> None: ...

class TNetOverAdamW(MetaOptimizer, AdamW):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None, weight_decay: float | Tensor = 0.01,
        use_lowprecision_moment: bool = False, lr_ratio: Callable[[Tensor], float] | None = None,
        apply_decay_param_fun: Callable[[str], bool] | None = None, grad_clip: GradientClipBase | None = None,
        lazy_mode: bool = False, multi_precision: bool = False, amsgrad: bool = False, name: str | None = None, *,
        inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, warp: Which,
    ) -> None: ...

class TNetOverLamb(MetaOptimizer, Lamb):
    def __init__(
        self, learning_rate: float | Tensor = 0.001, lamb_weight_decay: float = 0.01, beta1: float | Tensor = 0.9,
        beta2: float | Tensor = 0.999, epsilon: float | Tensor = 1e-06, parameters: Parameters | None = None,
        grad_clip: GradientClipBase | None = None, exclude_from_weight_decay_fn: Callable[[Tensor], bool] | None = None,
        multi_precision: bool = False, always_adapt: bool = False, name: str | None = None, *, inner_lr: Rate = 0.01,
        adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, warp: Which,
    ) -> None: ...

class TNetOverMomentum(MetaOptimizer, Momentum):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, momentum: float = 0.9,
        parameters: Parameters | None = None, use_nesterov: bool = False,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, rescale_grad: float = 1.0, use_multi_tensor: bool = False,
        name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, warp: Which,
    ) -> None: ...

class TNetOverNAdam(MetaOptimizer, NAdam):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.002, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float = 1e-08, momentum_decay: float = 0.004, parameters: Parameters | None = None,
        weight_decay: float | Tensor | None = None, grad_clip: GradientClipBase | None = None, name: str | None = None,
        *, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, warp: Which,
    ) -> None: ...

class TNetOverRMSProp(MetaOptimizer, RMSProp):
    def __init__(
        self, learning_rate: float | LRScheduler, rho: float = 0.95, epsilon: float = 1e-06, momentum: float = 0.0,
        centered: bool = False, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, warp: Which,
    ) -> None: ...

class TNetOverAdamax(MetaOptimizer, Adamax):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float | Tensor = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, warp: Which,
    ) -> None: ...

class TNetOverRAdam(MetaOptimizer, RAdam):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, beta1: float | Tensor = 0.9, beta2: float | Tensor = 0.999,
        epsilon: float = 1e-08, parameters: Parameters | None = None,
        weight_decay: float | Tensor | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, warp: Which,
    ) -> None: ...

class TNetOverASGD(MetaOptimizer, ASGD):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, batch_num: int = 1,
        parameters: Parameters | None = None, weight_decay: float | WeightDecayRegularizer | None = None,
        grad_clip: GradientClipBase | None = None, multi_precision: bool = False, name: str | None = None, *,
        inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, warp: Which,
    ) -> None: ...

class TNetOverAdadelta(MetaOptimizer, Adadelta):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001, epsilon: float = 1e-06, rho: float = 0.95,
        parameters: Parameters | None = None, weight_decay: float | WeightDecayRegularizer | None = None,
        grad_clip: GradientClipBase | None = None, name: str | None = None, *, inner_lr: Rate = 0.01,
        adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, warp: Which,
    ) -> None: ...

class TNetOverAdagrad(MetaOptimizer, Adagrad):
    def __init__(
        self, learning_rate: float | Tensor, epsilon: float = 1e-06, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        name: str | None = None, initial_accumulator_value: float = 0.0, *, inner_lr: Rate = 0.01, adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled',
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, warp: Which,
    ) -> None: ...

class TNetOverRprop(MetaOptimizer, Rprop):
    def __init__(
        self, learning_rate: float | Tensor | LRScheduler = 0.001,
        learning_rate_range: tuple[float, float] = (1e-05, 50), parameters: Parameters | None = None,
        etas: tuple[float, float] = (0.5, 1.2), grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled',
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, warp: Which,
    ) -> None: ...

class TNetOverSGD(MetaOptimizer, SGD):
    def __init__(
        self, learning_rate: float | LRScheduler = 0.001, parameters: Parameters | None = None,
        weight_decay: float | WeightDecayRegularizer | None = None, grad_clip: GradientClipBase | None = None,
        multi_precision: bool = False, name: str | None = None, *, inner_lr: Rate = 0.01, adapt_steps: int = 1,
        first_order: bool = False, inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd',
        inner_grad_clip: InnerClip | None = None, meta_gradient: str | WayBack = 'unrolled',
        buffers: Policy = 'restore', learned_group: dict[str, Any] | None = None, warp: Which,
    ) -> None: ...

class TNetOver(MetaOptimizer, Optimizer):
    def __init__(
        self, *args: Any, inner_lr: Rate = 0.01, adapt_steps: int = 1, first_order: bool = False,
        inner_rule: str | InnerRule | paddle.optimizer.Optimizer = 'sgd', inner_grad_clip: InnerClip | None = None,
        meta_gradient: str | WayBack = 'unrolled', buffers: Policy = 'restore',
        learned_group: dict[str, Any] | None = None, warp: Which, **kwargs: Any,
    ) -> None: ...
