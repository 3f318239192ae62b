"""Chapter 3's reference functions against torch's autograd, enumeration, optimisers and published worked values."""

from itertools import product

import numpy as np
import pytest
import torch
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, log_softmax, logsumexp, softmax

from utils.demos.ch03 import _ThreeResponses
from utils.solutions import ch03

# log-probabilities of winner and loser under policy and reference, as measured with widely used libraries
PAIR = ([-10.0], [-11.0], [-12.0], [-11.5])


def random_batch(seed, n_pairs=50):
    rng = np.random.default_rng(seed)
    ref_win, ref_lose = rng.normal(-40, 6, size=(2, n_pairs))
    return ref_win + rng.normal(0, 8, n_pairs), ref_win, ref_lose + rng.normal(0, 8, n_pairs), ref_lose


@pytest.mark.parametrize(("beta", "expected"), [(0.1, 0.6209570), (0.5, 0.3868710)])
def test_dpo_loss_gives_the_libraries_values(beta, expected):
    assert ch03.dpo_loss(*PAIR, beta) == pytest.approx(expected, abs=5e-8)


@pytest.mark.parametrize(("beta", "expected"), [(0.1, 0.6359570), (0.5, 0.4618710)])
def test_smoothed_labels_give_the_libraries_values(beta, expected):
    logp_win, ref_win, logp_lose, ref_lose = PAIR
    smoothed = 0.9 * ch03.dpo_loss(*PAIR, beta) + 0.1 * ch03.dpo_loss(logp_lose, ref_lose, logp_win, ref_win, beta)
    assert smoothed == pytest.approx(expected, abs=5e-8)


@pytest.mark.parametrize(("beta", "summed", "averaged"), [(0.1, 12.25, 21.855625), (0.5, 0.25, 0.455625)])
def test_ipo_loss_gives_the_libraries_values(beta, summed, averaged):
    assert ch03.ipo_loss(*PAIR, beta) == pytest.approx(summed, abs=1e-12)
    per_token = [np.divide(values, n) for values, n in zip(PAIR, (5, 5, 4, 4), strict=True)]
    assert ch03.ipo_loss(*per_token, beta) == pytest.approx(averaged, abs=1e-12)


def test_dpo_loss_is_torchs_logsigmoid():
    for seed, beta in enumerate((0.01, 0.1, 1.0, 10.0)):
        batch = random_batch(seed)
        lw, rw, ll, rl = map(torch.tensor, batch)
        expected = -torch.nn.functional.logsigmoid(beta * ((lw - rw) - (ll - rl))).mean().item()
        assert ch03.dpo_loss(*batch, beta) == pytest.approx(expected, rel=1e-12)
        assert ch03.debugged_dpo_loss(*batch, beta) == pytest.approx(expected, rel=1e-12)


def test_dpo_loss_is_exact_at_both_ends():
    assert ch03.dpo_loss([-1000], [0], [0], [0], 1.0) == 1000.0
    assert ch03.dpo_loss([0], [-1000], [0], [0], 1.0) == 0.0
    assert ch03.dpo_loss([-100], [-300], [-400], [-200], 0.1) == pytest.approx(np.exp(-40), rel=1e-12)
    assert ch03.debugged_dpo_loss([-1000], [0], [0], [0], 1.0) == 1000.0


def test_gradient_of_the_loss_by_autograd():
    logits = torch.randn(6, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    log_ref = torch.linspace(-3, -1, 6, dtype=torch.float64)
    beta, w, l = 0.3, 1, 4
    log_policy = logits.log_softmax(0)
    margin = (log_policy - log_ref)[w] - (log_policy - log_ref)[l]
    torch.nn.functional.softplus(-beta * margin).backward()
    weight = ch03.gradient_weight(ch03.preference_probability(margin.item(), beta))
    expected = np.zeros(6)
    expected[w], expected[l] = -beta * weight, beta * weight  # the softmax's normaliser cancels
    np.testing.assert_allclose(logits.grad.numpy(), expected, atol=1e-14)


def test_the_faulty_listing_has_one_right_and_one_wrong_gradient():
    slopes = {}
    for sign in (1, -1):
        logp = torch.tensor([-5.0, -4.5], dtype=torch.float64, requires_grad=True)
        ratios = logp - torch.tensor([-6.0, -4.0], dtype=torch.float64)
        torch.nn.functional.softplus(-0.1 * (ratios[0] + sign * ratios[1])).backward()
        slopes[sign] = logp.grad.tolist()
    assert slopes[1] == pytest.approx([-0.0487502627, -0.0487502627], abs=5e-9)
    assert slopes[-1] == pytest.approx([-0.0462570153, 0.0462570153], abs=5e-9)


def test_z_cancels_over_all_responses_of_a_small_vocabulary():
    rng = np.random.default_rng(1)
    next_token = rng.dirichlet(np.ones(3), size=4)
    responses = list(product(range(3), repeat=4))
    log_ref = np.array([sum(np.log(next_token[a, b]) for a, b in zip((3, *y), y, strict=False)) for y in responses])
    assert logsumexp(log_ref) == pytest.approx(0, abs=1e-12)
    reward, beta = rng.normal(size=81), 0.4
    log_optimal = log_softmax(log_ref + reward / beta)
    implicit = ch03.implicit_reward(log_optimal, log_ref, beta)
    np.testing.assert_allclose(reward - implicit, beta * logsumexp(log_ref + reward / beta), atol=1e-12)
    i, j = rng.integers(81, size=(2, 200))
    margin = ch03.log_ratio_margin(log_optimal[i], log_ref[i], log_optimal[j], log_ref[j])
    np.testing.assert_allclose(ch03.preference_probability(margin, beta), expit(reward[i] - reward[j]), atol=1e-12)


@pytest.mark.parametrize("beta", [0.3, 1.0, 3.0])
def test_the_population_minimum_is_the_optimal_policy(beta):
    rng = np.random.default_rng(2)
    log_ref, reward = log_softmax(rng.normal(size=4)), rng.normal(size=4)
    winners, losers = np.nonzero(~np.eye(4, dtype=bool))
    share = expit(reward[winners] - reward[losers])

    def population_loss(logits):
        logp = log_softmax(logits)
        pairs = zip(winners, losers, strict=True)
        return np.average(
            [ch03.dpo_loss([logp[w]], [log_ref[w]], [logp[l]], [log_ref[l]], beta) for w, l in pairs], weights=share
        )

    trained = softmax(minimize(population_loss, log_ref, tol=1e-9).x)
    np.testing.assert_allclose(trained, softmax(log_ref + reward / beta), atol=2e-5)


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9, 0.99])
@pytest.mark.parametrize("beta", [0.1, 1.0])
def test_fitted_margins_minimise_the_mean_losses(share, beta):
    for loss, fitted in ((ch03.dpo_loss, ch03.dpo_fitted_margin), (ch03.ipo_loss, ch03.ipo_fitted_margin)):

        def mean(margin, loss=loss):
            return share * loss([margin], [0], [0], [0], beta) + (1 - share) * loss([-margin], [0], [0], [0], beta)

        found = minimize_scalar(mean, bounds=(-20 / beta, 20 / beta), method="bounded", options={"xatol": 1e-9}).x
        assert fitted(share, beta) == pytest.approx(found, abs=1e-4 / beta)


@pytest.mark.parametrize("loss", [ch03.dpo_loss, ch03.ipo_loss])
def test_bad_input_is_refused(loss):
    for arrays in (([], [], [], []), ([1, 2], [1, 2], [1, 2], [1]), ([1], [1], [1], [np.nan])):
        with pytest.raises(ValueError):
            loss(*arrays, 0.1)
    with pytest.raises(ValueError, match="beta"):
        loss([1], [1], [1], [1], 0.0)


@pytest.mark.parametrize("sharing", [0.0, 0.7, 1.5, 2.0])
def test_the_displacement_demo_descends_the_dpo_loss(sharing):
    model = _ThreeResponses(sharing, beta=0.2)
    parameters = torch.tensor([0.3, -0.2, 0.1, -0.4], dtype=torch.float64, requires_grad=True)
    log_ref = torch.log(torch.tensor(model.reference))
    log_policy = (log_ref + torch.tensor(model.features) @ parameters).log_softmax(0)
    ratios = log_policy - log_ref
    loss = torch.nn.functional.softplus(-0.2 * (ratios[0] - ratios[1]))
    loss.backward()
    values = parameters.detach().numpy()
    assert model.loss(values) == pytest.approx(loss.item(), rel=1e-12)
    assert model.loss(values) == pytest.approx(
        ch03.dpo_loss(*([v.item()] for v in (log_policy[0], log_ref[0], log_policy[1], log_ref[1])), 0.2), rel=1e-12
    )
    np.testing.assert_allclose(model.gradient(values), parameters.grad.numpy(), atol=1e-14)


def test_displacement_rate_is_the_slope_of_the_winners_log_probability():
    for sharing in (0.0, 0.5, 1.0, 1.5, 2.0):
        model = _ThreeResponses(sharing, beta=0.1)
        step = -1e-6 * model.gradient(np.zeros(4)) / (0.1 * 0.5)  # in units of beta times weight
        slope = (model.log_policy(step)[0] - model.log_policy(np.zeros(4))[0]) / 1e-6
        assert ch03.displacement_rate(model.reference, sharing) == pytest.approx(slope, abs=1e-5)


def test_in_a_table_the_winner_always_rises():
    rng = np.random.default_rng(3)
    for probs in rng.dirichlet(np.full(3, 0.3), size=200):
        assert ch03.displacement_rate(probs, 0.0) == pytest.approx(1 - probs[0] + probs[1])
        assert ch03.displacement_rate(probs, 0.0) >= 0
