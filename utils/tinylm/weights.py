"""Let a training step run on models that are given as plain arrays of weights."""

import functools

import torch
from torch import nn


class Bigram(nn.Module):
    """The smallest language model: the logits of the next token depend on the last token alone.

    Parameters
    ----------
    weights : dict of str to array_like
        ``embedding`` of shape (V, d) and ``head`` of shape (d, V).
    """

    def __init__(self, weights):
        super().__init__()
        for name in ("embedding", "head"):
            values = torch.as_tensor(weights[name], dtype=torch.float64).clone()
            setattr(self, name, nn.Parameter(values))

    def forward(self, tokens):
        """Tokens of shape (B, T) to logits of shape (B, T, V)."""
        return self.embedding[tokens] @ self.head

    def weights(self):
        """The weights as arrays."""
        return {name: value.detach().numpy().copy() for name, value in self.named_parameters()}


def takes_weights(training_step):
    """Let a training step also take weights in place of models (decorator).

    Called with models, the step is as it was. Called with dicts of arrays in place of `policy` and `reference`, a list of
    batches in place of `batch` and a learning rate in place of `optimizer_for`, it makes a `Bigram` of each dict, takes one
    step for each batch with plain gradient descent, and returns what came of it.

    Parameters
    ----------
    training_step : callable
        Takes policy, reference, batch, beta and optimizer_for.

    Returns
    -------
    callable
    """

    @functools.wraps(training_step)
    def step(policy, reference, batch, beta, optimizer_for):
        if not isinstance(policy, dict):
            return training_step(policy, reference, batch, beta, optimizer_for)
        rate = float(optimizer_for)
        models = Bigram(policy), Bigram(reference)
        optimizers = {id(model): torch.optim.SGD(model.parameters(), lr=rate) for model in models}
        losses = []
        for pairs in batch:
            tensors = {name: torch.as_tensor(values) for name, values in pairs.items()}
            losses.append(float(training_step(*models, tensors, beta, lambda model: optimizers[id(model)])))
        return {"losses": losses, "policy": models[0].weights(), "reference": models[1].weights()}

    return step


def trial(seed=0, n_batches=1, scale=1.0):
    """Weights of two small models, and batches of preference pairs, for trying a training step out.

    Parameters
    ----------
    seed : int
    n_batches : int
    scale : float
        Factor on the policy's logits. With 1 the margins are a few nats, with 1e5 they are beyond what `exp` survives.

    Returns
    -------
    policy, reference : dict
    batches : list of dict
        Three pairs each, of five tokens: a prompt of two, then a response, then padding in some rows.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    n_symbols, width, n_pairs, length = 6, 3, 3, 5
    policy, reference = (
        {"embedding": rng.normal(size=(n_symbols, width)), "head": rng.normal(size=(width, n_symbols))}
        for _ in range(2)
    )
    policy["head"] = policy["head"] * scale
    batches = []
    for _ in range(n_batches):
        batch = {}
        prompts = rng.integers(n_symbols, size=(n_pairs, 2))
        for side in ("winner", "loser"):
            ends = rng.integers(3, length + 1, size=n_pairs)
            places = np.arange(length)
            batch[side] = np.hstack([prompts, rng.integers(n_symbols, size=(n_pairs, length - 2))])
            batch[f"{side}_mask"] = (places >= 2) & (places < ends[:, None])
        batches.append(batch)
    return policy, reference, batches
