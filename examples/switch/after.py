"""before.py with MAML: a net that learns to fit a new sine wave from ten of its points."""

import numpy as np
import paddle

import paddle_metaopt as metaopt

ITERATIONS, WAVES = 150, 4


class SineWaves(paddle.io.Dataset):
    """Twenty points of a sine wave: x and y, float32 [20, 1]."""

    def __len__(self):
        return ITERATIONS * WAVES

    def __getitem__(self, index):
        rng = np.random.default_rng(index)
        amplitude, phase = rng.uniform(0.1, 5.0), rng.uniform(0.0, np.pi)
        x = rng.uniform(-5.0, 5.0, (20, 1)).astype("float32")
        return x, (amplitude * np.sin(x - phase)).astype("float32")


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
opt = metaopt.MAMLOptimizer(learning_rate=sched, parameters=net.parameters(), inner_lr=0.01)

losses = []
for x, y in paddle.io.DataLoader(SineWaves(), batch_size=WAVES):
    episodes = [((x[i, :10], y[i, :10]), (x[i, 10:], y[i, 10:])) for i in range(WAVES)]
    loss = opt.meta_loss(net, episodes, loss_fn)
    loss.backward()
    opt.step()
    opt.clear_grad()
    sched.step()
    losses.append(float(loss))
print(f"loss of the last 50 iterations: {np.mean(losses[-50:]):.3f}, learning rate at the end: {sched():.1e}")
