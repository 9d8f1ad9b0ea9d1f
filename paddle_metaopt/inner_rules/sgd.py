"""Gradient descent."""

from __future__ import annotations


class SGD:
    """θ ← θ − α g, the inner rule of MAML (Finn et al. 2017, https://arxiv.org/abs/1703.03400)."""

    def init(self, params: dict) -> dict:
        return {}

    def update(self, params: dict, grads: dict, rates: dict, state: dict) -> tuple[dict, dict]:
        """One step; parameters without a gradient pass through unchanged.

        Parameters
        ----------
        params, grads : dict of str to Tensor
            Weights, and gradients for some of them.
        rates : dict of str to float or Tensor
            A learning rate for each weight.
        state : dict
            What `init` or the last call returned.

        Returns
        -------
        params, state : dict
        """
        return {name: p - rates[name] * grads[name] if name in grads else p for name, p in params.items()}, state
