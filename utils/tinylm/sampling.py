"""Draw responses from a policy, and ask policies how likely a response is.

A policy is anything that takes tokens of shape (B, T) and returns logits of shape (B, T, V): a `TinyLM` or a function.
"""

import torch

from utils.tinylm.task import PAD, PROMPT, RESPONSE, STOP, response_mask


@torch.no_grad()
def sample(policy, prompts, generator):
    """Draw one response for each prompt.

    Parameters
    ----------
    policy : callable
        Tokens (B, T) to logits (B, T, V).
    prompts : torch.Tensor of int64, shape (B, PROMPT)
    generator : torch.Generator
        Equal seeds give equal responses.

    Returns
    -------
    torch.Tensor of int64, shape (B, LENGTH)
        Prompts with their responses, padded after the full stop.
    """
    tokens = torch.cat([prompts, torch.full((len(prompts), RESPONSE), PAD)], dim=1)
    open_ = torch.arange(len(prompts))  # rows that have not ended
    for t in range(PROMPT, PROMPT + RESPONSE):
        logits = policy(tokens[open_, :t])[:, -1]
        drawn = torch.multinomial(logits.softmax(-1), 1, generator=generator)[:, 0]
        tokens[open_, t] = drawn
        open_ = open_[drawn != STOP]
        if not len(open_):
            break
    return tokens


def token_log_probs(policy, tokens):
    """Log-probability of each token given those before it.

    Parameters
    ----------
    policy : callable
    tokens : torch.Tensor of int64, shape (B, T)

    Returns
    -------
    torch.Tensor, shape (B, T)
        Nats. The first column, which nothing predicts, is 0.
    """
    log_probs = policy(tokens)[:, :-1].log_softmax(-1)
    chosen = log_probs.gather(-1, tokens[:, 1:, None])[..., 0]
    return torch.cat([torch.zeros_like(chosen[:, :1]), chosen], dim=1)


def sequence_log_prob(policy, tokens, mask):
    """Log-probability of each response: the sum over the tokens that `mask` marks.

    Parameters
    ----------
    policy : callable
    tokens : torch.Tensor of int64, shape (B, T)
        Prompts with responses and padding.
    mask : torch.Tensor of bool, shape (B, T)
        True on the tokens of the response, so False on prompt and padding.

    Returns
    -------
    torch.Tensor, shape (B,)
        Nats.
    """
    return (token_log_probs(policy, tokens) * mask).sum(1)


@torch.no_grad()
def response_kl(policy, reference, tokens):
    """Divergence of a policy from the reference along given responses.

    Parameters
    ----------
    policy, reference : callable
    tokens : torch.Tensor of int64, shape (B, LENGTH)
        Responses drawn from `policy`; the mean of the result then estimates KL(policy || reference) of a response.

    Returns
    -------
    torch.Tensor, shape (B,)
        Nats: the sum over the response's tokens of the divergence between the two distributions of that token. It has
        the mean of the log-ratio of the response and a smaller variance.
    """
    mask = response_mask(tokens)[:, 1:]
    log_p = policy(tokens)[:, :-1].log_softmax(-1)
    log_q = reference(tokens)[:, :-1].log_softmax(-1)
    return ((log_p.exp() * (log_p - log_q)).sum(-1) * mask).sum(1)
