"""What users write, and what they get wrong; `test_types` runs a type checker on it, which never runs this.

A line that ends in ``# type:`` has that type, one that ends in ``# error:`` an error with these words.
"""

from __future__ import annotations

import paddle
from paddle.optimizer import SGD, AdamW, Optimizer, RAdam

import paddle_metaopt as metaopt
from paddle_metaopt import ANILOptimizer, MAMLOptimizer, MAMLPlusPlusOptimizer, inner_rules, meta_gradients

net = paddle.nn.Sequential(paddle.nn.Linear(2, 3), paddle.nn.Linear(3, 1))
schedule = paddle.optimizer.lr.CosineAnnealingDecay(1e-3, T_max=100)
rate = net.create_parameter([1])
weights = net.parameters()


class Own(Optimizer):
    def __init__(self, mine: int, parameters: list[paddle.Tensor] | None = None) -> None:
        super().__init__(1e-3, parameters)


opt = MAMLOptimizer(schedule, 0.9, parameters=weights, weight_decay=0.1, inner_lr=0.1, adapt_steps=2)
reveal_type(opt)  # type: paddle_metaopt.algorithms.MAMLOptimizer
adam: paddle.optimizer.Adam = opt
meta: metaopt.MetaOptimizer = opt

MAMLOptimizer(1e-3, parameters=[{"params": net[0].parameters(), "inner_lr": 0.1}, {"params": net[1].parameters()}])
MAMLOptimizer(parameters=weights, inner_lr=rate, inner_grad_clip=paddle.nn.ClipGradByNorm(1.0), buffers="mean")
MAMLOptimizer(parameters=weights, inner_lr=[0.1, rate], learned_group={"learning_rate": 0.1}, first_order=True)
MAMLOptimizer(parameters=weights, inner_lr=lambda step: 0.1 / (step + 1), adapt=lambda name, p: name.endswith("bias"))
MAMLOptimizer(parameters=weights, inner_rule=inner_rules.Adam(), meta_gradient=meta_gradients.Implicit(1.0))
MAMLOptimizer(parameters=weights, inner_rule=paddle.optimizer.SGD(0.1, weights), meta_gradient="checkpointed")
ANILOptimizer(1e-3, parameters=weights, head=net[1])
metaopt.CAVIAOptimizer(1e-3, parameters=weights, context=rate)
metaopt.MetaSGDOptimizer(1e-3, parameters=weights, inner_lr=(0.1, 0.2))

over = MAMLOptimizer.over(AdamW)
reveal_type(over)  # type: type[paddle_metaopt.algorithms.combined.MAMLOverAdamW]
both = over(1e-3, parameters=weights, lr_ratio=None, inner_lr=0.1)
adamw: AdamW = both
reveal_type(both.adapter(net))  # type: paddle_metaopt.outer.adapter.InnerAdapter
reveal_type(MAMLOptimizer.over(paddle.optimizer.Adam))  # type: type[paddle_metaopt.algorithms.MAMLOptimizer]
reveal_type(ANILOptimizer.over(SGD))  # type: type[paddle_metaopt.algorithms.combined.ANILOverSGD]
reveal_type(MAMLPlusPlusOptimizer.over(SGD)(parameters=weights).epoch)  # type: int
MAMLOptimizer.over(RAdam)(1e-3, 0.9, parameters=weights, inner_lr=0.1)

general = MAMLOptimizer.over(Own)
reveal_type(general)  # type: type[paddle_metaopt.algorithms.combined.MAMLOver]
general(mine=3, parameters=weights, inner_lr=0.1).meta_loss(net, [], paddle.nn.functional.mse_loss)

adapter = opt.adapter(net)
with adapter.task() as task:
    task.adapt(lambda: net(rate).mean(), steps=3)
    reveal_type(task.meta_loss(lambda: net(rate).mean()))  # type: paddle.tensor.tensor.Tensor
    reveal_type(task.fast_weights)  # type: dict[str, paddle.tensor.tensor.Tensor]
reveal_type(adapter.task())  # type: paddle_metaopt.task.learner.Learner
reveal_type(adapter.clone(support=(rate, rate)))  # type: paddle_metaopt.task.learner.Learner


def loss_fn(output: paddle.Tensor, y: paddle.Tensor) -> paddle.Tensor:
    return (output - y).mean()


reveal_type(opt.meta_loss(net, [], loss_fn))  # type: paddle.tensor.tensor.Tensor
reveal_type(meta.meta_loss(net, [], loss_fn, [rate], False, 2, None, "drop"))  # type: paddle.tensor.tensor.Tensor
loss, scores = opt.meta_loss(net, [], loss_fn, vectorize=True, metric=loss_fn)
reveal_type(loss)  # type: paddle.tensor.tensor.Tensor
both.meta_loss(net, [], loss_fn, metric=paddle.metric.Accuracy())[1].mean()
general(mine=3, parameters=weights).meta_loss(net, [], loss_fn).backward()
reveal_type(opt.learned)  # type: dict[str, paddle.tensor.tensor.Tensor]

result = metaopt.evaluate(net, opt, [], paddle.nn.functional.mse_loss)
reveal_type(result)  # type: paddle_metaopt.evaluate.Evaluation
reveal_type(result.mean)  # type: float
model = metaopt.Model(net)
model.prepare(opt, paddle.nn.CrossEntropyLoss(), paddle.metric.Accuracy(), diverged="drop", eval_steps=5)
reveal_type(metaopt.vmap(loss_fn)(rate, rate))  # type: paddle.tensor.tensor.Tensor

MAMLOptimizer(parameters=weights, inner_lrs=0.1)  # error: Unexpected keyword argument "inner_lrs"
MAMLOptimizer(parameters=weights, inner_lr="0.1")  # error: Argument "inner_lr" to "MAMLOptimizer"
MAMLOptimizer(parameters=weights, adapt_steps="2")  # error: Argument "adapt_steps" to "MAMLOptimizer"
MAMLOptimizer(parameters=weights, buffers="mine")  # error: Argument "buffers" to "MAMLOptimizer"
MAMLOptimizer(parameters=weights, beta3=0.9)  # error: Unexpected keyword argument "beta3"
MAMLOptimizer(parameters=net)  # error: Argument "parameters" to "MAMLOptimizer"
ANILOptimizer(parameters=weights)  # error: Missing named argument "head"
ANILOptimizer(parameters=weights, head=net[1], adapt=net)  # error: Unexpected keyword argument "adapt"
metaopt.MetaSGDOptimizer(parameters=weights, inner_lr=[0.1])  # error: Argument "inner_lr" to "MetaSGDOptimizer"
MAMLOptimizer.over(SGD)(parameters=weights, beta1=0.9)  # error: Unexpected keyword argument "beta1"
MAMLOptimizer.over(AdamW)(parameters=weights, head=net)  # error: Unexpected keyword argument "head"
opt.meta_loss(net, [], loss_fn, metric=loss_fn).backward()  # error: has no attribute "backward"
opt.meta_loss(net, [], loss_fn, metric="accuracy")  # error: No overload variant of "meta_loss"
meta.meta_loss(net, [], 0.1)  # error: No overload variant of "meta_loss"
scores.backward()  # error: has no attribute "backward"
task.meta_loss(loss)  # error: Argument 1 to "meta_loss" of "Learner"
adapter.clone(rate)  # error: Argument 1 to "clone" of "InnerAdapter"
metaopt.evaluate(net, paddle.optimizer.Adam, [], loss_fn)  # error: Argument 2 to "evaluate"
model.prepare(paddle.optimizer.Adam, loss_fn)  # error: Argument 1 to "prepare" of "Model"
result.ci96  # error: has no attribute "ci96"
metaopt.vmap(loss_fn)(rate, 2.0)  # error: Argument 2
general(mine=3, inner_lr="0.1")  # error: Argument "inner_lr" to "MAMLOver"
