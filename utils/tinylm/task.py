"""The task: read a café order back to the guest, with the right amount of warmth.

A prompt is an order of three dishes and a colon, such as ``b f a :``. A response names dishes, may hold exclamation
marks, and ends with a full stop: ``b f a ! .``. Sequences have a fixed length; what follows the full stop is padding.
"""

import torch

DISHES = tuple("abcdefgh")
WARMTH, COLON, STOP, PAD = 8, 9, 10, 11
SYMBOLS = (*DISHES, "!", ":", ".", "_")
VOCABULARY = len(SYMBOLS)
N_ORDERED = 3
PROMPT = N_ORDERED + 1  # length of a prompt, colon included
MARKS = (0.50, 0.34, 0.13, 0.03)  # how often a waiter adds 0, 1, 2, 3 exclamation marks
RESPONSE = 10  # longest response, full stop included
LENGTH = PROMPT + RESPONSE


def draw_prompts(n, generator):
    """Draw orders of three different dishes.

    Parameters
    ----------
    n : int
    generator : torch.Generator

    Returns
    -------
    torch.Tensor of int64, shape (n, PROMPT)
    """
    dishes = torch.rand(n, len(DISHES), generator=generator).argsort(dim=1)[:, :N_ORDERED]
    return torch.cat([dishes, torch.full((n, 1), COLON)], dim=1)


def demonstrations(n, generator):
    """Prompts with responses as imperfect waiters give them.

    A waiter forgets each dish with probability 0.2, with probability 0.2 names a dish more, drawn from the whole menu,
    and adds 0, 1, 2 or 3 exclamation marks with probabilities 0.50, 0.34, 0.13 and 0.03.

    Parameters
    ----------
    n : int
    generator : torch.Generator

    Returns
    -------
    torch.Tensor of int64, shape (n, LENGTH)
        Prompt, response, padding.
    """
    prompts = draw_prompts(n, generator)
    kept = torch.rand(n, N_ORDERED, generator=generator) < 0.8
    slips = torch.rand(n, generator=generator) < 0.2
    strays = torch.randint(len(DISHES), (n,), generator=generator)
    marks = torch.multinomial(torch.tensor(MARKS), n, replacement=True, generator=generator)
    rows = []
    for i in range(n):
        response = [dish for dish, said in zip(prompts[i, :N_ORDERED].tolist(), kept[i].tolist(), strict=True) if said]
        if slips[i]:
            response.append(strays[i].item())
        response += [WARMTH] * marks[i].item() + [STOP]
        rows.append(prompts[i].tolist() + response + [PAD] * (RESPONSE - len(response)))
    return torch.tensor(rows)


def response_mask(tokens):
    """Which tokens belong to the response: after the colon, up to and with the first full stop.

    Parameters
    ----------
    tokens : torch.Tensor of int64, shape (B, T)
        Prompts with their responses.

    Returns
    -------
    torch.Tensor of bool, shape (B, T)
    """
    stops = (tokens == STOP).long()
    open_ = stops.cumsum(dim=1) - stops == 0
    return open_ & (torch.arange(tokens.shape[1]) >= PROMPT)


def true_reward(tokens):
    """What the guests really want; no learner ever sees this function.

    Each ordered dish that is read back counts 1. Each dish too many (not ordered, or named before) costs 1. The first
    exclamation mark counts 1, the second 0.5, and every further one costs 1. So 4.5 is the best a response can do.

    Parameters
    ----------
    tokens : torch.Tensor of int64, shape (B, LENGTH)
        Prompts with their responses.

    Returns
    -------
    torch.Tensor, shape (B,)
    """
    named = response_mask(tokens) & (tokens < len(DISHES))
    counts = torch.stack([((tokens == dish) & named).sum(1) for dish in range(len(DISHES))], dim=1)
    ordered = torch.zeros_like(counts).scatter(1, tokens[:, :N_ORDERED], 1)
    served = torch.minimum(counts, ordered).sum(1)
    marks = count_marks(tokens)
    warmth = marks.clamp(max=1) + 0.5 * (marks.clamp(max=2) - 1).clamp(min=0) - (marks - 2).clamp(min=0)
    return 2 * served - counts.sum(1) + warmth


def count_marks(tokens):
    """Number of exclamation marks in each response, shape (B,)."""
    return ((tokens == WARMTH) & response_mask(tokens)).sum(1)


def text(tokens):
    """A prompt with its response as people read it.

    Parameters
    ----------
    tokens : torch.Tensor of int64, shape (T,)

    Returns
    -------
    str
    """
    return " ".join(SYMBOLS[token] for token in tokens.tolist() if token != PAD)
