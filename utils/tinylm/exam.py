"""What exercise 9.12 asks of a policy."""

import torch

from utils.tinylm.measuring import measure
from utils.tinylm.reference import load_reference
from utils.tinylm.sampling import sample
from utils.tinylm.task import LENGTH, VOCABULARY, draw_prompts

TARGET_REWARD = 3.2  # the reference has 2.7, the best response 4.5
KL_BUDGET = 4.0  # nats for a response
KL_LEAST = 0.05  # a policy nearer than this to the reference has learned nothing


def examine(policy, n=200, seed=2024):
    """Ask of a policy what the grader asks, on other prompts.

    Parameters
    ----------
    policy : callable
        Your `aligned_policy`.
    n : int
        Responses that are sampled; with 200 of them `check` answers within a tenth of a second.
    seed : int

    Returns
    -------
    dict of str to bool
    """
    if faults(policy, seed):
        return {"logits as asked": False}
    result = measure(policy, load_reference(), n=n, seed=seed)
    return {
        "logits as asked": True,
        f"true reward at least {TARGET_REWARD}": result.true_reward >= TARGET_REWARD,
        "moved from the reference": result.kl >= KL_LEAST,
        f"KL at most {KL_BUDGET}": result.kl <= KL_BUDGET,
        "fewer than 3 marks each": result.marks < 3,
    }


@torch.no_grad()
def faults(policy, seed=0):
    """Say what is wrong with the form of a policy's logits.

    Parameters
    ----------
    policy : callable
    seed : int

    Returns
    -------
    str
        Empty when all is well.
    """
    generator = torch.Generator().manual_seed(seed)
    tokens = sample(load_reference(), draw_prompts(6, generator), generator)
    logits = policy(tokens)
    if not isinstance(logits, torch.Tensor):
        return f"`aligned_policy` returned a {type(logits).__name__}: a torch tensor is asked."
    if logits.shape != (6, LENGTH, VOCABULARY):
        return f"The logits have shape {tuple(logits.shape)}: (B, T, V) = (6, {LENGTH}, {VOCABULARY}) is asked."
    if not logits.is_floating_point() or not torch.isfinite(logits).all():
        return "The logits must be finite floating-point numbers, also for symbols that are hardly ever said."
    if not torch.allclose(policy(tokens), logits, atol=1e-4):
        return "Two calls with equal tokens gave different logits: a policy answers the same question the same way."
    prefix = policy(tokens[:3, :7])
    if prefix.shape != (3, 7, VOCABULARY) or not torch.allclose(prefix, logits[:3, :7], atol=1e-3):
        return "The logits at a place must depend on the tokens up to that place, not on later ones or other rows."
    return ""
