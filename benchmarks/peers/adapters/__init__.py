"""How each library computes a workload's meta-gradient, as its own documentation writes it.

A module has ``set_up(threads)``, called before anything else, and a class ``Adapter(workload, episodes)`` whose
``run()`` computes the meta-gradient of the mean query loss, whose ``gradients()`` gives what ``run`` left, by name, and
whose ``clear()`` throws it away. To train, ``begin_training(lr)`` gives it an Adam as ``outer``, ``take(episodes)`` has
it go on with others, and ``weights()`` are those now. The modules import their library at once, so they are imported
where it is installed.
"""

#: Name to where it is installed ("here" is this process's interpreter), and the module of its adapter.
LIBRARIES = {
    "paddle_metaopt": ("here", "ours"),
    "raw Paddle": ("here", "raw_paddle"),
    "learn2learn": ("peers", "with_learn2learn"),
    "higher": ("peers", "with_higher"),
    "TorchOpt": ("peers", "with_torchopt"),
    "torch by hand": ("peers", "torch_by_hand"),
    "torch vmap": ("peers", "torch_vmap"),
    "JAX": ("peers", "with_jax"),
}
OURS, REFERENCE = "paddle_metaopt", "torch by hand"
PEERS = ("learn2learn", "higher", "TorchOpt")  # whom we are compared with; the others are yardsticks


class Unsupported(Exception):
    """The library has no way to compute this workload; the message says why."""
