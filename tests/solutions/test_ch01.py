"""The reference functions of chapter 1 against SciPy, torch, brute force, finite differences and published numbers."""

import itertools

import numpy as np
import pytest
import torch
from scipy import optimize, stats
from scipy.special import log_softmax, rel_entr

from utils.demos import ch01 as demos
from utils.solutions import ch01 as solutions

# The table of KL estimators in the reference numbers: policy, uniform reference.
POLICY, UNIFORM = np.array([0.5, 0.3, 0.15, 0.05]), np.full(4, 0.25)


def random_problem(rng, n=6):
    return rng.dirichlet(np.ones(n)), rng.normal(size=n), rng.uniform(0.2, 2)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_kl_agrees_with_scipy_and_torch(rng):
    for n in (1, 2, 30):
        p, q = rng.dirichlet(np.ones(n), size=2)
        expected = stats.entropy(p, q)
        assert np.isclose(solutions.kl_divergence(p, q), expected)
        by_torch = torch.nn.functional.kl_div(torch.tensor(q).log(), torch.tensor(p), reduction="sum")
        assert np.isclose(by_torch.item(), expected)


@pytest.mark.parametrize(
    ("p", "q", "expected"),
    [
        ([0.7, 0.2, 0.1], [0.4, 0.4, 0.2], 0.1837868974),
        ([0.4, 0.4, 0.2], [0.7, 0.2, 0.1], 0.1920419932),
        (POLICY, UNIFORM, 0.2441743),
        (UNIFORM, POLICY, 0.3111987),
        ([1, 0], [0.5, 0.5], np.log(2)),
        ([0.0, 1.0], [0.0, 1.0], 0.0),
        ([0.5, 0.5], [1.0, 0.0], np.inf),
        ([0.0, 1.0, 0.0], [0.0, 0.2, 0.8], np.log(5)),
    ],
)
def test_kl_known_values(p, q, expected):
    assert solutions.kl_divergence(p, q) == pytest.approx(expected, rel=5e-7, abs=1e-15)
    assert solutions.kl_divergence(p, q) == pytest.approx(rel_entr(p, q).sum(), rel=1e-12)


def test_listing_of_exercise_1_8_is_the_negative():
    def listing(p, q):
        p = np.asarray(p, dtype=float)
        q = np.asarray(q, dtype=float)
        support = p > 0
        ratio = q[support] / p[support]
        return float(np.sum(p[support] * np.log(ratio)))

    assert listing(POLICY, UNIFORM) == pytest.approx(-solutions.kl_divergence(POLICY, UNIFORM))


def test_sampled_log_ratio_has_the_published_mean_and_spread():
    log_ratios = np.array([-solutions.rlhf_objective(0.0, [np.log(p)], [np.log(0.25)], 1.0) for p in POLICY])
    mean = POLICY @ log_ratios
    assert mean == pytest.approx(0.2441743, abs=5e-8)
    assert np.sqrt(POLICY @ (log_ratios - mean) ** 2) == pytest.approx(0.599, abs=5e-4)


@pytest.mark.parametrize(("beta", "expected"), [(0.1, 2.2), (0.5, -1.0), (0.0, 3.0)])
def test_penalised_reward_of_the_exercise(beta, expected):
    assert solutions.rlhf_objective(3.0, [-1, -1, -2], [-4, -4, -4], beta) == pytest.approx(expected)


def test_penalised_reward_by_hand():
    assert solutions.rlhf_objective(1.5, [], [], 0.1) == 1.5
    assert solutions.rlhf_objective(1.0, [-3.0], [-1.0], 0.5) == pytest.approx(2.0)
    assert solutions.rlhf_objective(1.0, [-3.0], [-np.inf], 0.5) == -np.inf
    for log_probs, ref_log_probs in (
        ([-1.0, -2.0], [-1.0]),
        ([-np.inf], [-np.inf]),
        ([np.nan], [-1.0]),
        ([], [-1.0]),
    ):
        with pytest.raises(ValueError, match="log_probs"):
            solutions.rlhf_objective(1.0, log_probs, ref_log_probs, 0.1)


def test_mean_penalised_reward_is_the_objective_over_sequences(rng):
    """All 4**3 sequences of an autoregressive policy: chain rule, sampled charge and exact KL fit together."""
    tables = [log_softmax(rng.normal(size=(2, *[4] * t, 4)), axis=-1) for t in range(3)]
    rewards, beta = rng.normal(size=64), 0.3
    mean, totals = 0.0, np.zeros((2, 64))
    for i, tokens in enumerate(itertools.product(range(4), repeat=3)):
        steps = np.array([[tables[t][k][tokens[: t + 1]] for t in range(3)] for k in range(2)])
        totals[:, i] = steps.sum(axis=1)
        mean += np.exp(totals[0, i]) * solutions.rlhf_objective(rewards[i], steps[0], steps[1], beta)
    policy, reference = np.exp(totals)
    assert policy.sum() == pytest.approx(1)
    assert mean == pytest.approx(policy @ rewards - beta * stats.entropy(policy, reference))
    assert mean == pytest.approx(solutions.expected_objective(policy, reference, rewards, beta))


def test_optimal_policy_of_the_exercise():
    policy = solutions.optimal_policy([0.5, 0.3, 0.2], [1.0, 0.0, -1.0], 1.0)
    assert policy == pytest.approx([0.78439876, 0.17313851, 0.04246273], abs=5e-9)
    assert solutions.optimal_value([0.5, 0.3, 0.2], [1.0, 0.0, -1.0], 1.0) == pytest.approx(np.log(1.7327168025))


def test_optimal_policy_is_what_an_optimiser_finds(rng):
    for _ in range(3):
        ref_probs, rewards, beta = random_problem(rng)

        def loss(logits):
            policy = np.exp(log_softmax(logits))
            return -(policy @ rewards - beta * rel_entr(policy, ref_probs).sum())  # noqa: B023

        found = optimize.minimize(loss, np.log(ref_probs), method="BFGS", options={"gtol": 1e-9})
        assert np.exp(log_softmax(found.x)) == pytest.approx(
            solutions.optimal_policy(ref_probs, rewards, beta), abs=1e-4
        )
        assert -found.fun == pytest.approx(solutions.optimal_value(ref_probs, rewards, beta), abs=1e-8)


def test_any_policy_falls_short_by_beta_kl(rng):
    for _ in range(20):
        ref_probs, rewards, beta = random_problem(rng)
        best = solutions.optimal_policy(ref_probs, rewards, beta)
        other = rng.dirichlet(np.ones(6))
        value = solutions.optimal_value(ref_probs, rewards, beta)
        assert solutions.expected_objective(best, ref_probs, rewards, beta) == pytest.approx(value)
        short = value - solutions.expected_objective(other, ref_probs, rewards, beta)
        assert short == pytest.approx(beta * stats.entropy(other, best))


def test_gradient_of_the_objective_vanishes_at_the_optimum_by_autograd(rng):
    ref_probs, rewards, beta = random_problem(rng)
    logits = torch.tensor(np.log(solutions.optimal_policy(ref_probs, rewards, beta)), requires_grad=True)
    log_policy = torch.log_softmax(logits, dim=0)
    penalised = torch.tensor(rewards) - beta * (log_policy - torch.tensor(np.log(ref_probs)))
    (log_policy.exp() * penalised).sum().backward()
    assert logits.grad.abs().max() < 1e-12
    # and every response has the same penalised reward
    assert torch.allclose(penalised, penalised.mean().expand(6))


def test_sampled_log_ratio_as_a_loss_has_no_gradient_on_average():
    """What section 1.7 says of differentiating the charge: the mean of its gradient over the policy is zero."""
    logits = torch.tensor(np.log(POLICY), requires_grad=True)
    log_ratio = torch.log_softmax(logits, dim=0) - torch.tensor(np.log(UNIFORM))
    (torch.tensor(POLICY) * log_ratio).sum().backward()
    assert logits.grad.abs().max() < 1e-15
    logits.grad = None
    log_policy = torch.log_softmax(logits, dim=0)
    (log_policy.exp() * (log_policy - torch.tensor(np.log(UNIFORM)))).sum().backward()
    assert logits.grad.abs().max() > 0.1


def test_optimal_policy_extremes():
    assert solutions.optimal_policy([0.5, 0.5], [1e6, 1e6 + 1], 1.0)[1] == pytest.approx(1 / (1 + np.exp(-1)))
    assert solutions.optimal_policy([0.5, 0.5], [-1e6, 1e6], 1.0).tolist() == [0.0, 1.0]
    assert solutions.optimal_policy([0.6, 0.0, 0.4], [0.0, 1e6, 0.0], 1.0) == pytest.approx([0.6, 0.0, 0.4])
    assert solutions.optimal_policy([0.6, 0.0, 0.4], [0.0, 1e6, 0.0], 1.0)[1] == 0.0
    odds = np.exp(460 + np.log(1e-200))
    assert solutions.optimal_policy([1.0, 1e-200], [0.0, 460.0], 1.0)[1] == pytest.approx(odds / (1 + odds))
    assert solutions.optimal_policy([0.3, 0.7], [5.0, -5.0], 1e12) == pytest.approx([0.3, 0.7])


@pytest.mark.parametrize(
    ("ref_probs", "rewards", "beta"),
    [
        ([0.5, 0.5], [0.0, 1.0], 0.0),
        ([0.5, 0.5], [0.0, 1.0], -1.0),
        ([0.5, 0.5], [0.0, 1.0], np.nan),
        ([0.5, 0.4], [0.0, 1.0], 1.0),
        ([1.5, -0.5], [0.0, 1.0], 1.0),
        ([np.nan, 1.0], [0.0, 1.0], 1.0),
        ([0.5, 0.5], [0.0], 1.0),
        ([0.5, 0.5], [0.0, np.inf], 1.0),
    ],
)
def test_optimal_policy_refuses(ref_probs, rewards, beta):
    with pytest.raises(ValueError, match=r"ref_probs|rewards|beta"):
        solutions.optimal_policy(ref_probs, rewards, beta)


def test_demo_with_the_reversed_penalty_is_what_an_optimiser_finds():
    for rare, reward, beta in ((1e-2, 3.0, 1.0), (0.1, 0.5, 2.0), (1e-3, 5.0, 0.5)):
        ref_probs, forward, backward = demos._both_directions(rare, reward, beta)
        rewards = np.append(demos.DIRECTION_REWARDS, reward)

        def loss(logits):
            policy = np.exp(log_softmax(logits))
            return -(policy @ rewards - beta * rel_entr(ref_probs, policy).sum())  # noqa: B023

        found = optimize.minimize(loss, np.log(backward) + 0.1 * np.arange(5), method="BFGS", options={"gtol": 1e-8})
        assert np.exp(log_softmax(found.x)) == pytest.approx(backward, abs=1e-4)
        assert forward == pytest.approx(solutions.optimal_policy(ref_probs, rewards, beta))


def test_better_reward_models_turn_later():
    """Gao, Schulman and Hilton (2023): proxy rises, true reward turns, later with a better proxy."""
    worlds = [demos._Hacking(seen) for seen in (240, 260, 280, 300)]
    for world in worlds:
        kl, proxy, true = world.along
        assert np.all(np.diff(kl) > 0)
        assert np.all(np.diff(proxy) > 0)
        assert true[0] < true[world.peak] > true[-1]
        assert np.all(np.diff(true[: world.peak + 1]) > 0)
        assert np.all(np.diff(true[world.peak :]) < 0)
    turns = [world.along[0][world.peak] for world in worlds]
    assert turns == sorted(turns)
