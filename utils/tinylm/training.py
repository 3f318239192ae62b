"""The training loops of the pipeline. Where a formula is an exercise, the loop takes your function as an argument.

Every loop draws all its random numbers from the `seed` it is given: equal seeds, equal weights.
"""

import numpy as np
import torch
from torch.nn import functional as F

from utils.tinylm.bars import steps
from utils.tinylm.model import RewardModel, TinyLM
from utils.tinylm.sampling import sample, token_log_probs
from utils.tinylm.task import demonstrations, draw_prompts, response_mask, true_reward
from utils.training import differentiable


@torch.enable_grad()
def supervised_fine_tuning(n_steps=250, batch=64, n_demonstrations=5000, seed=0):
    """Train a language model from nothing to imitate demonstrations.

    Parameters
    ----------
    n_steps, batch : int
        Steps, and demonstrations in each.
    n_demonstrations : int
    seed : int

    Returns
    -------
    model : TinyLM
        Frozen: its weights are final.
    losses : list of float
        Mean negative log-likelihood of a response's token at each step, in nats.
    """
    generator = torch.Generator().manual_seed(seed)
    data = demonstrations(n_demonstrations, generator)
    model = _seeded(seed, TinyLM)
    optimizer = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=6e-3, total_steps=n_steps)
    losses = []
    for _ in steps(n_steps, "imitating waiters"):
        tokens = data[torch.randint(len(data), (batch,), generator=generator)]
        mask = response_mask(tokens)
        loss = -(token_log_probs(model, tokens) * mask).sum() / mask.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return model.frozen(), losses


def sample_preferences(reference, n_pairs, seed):
    """Let a guest choose between two responses of the reference, many times.

    The guest chooses at random, as Bradley and Terry say, with the true reward as strength.

    Parameters
    ----------
    reference : callable
        The policy that both responses are drawn from.
    n_pairs : int
    seed : int

    Returns
    -------
    winners, losers : torch.Tensor of int64, shape (n_pairs, LENGTH)
        Row by row: the response that was preferred and the other one, both with their common prompt.
    """
    generator = torch.Generator().manual_seed(seed)
    prompts = draw_prompts(n_pairs, generator)
    first, second = sample(reference, torch.cat([prompts, prompts]), generator).chunk(2)
    chance = torch.sigmoid(true_reward(first) - true_reward(second))
    first_wins = (torch.rand(n_pairs, generator=generator) < chance)[:, None]
    return torch.where(first_wins, first, second), torch.where(first_wins, second, first)


@torch.enable_grad()
def train_reward_model(reference, winners, losers, loss=None, n_steps=200, batch=32, seed=0):
    """Train a reward model on preferences.

    Parameters
    ----------
    reference : TinyLM
        Gives the reward model its body.
    winners, losers : torch.Tensor, shape (n_pairs, LENGTH)
    loss : callable, optional
        Takes the rewards of winners and of losers as NumPy arrays and returns a float, as your `bradley_terry` of
        chapter 0 does. Without it torch's `soft_margin_loss` of the gap, the same function, is used.
    n_steps, batch : int
    seed : int

    Returns
    -------
    reward_model : RewardModel
        Frozen.
    losses : list of float
        Nats for each pair.
    """
    generator = torch.Generator().manual_seed(seed)
    model = RewardModel(reference)
    optimizer = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-3, total_steps=n_steps)
    losses = []
    for _ in steps(n_steps, "reward model"):
        chosen = torch.randint(len(winners), (batch,), generator=generator)
        r_win, r_lose = model(torch.cat([winners[chosen], losers[chosen]])).chunk(2)
        if loss is None:
            value = F.soft_margin_loss(r_win - r_lose, torch.ones(batch))
        else:
            value = differentiable(loss, r_win, r_lose)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        schedule.step()
        losses.append(value.item())
    return model.requires_grad_(False), losses


@torch.enable_grad()
def train_dpo(training_step, reference, winners, losers, beta=0.1, n_steps=150, batch=32, rate=3e-4, seed=0):
    """Train a copy of the reference with direct preference optimisation.

    Parameters
    ----------
    training_step : callable
        Your `dpo_training_step`.
    reference : TinyLM
    winners, losers : torch.Tensor, shape (n_pairs, LENGTH)
    beta : float
    n_steps, batch : int
    rate : float
        Learning rate of Adam.
    seed : int

    Returns
    -------
    policy : TinyLM
    losses : list of float
        What `training_step` returned.
    """
    generator = torch.Generator().manual_seed(seed)
    policy = reference.copy().requires_grad_(True)
    frozen = reference.copy().requires_grad_(True)  # a step that updates the wrong model must be able to
    optimizers = {id(model): torch.optim.Adam(model.parameters(), lr=rate) for model in (policy, frozen)}
    losses = []
    for _ in steps(n_steps, f"DPO, beta {beta:g}"):
        chosen = torch.randint(len(winners), (batch,), generator=generator)
        pairs = make_batch(winners[chosen], losers[chosen])
        losses.append(float(training_step(policy, frozen, pairs, beta, lambda model: optimizers[id(model)])))
    return policy.frozen(), losses


def make_batch(winners, losers):
    """Put preference pairs into the form that `dpo_training_step` takes.

    Parameters
    ----------
    winners, losers : torch.Tensor of int64, shape (B, T)

    Returns
    -------
    dict
        ``winner``, ``loser``: the tokens; ``winner_mask``, ``loser_mask``: True on the tokens of the response.
    """
    return {
        "winner": winners,
        "loser": losers,
        "winner_mask": response_mask(winners),
        "loser_mask": response_mask(losers),
    }


@torch.enable_grad()
def train_policy_gradient(
    shaped_rewards, reference, reward_model, betas=(0.1,), n_steps=60, batch=96, rate=5e-4, save_every=None, seed=0
):
    """Train a copy of the reference by policy gradient on a learned reward with a KL penalty.

    Each step draws responses, turns score and penalty into one reward for each token (your function), sums what is
    still to come at each token, subtracts the batch's mean at that place, and makes the tokens that did better than the
    mean likelier: REINFORCE with a baseline.

    Parameters
    ----------
    shaped_rewards : callable
        Your `kl_shaped_rewards`.
    reference : TinyLM
    reward_model : callable
        Tokens of shape (B, LENGTH) to rewards of shape (B,).
    betas : sequence of float
        Weights of the penalty; each but the first goes on where the one before stopped.
    n_steps, batch : int
        Steps for each beta, and responses in each.
    rate : float
        Learning rate of Adam.
    save_every : int, optional
        Keep a checkpoint after this many steps, and not only at the end of each beta.
    seed : int

    Returns
    -------
    list of (float, TinyLM)
        Checkpoints in the order in which they were made, each with the beta it was trained with.
    """
    generator = torch.Generator().manual_seed(seed)
    policy = reference.copy().requires_grad_(True)
    optimizer = torch.optim.Adam(policy.parameters(), lr=rate, betas=(0.9, 0.99))
    save_every = save_every or n_steps
    checkpoints = []
    for step in steps(n_steps * len(betas), "policy gradient"):
        beta = betas[step // n_steps]
        tokens = sample(policy, draw_prompts(batch, generator), generator)
        mask = response_mask(tokens)
        log_probs = token_log_probs(policy, tokens)
        with torch.no_grad():
            score, reference_log_probs = reward_model(tokens), token_log_probs(reference, tokens)
        rewards = shaped_rewards(
            score.numpy(), log_probs.detach().numpy(), reference_log_probs.numpy(), beta, mask.numpy()
        )
        advantages = _advantages(np.asarray(rewards, dtype=np.float32), mask.numpy())
        loss = -(torch.as_tensor(advantages) * log_probs).sum() / batch
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
        optimizer.step()
        if (step + 1) % save_every == 0:
            checkpoints.append((beta, policy.copy().frozen()))
    return checkpoints


def _advantages(rewards, mask):
    """Reward still to come at each token, against the batch's mean at that place, in units of its spread."""
    to_come = np.cumsum(rewards[:, ::-1], axis=1)[:, ::-1]
    counts = np.maximum(mask.sum(axis=0), 1)
    centred = (to_come - (to_come * mask).sum(axis=0) / counts) * mask
    return centred / (centred[mask].std() + 1e-6)


def _seeded(seed, make):
    """Make a module with weights that depend on the seed alone; torch's global generator stays as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()
