"""Chapter 8's references against Nashpy, linear programs, brute force and published values."""

import itertools
import warnings

import nashpy
import numpy as np
import pytest

from utils.demos import ch08 as demos
from utils.envs import kuhn_poker
from utils.solutions import ch08 as solutions

PENNIES = np.array([[1, -1], [-1, 1]])
ROCK_PAPER_SCISSORS = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])


def nashpy_equilibria(payoff_row, payoff_col):
    """All equilibria of a nondegenerate game, by Nashpy's support enumeration."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where the number of equilibria is even: a sign of degeneracy
        return list(nashpy.Game(payoff_row, payoff_col).support_enumeration())


def test_two_by_two_games_agree_with_nashpy():
    """Two thousand games: every pure and mixed equilibrium, and no other."""
    rng = np.random.default_rng(0)
    n_mixed = 0
    for _ in range(2000):
        payoffs = rng.normal(size=(2, 2, 2))
        found = nashpy_equilibria(*payoffs)
        pure = sorted((int(x.argmax()), int(y.argmax())) for x, y in found if max(x) == 1 == max(y))
        mixed = [(x[0], y[0]) for x, y in found if max(x) < 1]
        assert solutions.pure_nash(*payoffs) == pure
        assert len(mixed) <= 1
        if mixed:
            n_mixed += 1
            np.testing.assert_allclose(solutions.mixed_nash_2x2(*payoffs), mixed[0], rtol=1e-9, atol=1e-12)
        else:
            with pytest.raises(ValueError, match="payoff_row"):
                solutions.mixed_nash_2x2(*payoffs)
    assert 400 < n_mixed < 600  # one game in four


def test_pure_equilibria_of_larger_games_agree_with_nashpy():
    rng = np.random.default_rng(1)
    for shape in itertools.product((1, 2, 3), (2, 3, 4)):
        for _ in range(15):
            payoffs = rng.normal(size=(2, *shape))
            found = nashpy_equilibria(*payoffs)
            pure = sorted((int(x.argmax()), int(y.argmax())) for x, y in found if max(x) == 1 == max(y))
            assert solutions.pure_nash(*payoffs) == pure


def test_pure_equilibria_with_ties_agree_with_the_definition():
    """Games full of ties, where Nashpy warns: no change of one player's action pays more."""
    rng = np.random.default_rng(2)
    for _ in range(500):
        a, b = rng.integers(0, 3, size=(2, *rng.integers(1, 5, size=2)))
        stable = [
            (i, j)
            for i, j in np.ndindex(a.shape)
            if not any(a[k, j] > a[i, j] for k in range(a.shape[0]))
            and not any(b[i, k] > b[i, j] for k in range(a.shape[1]))
        ]
        assert solutions.pure_nash(a, b) == stable
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            game = nashpy.Game(a, b)
            for i, j in np.ndindex(a.shape):
                x, y = np.eye(a.shape[0])[i], np.eye(a.shape[1])[j]
                assert bool(all(game.is_best_response(x, y))) == ((i, j) in stable)


def test_best_responses_agree_with_nashpy():
    rng = np.random.default_rng(3)
    for _ in range(200):
        b = rng.integers(0, 4, size=rng.integers(1, 6, size=2))
        game = nashpy.Game(np.zeros_like(b), b)
        row = int(rng.integers(b.shape[0]))
        x = np.eye(b.shape[0])[row]
        theirs = [j for j in range(b.shape[1]) if game.is_best_response(x, np.eye(b.shape[1])[j])[1]]
        assert solutions.best_responses(b, row).tolist() == theirs


def test_fictitious_play_agrees_with_nashpy():
    """Nashpy breaks ties at random and starts from a random round, so: no ties, and its counts after our round 0."""
    rng = np.random.default_rng(4)
    for _ in range(40):
        shape = rng.integers(2, 6, size=2)
        payoff_row, payoff_col = rng.normal(size=(2, *shape))
        first = tuple(np.eye(n)[0] for n in shape)
        game = nashpy.Game(payoff_row, payoff_col)
        for n_rounds, counts in enumerate(game.fictitious_play(iterations=60, play_counts=first), start=1):
            if n_rounds in (1, 2, 7, 61):
                ours = solutions.fictitious_play(payoff_row, payoff_col, n_rounds)
                for our, their in zip(ours, counts, strict=True):
                    np.testing.assert_allclose(our, their / n_rounds, atol=1e-12)


def test_fictitious_play_breaks_ties_at_the_lowest_index_by_hand():
    row_freq, col_freq = solutions.fictitious_play(PENNIES, -PENNIES, 10)
    # Heads = 0. Rows: 0 0 0 1 1 1 1 1 1 1; columns: 0 1 1 1 1 1 0 0 0 0 (round 6: three Heads, three Tails, a tie).
    np.testing.assert_allclose(row_freq, [0.3, 0.7])
    np.testing.assert_allclose(col_freq, [0.5, 0.5])


def test_fictitious_play_converges_in_zero_sum_games_to_the_value():
    rng = np.random.default_rng(5)
    for payoffs in (PENNIES, ROCK_PAPER_SCISSORS, rng.normal(size=(4, 6))):
        x, y = solutions.fictitious_play(payoffs, -payoffs, 20_000)
        assert solutions.exploitability(payoffs, x, y) < 0.03
        assert solutions.expected_payoff(payoffs, x, y) == pytest.approx(solutions.maximin(payoffs)[0], abs=0.03)


def test_value_of_rock_paper_scissors():
    value, mix = solutions.maximin(ROCK_PAPER_SCISSORS)
    assert value == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(mix, 1 / 3, atol=1e-9)


def test_maximin_agrees_with_nashpy():
    rng = np.random.default_rng(6)
    for _ in range(60):
        payoffs = rng.normal(size=(2, 2))
        x, y = next(iter(nashpy_equilibria(payoffs, -payoffs)))
        assert solutions.maximin(payoffs)[0] == pytest.approx(x @ payoffs @ y, abs=1e-8)
        assert solutions.exploitability(payoffs, x, y) == pytest.approx(0, abs=1e-9)
    assert solutions.maximin([[3, 0], [1, 2]])[0] == pytest.approx(1.5)


def test_expected_payoff_is_the_mean_over_sampled_cells():
    a, x, y = np.array([[4, 1], [2, 3]]), [0.6, 0.4], [0.3, 0.7]
    by_cell = sum(x[i] * y[j] * a[i, j] for i, j in np.ndindex(2, 2))
    assert solutions.expected_payoff(a, x, y) == pytest.approx(by_cell) == pytest.approx(2.22)


@pytest.mark.parametrize(
    ("payoff_row", "payoff_col"),
    [([[3, 0], [0, 2]], [[1, 1], [0, 1]]), ([[3, 0], [0, 2]], [[4, 4], [7, 7]]), (np.ones((2, 2)), np.ones((2, 2)))],
)
def test_degenerate_games_have_no_single_mix(payoff_row, payoff_col):
    with pytest.raises(ValueError, match="more than one"):
        solutions.mixed_nash_2x2(payoff_row, payoff_col)


@pytest.mark.parametrize(
    ("payoff_row", "payoff_col", "argument"),
    [
        ([1, 2], [1, 2], "payoff_row"),
        (np.zeros((0, 2)), np.zeros((0, 2)), "payoff_row"),
        (np.zeros((2, 2)), np.zeros((2, 3)), "payoff_row and payoff_col"),
        ([[np.nan]], [[0.0]], "payoff_row"),
        ([[0.0]], [[np.inf]], "payoff_col"),
    ],
)
def test_bad_games_are_named(payoff_row, payoff_col, argument):
    for function in (solutions.pure_nash, solutions.mixed_nash_2x2, lambda a, b: solutions.fictitious_play(a, b, 3)):
        with pytest.raises(ValueError, match=argument):
            function(payoff_row, payoff_col)


def test_other_bad_arguments_are_named():
    with pytest.raises(ValueError, match="payoff_row"):
        solutions.mixed_nash_2x2(np.zeros((3, 3)), np.zeros((3, 3)))
    with pytest.raises(ValueError, match="n_rounds"):
        solutions.fictitious_play(PENNIES, -PENNIES, 0)


# --- Kuhn poker -------------------------------------------------------------------------------------------------------


def test_kuhn_poker_has_kuhns_value():
    table = kuhn_poker.payoff_matrix()
    assert table.shape == (27, 64)
    assert solutions.maximin(table / 6)[0] == pytest.approx(-1 / 18, abs=1e-9)
    assert -solutions.maximin(-table.T / 6)[0] == pytest.approx(-1 / 18, abs=1e-9)


@pytest.mark.parametrize("alpha", [0.0, 0.1, 1 / 3])
def test_kuhns_optimal_strategies_cannot_be_exploited(alpha):
    """Player 1 bets J with alpha and K with 3 alpha, and calls with Q with alpha + 1/3; player 2 calls Q, bets J: 1/3."""
    fold, call, bet = kuhn_poker.PLANS_1
    first = (
        {bet: alpha, fold: 1 - alpha},
        {call: alpha + 1 / 3, fold: 2 / 3 - alpha},
        {bet: 3 * alpha, call: 1 - 3 * alpha},
    )
    second = (
        {"fold; bet": 1 / 3, "fold; check": 2 / 3},
        {"call; check": 1 / 3, "fold; check": 2 / 3},
        {"call; bet": 1.0},
    )
    x, y = (
        np.array(
            [np.prod([mix.get(plan, 0.0) for mix, plan in zip(player, plans, strict=True)]) for plans in strategies]
        )
        for player, strategies in ((first, kuhn_poker.STRATEGIES_1), (second, kuhn_poker.STRATEGIES_2))
    )
    assert x.sum() == pytest.approx(1) and y.sum() == pytest.approx(1)
    assert solutions.exploitability(kuhn_poker.payoff_matrix() / 6, x, y) == pytest.approx(0, abs=1e-12)


# --- demos ------------------------------------------------------------------------------------------------------------


def test_the_demo_draws_all_equilibria_of_random_games():
    rng = np.random.default_rng(7)
    for _ in range(500):
        payoffs = rng.normal(size=(2, 2, 2))
        points = demos._crossings(*demos._response_curves(*payoffs))
        expected = [((1.0 - i, 1.0 - i), (1.0 - j, 1.0 - j)) for i, j in solutions.pure_nash(*payoffs)]
        try:
            p, q = solutions.mixed_nash_2x2(*payoffs)
            expected.append(((p, p), (q, q)))
        except ValueError:
            pass
        np.testing.assert_allclose(points, sorted(expected), atol=1e-9)


def test_the_demo_plays_fictitious_play():
    for payoffs in demos.LEARNING_GAMES.values():
        rows, cols = demos._histories(next(k for k, v in demos.LEARNING_GAMES.items() if v is payoffs))
        for n in (1, 20, 2818):
            for ours, theirs in zip(solutions.fictitious_play(*payoffs, n), (rows, cols), strict=True):
                np.testing.assert_allclose(ours, np.bincount(theirs[:n], minlength=len(ours)) / n)


def test_replicator_orbits_keep_their_invariant():
    """In matching pennies p (1 - p) q (1 - q) is constant along an orbit, in rock-paper-scissors the product of shares."""
    _, row, col, _, _ = demos._orbit("matching pennies", 0.7)
    invariant = np.prod(row, axis=1) * np.prod(col, axis=1)
    np.testing.assert_allclose(invariant, invariant[0], rtol=1e-5)
    _, row, _, _, _ = demos._orbit("rock-paper-scissors", 0.7)
    np.testing.assert_allclose(np.prod(row, axis=1), np.prod(row[0]), rtol=1e-5)
