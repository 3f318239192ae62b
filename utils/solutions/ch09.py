"""Chapter 9, the capstone: what an alignment run needs, and an alignment run."""

import functools

import numpy as np
import torch

from utils import tinylm

BYTES_BF16, BYTES_FP32 = 2, 4
GB = 1e9


def transformer_parameters(d, layers, vocabulary, d_ff):
    """Weights of a decoder with multi-head attention, SwiGLU and untied embeddings, without biases.

    Parameters
    ----------
    d : int
        Width.
    layers : int
    vocabulary : int
    d_ff : int
        Inner width of the feed-forward part, which has three matrices (SwiGLU).

    Returns
    -------
    int
        Two embeddings (input and language head), four attention matrices, three feed-forward matrices and two norms
        for each layer, and a last norm.

    References
    ----------
    Touvron et al. (2023), "LLaMA: open and efficient foundation language models", table 2.
    """
    per_layer = 4 * d * d + 3 * d * d_ff + 2 * d
    return 2 * vocabulary * d + layers * per_layer + d


def reward_model_parameters(d, layers, vocabulary, d_ff):
    """Weights once the language head, vocabulary times d, has made way for a scalar head of d weights."""
    return transformer_parameters(d, layers, vocabulary, d_ff) - vocabulary * d + d


def weight_memory_gb(billions):
    """Memory of weights in BF16.

    Parameters
    ----------
    billions : sequence of float
        Parameters of each model, in units of 10**9.

    Returns
    -------
    float
        GB of 10**9 bytes.
    """
    return BYTES_BF16 * float(np.sum(billions))


def training_memory_gb(models):
    """Memory that an alignment run needs before activations.

    Parameters
    ----------
    models : sequence of (float, bool)
        Number of parameters, and whether the model is trained.

    Returns
    -------
    float
        GB of 10**9 bytes: 2 bytes for each BF16 weight; for a trained one besides 2 for its BF16 gradient, 4 for the FP32
        master weight and 8 for Adam's two FP32 moments.

    Raises
    ------
    ValueError
        If a number of parameters is negative.

    References
    ----------
    Rajbhandari et al. (2020), "ZeRO: memory optimizations toward training trillion parameter models", section 3.1.
    """
    total = 0.0
    for n_params, trainable in models:
        if n_params < 0:
            raise ValueError(f"models holds a negative number of parameters: {n_params}")
        total += n_params * BYTES_BF16
        if trainable:
            total += n_params * (BYTES_BF16 + 3 * BYTES_FP32)
    return total / GB


def dpo_gpu_hours(n_pairs, tokens_per_response, flops_per_token, flops_per_second):
    """Hours for one epoch of DPO.

    Parameters
    ----------
    n_pairs : int
    tokens_per_response : int
        Each pair has two responses.
    flops_per_token : float
        6 N for forward and backward pass of a policy with N weights; 2 N more for the reference's forward pass.
    flops_per_second : float

    References
    ----------
    Kaplan et al. (2020), "Scaling laws for neural language models", section 2.1.
    """
    return n_pairs * 2 * tokens_per_response * flops_per_token / flops_per_second / 3600


def break_even_beta(reward, kl_per_token, n_tokens):
    """The beta at which the reward of a response and its KL cost are equal."""
    return reward / (kl_per_token * n_tokens)


def kl_shaped_rewards(score, logp, ref_logp, beta, mask):
    """Reward of each token of a response: a KL penalty everywhere, the score at the end.

    Parameters
    ----------
    score : array_like, shape (B,)
        The reward model's score of each response.
    logp, ref_logp : array_like, shape (B, T)
        Log-probabilities of the sampled tokens under policy and reference, in nats. Anything may stand on padding.
    beta : float
        Weight of the penalty.
    mask : array_like of bool, shape (B, T)
        True on real tokens. Padding may stand on either side.

    Returns
    -------
    ndarray, shape (B, T)
        ``-beta * (logp - ref_logp)`` on real tokens, the score added at the last of them, 0 on padding. A row without
        real tokens is 0.

    Raises
    ------
    ValueError
        If the shapes do not fit together.

    References
    ----------
    Stiennon et al. (2020), "Learning to summarize with human feedback", section 3.4; Ouyang et al. (2022), equation 2.
    """
    score, logp, ref_logp = (np.asarray(values, dtype=float) for values in (score, logp, ref_logp))
    mask = np.asarray(mask, dtype=bool)
    if not (logp.ndim == 2 and logp.shape == ref_logp.shape == mask.shape):
        raise ValueError(
            f"logp, ref_logp and mask must have one shape (B, T): {logp.shape, ref_logp.shape, mask.shape}"
        )
    if score.shape != logp.shape[:1]:
        raise ValueError(f"score must have shape {logp.shape[:1]}, got {score.shape}")
    rewards = np.zeros(logp.shape)
    rewards[mask] = -beta * (logp[mask] - ref_logp[mask])
    rows = np.flatnonzero(mask.any(axis=1))
    last = mask.shape[1] - 1 - np.argmax(mask[rows, ::-1], axis=1)
    rewards[rows, last] += score[rows]
    return rewards


@tinylm.takes_weights
def dpo_training_step(policy, reference, batch, beta, optimizer_for):
    """One step of direct preference optimisation: the listing of exercise 9.8, repaired.

    Parameters
    ----------
    policy, reference : torch.nn.Module
        Tokens of shape (B, T) to logits of shape (B, T, V).
    batch : dict
        ``winner``, ``loser``: int64 tensors of shape (B, T); ``winner_mask``, ``loser_mask``: True on response tokens.
    beta : float
    optimizer_for : callable
        Gives the optimiser of a model.

    Returns
    -------
    float
        The loss before the step, in nats for each pair. Only `policy` is changed.

    References
    ----------
    Rafailov et al. (2023), "Direct preference optimization", equation 7.
    """
    policy_w = tinylm.sequence_log_prob(policy, batch["winner"], batch["winner_mask"])
    policy_l = tinylm.sequence_log_prob(policy, batch["loser"], batch["loser_mask"])
    with torch.no_grad():
        reference_w = tinylm.sequence_log_prob(reference, batch["winner"], batch["winner_mask"])
        reference_l = tinylm.sequence_log_prob(reference, batch["loser"], batch["loser_mask"])
    delta = (policy_w - reference_w) - (policy_l - reference_l)
    loss = -torch.nn.functional.logsigmoid(beta * delta).mean()
    optimizer = optimizer_for(policy)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def aligned_policy(tokens):
    """The reference, aligned by DPO on 3,000 preferences; it trains when it is called for the first time.

    Parameters
    ----------
    tokens : torch.Tensor of int64, shape (B, T)

    Returns
    -------
    torch.Tensor, shape (B, T, V)
        Logits of the next token.
    """
    with torch.no_grad():
        return _aligned_model()(tokens)


@functools.cache
def _aligned_model(seed=1):
    reference = tinylm.load_reference()
    winners, losers = tinylm.sample_preferences(reference, 3000, seed=seed)
    policy, _ = tinylm.train_dpo(dpo_training_step, reference, winners, losers, beta=0.1, n_steps=150, seed=seed)
    return policy
