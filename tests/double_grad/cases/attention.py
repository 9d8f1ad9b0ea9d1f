"""Attention and transformers."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import nn

from .case import Excluded, layer, op


def attend(**options):
    return lambda q, k, v: F.scaled_dot_product_attention(q, k, v, **options)


def mask():
    return paddle.to_tensor([[0.3, -0.4, 0.1], [1.0, 0.2, -0.7]], "float64")


def visible():
    return paddle.to_tensor([[True, False, True], [True, True, False]])


def with_mask(kind):
    return lambda q, k, v: F.scaled_dot_product_attention(q, k, v, attn_mask=kind())


def attention(kind, *sizes, evaluating=False, **options):
    """A layer with attention inside, its key biases frozen: the softmax cancels them, so their derivative is zero."""

    def make():
        net = kind(*sizes, **options)
        for part in net.sublayers(include_self=True):
            if isinstance(part, nn.MultiHeadAttention) and part.k_proj.bias is not None:
                part.k_proj.bias.stop_gradient = True
        if evaluating:
            net.eval()
        return net

    return make


def encoder_layer(**options):
    return attention(nn.TransformerEncoderLayer, 4, 2, 3, **{"dropout": 0.0, **options})


def decoder_layer(**options):
    return attention(nn.TransformerDecoderLayer, 4, 2, 3, **{"dropout": 0.0, **options})


def self_attend_with_cache(net, x, past):
    """One more step, after the keys and values of earlier ones."""
    split = past.reshape([1, 1, 2, 2])
    out, cache = net(x, x, x, cache=net.Cache(split, split * split))
    return out, cache.k, cache.v


def cross_attend_with_cache(net, x, memory):
    return net(x, cache=net.gen_cache(memory, memory, type=net.StaticCache))[0]


def decode_with_cache(net, x, memory):
    """Two steps, each seeing the earlier ones."""
    cache = net.gen_cache(memory)
    first, cache = net(x[:, :1], memory, cache=cache)
    second, _ = net(x[:, 1:], memory, cache=cache)
    return first, second


def causal():
    return paddle.to_tensor([[0.0, float("-inf")], [0.0, 0.0]], "float64")


queries, keys = (1, 2, 2, 2), (1, 3, 2, 2)

CASES = {
    "F.scaled_dot_product_attention": op(attend(), queries, keys, keys),
    "F.scaled_dot_product_attention mask": op(with_mask(mask), queries, keys, keys),
    "F.scaled_dot_product_attention mask of truth values": op(with_mask(visible), queries, keys, keys),
    "F.scaled_dot_product_attention with itself": op(lambda x: attend()(x, x, x), queries),
    "F.scaled_dot_product_attention dropout": op(attend(dropout_p=0.4), queries, keys, keys),
    "F.scaled_dot_product_attention learned mask": op(
        lambda q, k, m: F.scaled_dot_product_attention(q, k, k, attn_mask=m), queries, keys, (1, 2, 2, 3)
    ),
    "F.flash_attn_qkvpacked": op(lambda x: F.flash_attn_qkvpacked(x)[0], (1, 2, 3, 2, 2)),
    "nn.MultiHeadAttention": layer(attention(nn.MultiHeadAttention, 4, 2), (1, 3, 4)),
    "nn.MultiHeadAttention of others": layer(
        attention(nn.MultiHeadAttention, 2, 1, kdim=3, vdim=2), (1, 2, 2), (1, 3, 3), (1, 3, 2)
    ),
    "nn.MultiHeadAttention mask, weights": layer(
        attention(nn.MultiHeadAttention, 2, 2, need_weights=True),
        (1, 2, 2),
        call=lambda net, x: net(x, x, x, attn_mask=causal()),
    ),
    "nn.MultiHeadAttention dropout": layer(attention(nn.MultiHeadAttention, 2, 1, dropout=0.4), (1, 3, 2)),
    "nn.MultiHeadAttention cache": layer(
        attention(nn.MultiHeadAttention, 2, 1), (1, 1, 2), (1, 2, 2), call=self_attend_with_cache
    ),
    "nn.MultiHeadAttention static cache": layer(
        attention(nn.MultiHeadAttention, 2, 1), (1, 2, 2), (1, 3, 2), call=cross_attend_with_cache
    ),
    "nn.TransformerEncoderLayer": layer(encoder_layer(), (1, 2, 4)),
    "nn.TransformerEncoderLayer gelu, normalized before": layer(
        encoder_layer(activation="gelu", normalize_before=True), (1, 2, 4)
    ),
    "nn.TransformerEncoderLayer dropout, mask": layer(
        encoder_layer(dropout=0.3), (1, 2, 4), call=lambda net, x: net(x, causal())
    ),
    "nn.TransformerEncoderLayer eval": layer(encoder_layer(dropout=0.3, evaluating=True), (1, 2, 4)),
    "nn.TransformerDecoderLayer": layer(decoder_layer(), (1, 2, 4), (1, 3, 4)),
    "nn.TransformerDecoderLayer gelu, normalized before, mask": layer(
        decoder_layer(activation="gelu", normalize_before=True),
        (1, 2, 4),
        (1, 3, 4),
        call=lambda net, x, memory: net(x, memory, causal()),
    ),
    "nn.TransformerEncoder two layers": layer(
        attention(lambda: nn.TransformerEncoder(encoder_layer()(), 2, nn.LayerNorm(4))), (1, 3, 4)
    ),
    "nn.TransformerDecoder": layer(
        attention(lambda: nn.TransformerDecoder(decoder_layer()(), 1)), (1, 2, 4), (1, 3, 4)
    ),
    "nn.TransformerDecoder cache": layer(
        attention(lambda: nn.TransformerDecoder(decoder_layer()(), 1)), (1, 2, 4), (1, 3, 4), call=decode_with_cache
    ),
    "nn.Transformer": layer(
        attention(nn.Transformer, 4, 2, 1, 1, 3, dropout=0.0, bias_attr=False), (1, 3, 4), (1, 2, 4)
    ),
}
if int(paddle.version.minor) >= 3:  # before, only a GPU had the kernel
    CASES["F.scaled_dot_product_attention causal"] = op(attend(is_causal=True), queries, queries, queries)
    CASES["F.flash_attn_qkvpacked causal"] = op(lambda x: F.flash_attn_qkvpacked(x, causal=True)[0], (1, 2, 3, 2, 2))

NO_CPU_KERNEL = {
    "sparse_attention": "F.sparse_attention(*[paddle.ones([1, 1, 2, 2])] * 3, "
    "paddle.to_tensor([[[0, 1, 2]]], 'int32'), paddle.to_tensor([[[0, 1]]], 'int32'))",
    "flashmask_attention": "F.flashmask_attention(*[paddle.ones([1, 3, 2, 8])] * 3)",
    "flash_attn_varlen_qkvpacked": "F.flash_attn_varlen_qkvpacked(paddle.ones([3, 3, 2, 8]), "
    "*[paddle.to_tensor([0, 3], 'int32')] * 2, 3, 3, 0.3)",
    "moe_permute": "F.moe_permute(paddle.ones([2, 128]), None, paddle.to_tensor([[0], [1]], 'int32'), "
    "paddle.ones([2, 1]), 2, [1, 1], 2)",
    "moe_unpermute": "F.moe_unpermute(paddle.ones([2, 128]), paddle.to_tensor([[0, -1], [-1, 1]], 'int32'), "
    "paddle.to_tensor([[0], [1]], 'int32'), paddle.ones([2]), 2, 2)",
    "flash_attention_v3_varlen": "F.flash_attention_v3_varlen(*[paddle.ones([3, 2, 8])] * 3, "
    "*[paddle.to_tensor([0, 3], 'int32')] * 2, max_seqlen_q=3, max_seqlen_k=3)",
}

EXCLUDED = {
    f"F.{name}": Excluded("has no CPU kernel", line) for name, line in NO_CPU_KERNEL.items() if hasattr(F, name)
}
