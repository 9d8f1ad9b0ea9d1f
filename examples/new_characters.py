"""Five characters that a net has never seen, each learned from one drawing: no training, no data, a second.

    python examples/new_characters.py [--out new_characters.png]

The net comes meta-trained with the package; the characters are invented here. `classify` is all there is to it.
"""

from __future__ import annotations

import argparse
import warnings

import matplotlib

matplotlib.use("Agg")
warnings.filterwarnings("ignore", message="No ccache found")

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
import paddle  # noqa: E402
import paddle.nn.functional as F  # noqa: E402
from PIL import Image, ImageDraw  # noqa: E402

import paddle_metaopt as metaopt  # noqa: E402

#: The strokes of each character, in a square from 0 to 1, downwards.
CHARACTERS = [
    [[(0.2, 0.15), (0.2, 0.85), (0.8, 0.85)], [(0.2, 0.5), (0.7, 0.4)]],
    [[(0.5, 0.1), (0.5, 0.9)], [(0.2, 0.3), (0.8, 0.3)], [(0.25, 0.9), (0.5, 0.6), (0.75, 0.9)]],
    [[(0.2, 0.2), (0.8, 0.2), (0.2, 0.8), (0.8, 0.8)], [(0.3, 0.5), (0.7, 0.5)]],
    [[(0.2, 0.5), (0.5, 0.15), (0.8, 0.5), (0.5, 0.85), (0.2, 0.5)], [(0.5, 0.35), (0.5, 0.65)]],
    [[(0.15, 0.8), (0.35, 0.2), (0.5, 0.7), (0.65, 0.2), (0.85, 0.8)]],
]


def classify(drawings, labels, others):
    """The classes of other drawings, after a few inner steps on the labelled ones; [n, 1, 28, 28], ink 1 on 0."""
    net, settings = metaopt.models.pretrained("maml-omniglot-5w1s")
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), **settings)
    with opt.adapter(net).task() as task:
        task.adapt(lambda: F.cross_entropy(net(drawings), labels))
        return net(others).argmax(-1)


def draw(strokes, rng) -> np.ndarray:
    """A drawing [1, 28, 28], as another hand would make it: the points moved, and all of it turned and stretched."""
    turn = rng.normal(0, 0.12)
    stretch = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * rng.uniform(0.8, 1.05, 2)
    picture = Image.new("L", (105, 105), 0)
    for stroke in strokes:
        points = (np.array(stroke) - 0.5 + rng.normal(0, 0.025, (len(stroke), 2))) @ stretch + 0.5
        ImageDraw.Draw(picture).line([tuple(p) for p in 105 * points], fill=255, width=3, joint="curve")
    return np.asarray(picture.resize((28, 28), Image.LANCZOS), "float32")[None] / 255


def show(drawings, others, truth, found, path: str) -> None:
    """Each character's labelled drawing, and beside it the others, framed green where they were recognized."""
    columns = len(others) // len(drawings)
    figure, axes = plt.subplots(len(drawings), columns + 1, figsize=(0.8 * (columns + 1), 0.85 * len(drawings)))
    for row, axis in zip(drawings, axes[:, 0]):
        axis.imshow(1 - row[0], cmap="gray")
    for image, right, axis in zip(others, truth == found, axes[:, 1:].flat):
        axis.imshow(1 - image[0], cmap="gray")
        axis.spines[:].set(color="tab:green" if right else "tab:red", linewidth=3)
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
    axes[0, 0].set_title("learned", fontsize=9)
    axes[0, 1].set_title("recognized?", fontsize=9, loc="left")
    figure.tight_layout(pad=0.4)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description="Recognize five new characters from one drawing of each.")
    parser.add_argument("--out", default="new_characters.png", help="the picture (%(default)s)")
    parser.add_argument("--drawings", type=int, default=10, help="of each character, to be recognized (%(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    drawings = np.stack([draw(strokes, rng) for strokes in CHARACTERS])
    others = np.stack([draw(strokes, rng) for strokes in CHARACTERS for _ in range(args.drawings)])
    labels = paddle.arange(len(CHARACTERS))
    found = classify(paddle.to_tensor(drawings), labels, paddle.to_tensor(others)).numpy()
    truth = np.repeat(labels.numpy(), args.drawings)
    print(f"{(found == truth).sum()} of {len(truth)} drawings recognized")
    show(drawings, others, truth, found, args.out)
    print(f"drawn: {args.out}")


if __name__ == "__main__":
    main()
