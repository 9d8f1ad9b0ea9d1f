"""model_before.py with MAML: a net that learns to fit a new sine wave from ten of its points."""

import numpy as np
import paddle

import paddle_metaopt as metaopt

ITERATIONS, WAVES = 150, 4


class SineWaves(paddle.io.Dataset):
    """Twenty points of a sine wave: x and y."""

    def __len__(self):
        return ITERATIONS * WAVES

    def __getitem__(self, index):
        rng = np.random.default_rng(index)
        amplitude, phase = rng.uniform(0.1, 5.0), rng.uniform(0.0, np.pi)
        x = rng.uniform(-5.0, 5.0, (20, 1)).astype("float32")
        y = (amplitude * np.sin(x - phase)).astype("float32")
        return (x[:10], y[:10]), (x[10:], y[10:])


class Losses(paddle.callbacks.Callback):
    """The loss of each iteration."""

    values = []

    def on_train_batch_end(self, step, logs=None):
        self.values.append(logs["loss"][0])


paddle.seed(0)
net = paddle.nn.Sequential(
    paddle.nn.Linear(1, 40),
    paddle.nn.ReLU(),
    paddle.nn.Linear(40, 40),
    paddle.nn.ReLU(),
    paddle.nn.Linear(40, 1),
)
loss_fn = paddle.nn.MSELoss()
sched = paddle.optimizer.lr.CosineAnnealingDecay(1e-3, T_max=ITERATIONS)
model = metaopt.Model(net)
opt = metaopt.MAMLOptimizer(learning_rate=sched, parameters=net.parameters(), inner_lr=0.01)
model.prepare(opt, loss_fn)
model.fit(paddle.io.DataLoader(SineWaves(), batch_size=WAVES), epochs=1, verbose=2, log_freq=50, callbacks=Losses())
print(f"loss of the last 50 iterations: {np.mean(Losses.values[-50:]):.3f}, learning rate at the end: {sched():.1e}")
