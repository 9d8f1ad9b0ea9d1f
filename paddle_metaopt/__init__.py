"""Gradient-based meta-learning for PaddlePaddle."""
