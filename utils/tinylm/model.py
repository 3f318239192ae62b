"""A transformer small enough to train in seconds, and the reward model made from it."""

import copy

import torch
from torch import nn
from torch.nn import functional as F

from utils.tinylm.task import LENGTH, VOCABULARY, response_mask


class Block(nn.Module):
    """One layer: causal attention, then a feed-forward network, each behind a layer norm and with a residual."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm_attention = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.mix = nn.Linear(width, width)
        self.norm_feed = nn.LayerNorm(width)
        self.feed = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        """Shapes (B, T, width) to (B, T, width)."""
        B, T, width = x.shape
        parts = self.query_key_value(self.norm_attention(x)).view(B, T, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.mix(attended.transpose(1, 2).reshape(B, T, width))
        return x + self.feed(self.norm_feed(x))


class Body(nn.Module):
    """Everything but the head: tokens to features."""

    def __init__(self, width=64, layers=2, heads=4):
        super().__init__()
        self.token = nn.Embedding(VOCABULARY, width)
        self.position = nn.Embedding(LENGTH, width)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens):
        """Tokens of shape (B, T) to features of shape (B, T, width)."""
        x = self.token(tokens) + self.position(torch.arange(tokens.shape[1]))
        return self.norm(self.blocks(x))


class TinyLM(nn.Module):
    """A language model: a body and a head with one logit for each symbol.

    Parameters
    ----------
    width, layers, heads : int
    """

    def __init__(self, width=64, layers=2, heads=4):
        super().__init__()
        self.body = Body(width, layers, heads)
        self.head = nn.Linear(width, VOCABULARY, bias=False)

    def forward(self, tokens):
        """Logits of the next token.

        Parameters
        ----------
        tokens : torch.Tensor of int64, shape (B, T), T at most LENGTH

        Returns
        -------
        torch.Tensor, shape (B, T, V)
            ``logits[:, t]`` predicts token t + 1 from tokens 0 to t.
        """
        return self.head(self.body(tokens))

    def copy(self):
        """A second model with equal weights, which trains on its own."""
        return copy.deepcopy(self)

    def frozen(self):
        """This model, with weights that no optimiser moves."""
        return self.requires_grad_(False)


class RewardModel(nn.Module):
    """A language model whose head was replaced by one with a single output: how good the response is so far.

    The reward of a response is the sum of these outputs over its tokens.

    Parameters
    ----------
    language_model : TinyLM
        Gives the body its first weights.
    """

    def __init__(self, language_model):
        super().__init__()
        self.body = copy.deepcopy(language_model.body).requires_grad_(True)
        self.head = nn.Linear(self.body.norm.normalized_shape[0], 1, bias=False)
        nn.init.zeros_(self.head.weight)

    def forward(self, tokens):
        """Reward of each response, shape (B,); `tokens` are prompts with responses, shape (B, LENGTH)."""
        return (self.head(self.body(tokens))[..., 0] * response_mask(tokens)).sum(1)


def n_parameters(module):
    """Number of weights."""
    return sum(parameter.numel() for parameter in module.parameters())
