"""Chapter 2's reference functions against something independent."""

import numpy as np
import pytest
import torch
from scipy.signal import lfilter

from utils.demos import ch02 as demos
from utils.solutions import ch02 as solutions
from utils.training import differentiable_mean


def random_samples(seed, n_samples=200, spread=0.5):
    rng = np.random.default_rng(seed)
    logp_old = rng.uniform(-6, -0.1, size=n_samples)
    return logp_old + rng.normal(scale=spread, size=n_samples), logp_old, rng.normal(size=n_samples)


def library_loss(logp, old_logp, advantages, eps):
    """The policy loss as CleanRL and TRL write it: the larger of two losses."""
    ratio = torch.exp(logp - old_logp)
    return torch.max(-advantages * ratio, -advantages * torch.clamp(ratio, 1.0 - eps, 1.0 + eps)).mean()


def test_published_keys_of_the_workbook():
    assert solutions.probability_ratio(-1.8, -2.3) == pytest.approx(1.6487212707, abs=1e-10)
    assert solutions.surrogate_terms(1.65, 2.0, 0.2) == pytest.approx((3.3, 2.4, 2.4))
    assert solutions.ppo_objective([-1.2, -2.0, -1.0], [-1.5, -1.8, -1.0], [1.0, -0.5, 2.0], 0.2) == pytest.approx(
        0.9302115412, abs=1e-10
    )
    assert solutions.response_advantage(4.0, 5.0, 0.1, 3.2) == pytest.approx(0.3)


@pytest.mark.parametrize("eps", [0.0, 0.1, 0.2, 0.5])
@pytest.mark.parametrize("seed", range(5))
def test_clip_loss_is_the_libraries_loss(seed, eps):
    new, old, advantages = random_samples(seed)
    expected = library_loss(torch.as_tensor(new), torch.as_tensor(old), torch.as_tensor(advantages), eps).item()
    assert solutions.ppo_clip_loss(new, old, advantages, eps) == pytest.approx(expected, rel=1e-12)
    assert solutions.ppo_objective(new, old, advantages, eps) == pytest.approx(-expected, rel=1e-12)


@pytest.mark.parametrize(
    ("ratio", "advantage", "value", "slope"),
    [(1.5, 2.0, 2.4, 0.0), (1.5, -2.0, -3.0, -2.0), (0.5, 2.0, 1.0, 2.0), (0.5, -2.0, -1.6, 0.0)],
)
def test_the_four_corners_against_autograd(ratio, advantage, value, slope):
    at = torch.tensor(ratio, dtype=torch.float64, requires_grad=True)
    objective = torch.min(at * advantage, torch.clamp(at, 0.8, 1.2) * advantage)
    objective.backward()
    assert solutions.surrogate_terms(ratio, advantage, 0.2)[2] == pytest.approx(value) == objective.item()
    assert at.grad.item() == slope
    h = 1e-6
    rise = (
        solutions.surrogate_terms(ratio + h, advantage, 0.2)[2]
        - solutions.surrogate_terms(ratio - h, advantage, 0.2)[2]
    )
    assert rise / (2 * h) == pytest.approx(slope, abs=1e-6)


def test_clip_loss_with_log_probabilities_that_underflow():
    new, old, advantages = random_samples(7)
    assert solutions.ppo_clip_loss(new - 1000, old - 1000, advantages) == pytest.approx(
        solutions.ppo_clip_loss(new, old, advantages), rel=1e-9
    )
    assert solutions.ppo_clip_loss([0.0], [-2000.0], [1.0]) == pytest.approx(-1.2)


def test_clip_loss_refuses_bad_input():
    for arguments in (([], [], []), ([0.0], [0.0, 0.0], [1.0]), ([0.0], [0.0], [1.0], -0.1)):
        with pytest.raises(ValueError):
            solutions.ppo_clip_loss(*arguments)


def test_gae_worked_value():
    advantages, returns = solutions.gae([1.0, 0.0, 2.0], [0.5, 0.4, 0.3], [0, 0, 0], 0.2, gamma=0.9, lam=0.8)
    assert advantages == pytest.approx([1.740992, 1.223600, 1.880000], abs=1e-12)
    assert returns == pytest.approx(advantages + np.array([0.5, 0.4, 0.3]))


@pytest.mark.parametrize("seed", range(5))
def test_gae_is_a_linear_filter_of_td_errors(seed):
    rng = np.random.default_rng(seed)
    rewards, values, last = rng.normal(size=50), rng.normal(size=50), rng.normal()
    gamma, lam = rng.uniform(0.5, 1, size=2)
    td_errors = rewards + gamma * np.append(values[1:], last) - values
    filtered = lfilter([1.0], [1.0, -gamma * lam], td_errors[::-1])[::-1]
    assert solutions.gae(rewards, values, np.zeros(50), last, gamma, lam)[0] == pytest.approx(filtered, rel=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_gae_by_enumeration_of_all_looks_ahead(seed):
    """Each episode on its own, by the definition: a weighted mean of n-step advantages, without any recursion."""
    rng = np.random.default_rng(seed)
    n_steps, gamma, lam = 25, 0.93, 0.85
    rewards, values, last = rng.normal(size=n_steps), rng.normal(size=n_steps), rng.normal()
    dones = rng.random(n_steps) < 0.2
    expected = np.zeros(n_steps)
    for t in range(n_steps):
        ends = np.flatnonzero(dones[t:])
        stop = t + ends[0] + 1 if len(ends) else n_steps  # first step that does not belong to this episode
        bootstrap = 0.0 if len(ends) else last
        looks = []
        for n in range(1, stop - t + 1):
            beyond = bootstrap if t + n == stop else values[t + n]
            looks.append(gamma ** np.arange(n) @ rewards[t : t + n] + gamma**n * beyond - values[t])
        weights = (1 - lam) * lam ** np.arange(len(looks))
        weights[-1] = lam ** (len(looks) - 1)
        assert weights.sum() == pytest.approx(1.0)
        expected[t] = weights @ looks
    advantages, returns = solutions.gae(rewards, values, dones, last, gamma, lam)
    assert advantages == pytest.approx(expected, rel=1e-10)
    assert returns == pytest.approx(advantages + values)


def test_gae_of_an_exact_critic_averages_to_the_exact_advantage():
    """A walk on five states, two actions: GAE's mean over many episodes is Q - V, whatever lambda, if V is exact."""
    gamma, right = 0.9, 0.6  # the policy goes right with this probability; leaving on the right pays 1
    move = np.zeros((5, 5))
    reward = np.zeros(5)
    for s in range(5):
        for target, p in ((s + 1, right), (s - 1, 1 - right)):
            if target == 5:
                reward[s] += p
            elif target >= 0:
                move[s, target] += p
    value = np.linalg.solve(np.eye(5) - gamma * move, reward)
    exact = gamma * value[3] - value[2]  # advantage of going right in the middle
    rng = np.random.default_rng(0)
    for lam in (0.0, 0.7, 1.0):
        estimates = []
        for _ in range(4000):
            s, visited, rewards = 2, [], []
            while 0 <= s < 5:
                visited.append(s)
                s += 1 if len(visited) == 1 or rng.random() < right else -1
                rewards.append(float(s == 5))
            dones = np.zeros(len(visited))
            dones[-1] = 1
            estimates.append(solutions.gae(rewards, value[visited], dones, 0.0, gamma, lam)[0][0])
        error = np.std(estimates) / np.sqrt(len(estimates)) + 1e-12
        assert abs(np.mean(estimates) - exact) < 4 * error


def test_gae_refuses_bad_shapes():
    with pytest.raises(ValueError, match="one length"):
        solutions.gae([1.0, 2.0], [0.0], [0, 0], 0.0)
    with pytest.raises(ValueError, match="shape"):
        solutions.gae(np.zeros((2, 3)), np.zeros((2, 3)), np.zeros((2, 3)), 0.0)


def test_memory_agrees_with_the_sum_of_chapter_9():
    """Two trained and two frozen models of 7 billion parameters, the parts added up one by one."""
    weights, gradients, master, adam = 4 * 7 * 2, 2 * 7 * 2, 2 * 7 * 4, 2 * 7 * 8
    total = 2 * solutions.training_memory(7e9, trained=True) + 2 * solutions.training_memory(7e9, trained=False)
    assert total == pytest.approx(weights + gradients + master + adam) == 252


def test_differentiable_mean_has_autograds_slopes():
    new, old, advantages = random_samples(3, 40)
    theirs = torch.tensor(new, requires_grad=True)
    library_loss(theirs, torch.as_tensor(old), torch.as_tensor(advantages), 0.2).backward()
    ours = torch.tensor(new, requires_grad=True)
    loss = differentiable_mean(solutions.ppo_clip_loss, ours, old, torch.as_tensor(advantages))
    loss.backward()
    assert loss.item() == pytest.approx(solutions.ppo_clip_loss(new, old, advantages))
    assert ours.grad.numpy() == pytest.approx(theirs.grad.numpy(), abs=1e-6)


def test_differentiable_mean_refuses_a_sum():
    scores = torch.ones(4, requires_grad=True)
    with pytest.raises(ValueError, match="must agree"):
        differentiable_mean(lambda x: float(np.sum(x**2)), scores)


@pytest.mark.parametrize("lam", [0.0, 0.5, 0.95, 1.0])
@pytest.mark.parametrize("learned", [0.0, 0.3, 1.0])
def test_the_lambda_demo_draws_what_gae_gives(lam, learned):
    """The demo's closed forms for both kinds of reward, against gae on sampled luck."""
    n_steps = 9
    luck = np.random.default_rng(1).normal(size=n_steps)
    ends = np.zeros(n_steps)
    ends[-1] = 1

    points = 0.85 ** np.arange(n_steps) / np.sum(0.85 ** np.arange(n_steps))
    to_come = np.append(np.cumsum(points[::-1])[::-1][1:], 0.0)  # still to come after each step
    values = np.append(0.0, learned * to_come[:-1])
    mean, weights = demos._first_advantage(False, n_steps, lam, learned)
    expected = solutions.gae(points + luck, values, ends, 0.0, 1.0, lam)[0][0]
    assert mean + weights @ luck == pytest.approx(expected)

    rewards = np.append(np.zeros(n_steps - 1), 1.0 + luck.sum())
    values = np.append(0.0, learned * (1.0 + np.cumsum(luck)[:-1]))
    mean, weights = demos._first_advantage(True, n_steps, lam, learned)
    expected = solutions.gae(rewards, values, ends, 0.0, 1.0, lam)[0][0]
    assert mean + weights @ luck == pytest.approx(expected)


def test_the_surrogate_demo_draws_the_clipped_surrogate():
    """The caption's number, for both signs and several settings of the controls."""
    box = demos.clipped_surrogate()
    advantage, eps, at = box.children[0].children
    for a in (1.0, -1.0):
        for width in (0.2, 0.4):
            for ratio in (0.5, 1.0, 1.7):
                advantage.value, eps.value, at.value = a, width, ratio
                exact = solutions.surrogate_terms(at.value, a, eps.value)[2]
                assert f"clipped surrogate {exact:.2f}," in box.children[1].value


@pytest.mark.parametrize("eps", [0.2, None])
def test_the_epochs_demo_steps_along_the_gradient_of_the_clip_loss(eps):
    """Three epochs of the demo against autograd of the library's loss, on the same minibatches."""
    batch, twin = demos._Batch(seed=1), demos._Batch(seed=1)
    weights = torch.tensor(twin.weights, requires_grad=True)
    features, chosen = torch.as_tensor(twin.features), torch.as_tensor(twin.chosen)
    old, advantages = torch.as_tensor(twin.logp_old), torch.as_tensor(twin.advantages)
    for _ in range(3):
        batch.epoch(0.7, eps)
        for part in np.array_split(twin.rng.permutation(twin.n_samples), 4):
            logp = torch.log_softmax(features[part] @ weights, 1).gather(1, chosen[part][:, None]).squeeze(1)
            loss = library_loss(logp, old[part], advantages[part], 1e9 if eps is None else eps)
            (gradient,) = torch.autograd.grad(loss, weights)
            weights = (weights - 0.7 * gradient).detach().requires_grad_()
    assert batch.weights == pytest.approx(weights.detach().numpy(), abs=1e-9)
