"""Chapter 0, reward modeling: what `check` says and what the hidden tests ask."""

import numpy as np
from scipy.special import expit

from autograder.marking import Chapter, Fail, Letter, Line, Number, Raises, Slip
from autograder.variants import Variant, in_steps, several, table, variants_of
from utils.solutions import ch00 as solutions

chapter = Chapter("ch00_reward_modeling")
grade = chapter.grade

# --- 0.1 Preference probability ---------------------------------------------------------------------------------------


def answer_0_1(r_a, r_b, right):
    """The question with any two rewards."""
    return Number(
        "answer_0_1",
        solutions.preference_probability(r_a, r_b),
        right=right,
        slips=(
            Slip(
                solutions.preference_probability(r_b, r_a),
                "This is the probability that B wins: the reward of the response you ask about comes first.",
            ),
            Slip(
                r_a / (r_a + r_b),
                "You took the share of the rewards. Bradley-Terry takes the sigmoid of their difference.",
            ),
            Slip(1 / (1 + 10 ** (r_b - r_a)), "You used powers of 10, as Elo does. Here the base is e."),
            Slip(expit(r_a), "You left B out: the argument of the sigmoid is the difference of both rewards."),
        ),
    )


ex0_1 = chapter.derive(
    "0.1",
    answer_0_1(2.0, 0.5, "A gap of 1.5 wins about 82 times in 100. On the chess scale that is 261 Elo points."),
)


@variants_of(ex0_1, r_a=in_steps(0.2, 4, 0.1), r_b=in_steps(0.2, 4, 0.1))
def _(r_a, r_b):
    return Variant(
        f"Response A has reward $r(A) = {r_a:g}$ and response B has $r(B) = {r_b:g}$. What is $P(A \\succ B)$ under the "
        "Bradley-Terry model?",
        answer_0_1(r_a, r_b, "It is the sigmoid of the gap, r(A) - r(B)."),
    )


# --- 0.2 Preference log-likelihood ------------------------------------------------------------------------------------


def answer_0_2(winners, losers, right, more_slips=()):
    """The question with any three pairs of which one is ranked wrongly."""
    total = solutions.log_likelihood(winners, losers)
    (wrong,) = np.flatnonzero(np.less(winners, losers))
    return Number(
        "answer_0_2",
        total,
        right=right,
        slips=(
            Slip(-total, "Right size, wrong sign: a log-likelihood of probabilities below 1 is negative."),
            Slip(total / 3, "This is the mean. The total is asked."),
            Slip(np.exp(total), "This is the likelihood itself. Take its logarithm."),
            Slip(total / np.log(10), "You took logarithms to base 10. The natural logarithm is meant."),
            Slip(
                solutions.log_likelihood(np.maximum(winners, losers), np.minimum(winners, losers)),
                f"In the {('first', 'second', 'third')[wrong]} pair the winner has the smaller reward: its difference is "
                "negative.",
            ),
            *more_slips,
        ),
    )


ex0_2 = chapter.derive(
    "0.2",
    answer_0_2(
        (1.0, 2.5, 0.2),
        (0.3, 1.0, 0.8),
        "The third pair alone costs 1.04 nats, more than the other two together: the model ranks it wrongly.",
        [Slip(-1.466, "This number stands in an older answer key. No rounding of these three terms gives it.")],
    ),
)


@variants_of(ex0_2, winners=several(3, in_steps(0.1, 3, 0.1)), losers=several(3, in_steps(0.1, 3, 0.1)))
def _(winners, losers):
    if np.sum(np.less(winners, losers)) != 1 or np.any(np.equal(winners, losers)):
        return None
    return Variant(
        "A reward model scored three pairs; of each pair people preferred $y_w$.\n\n"
        + table(("pair", "$r(y_w)$", "$r(y_l)$"), zip((1, 2, 3), winners, losers, strict=True))
        + "\n\nWhat is the total log-likelihood, in nats?",
        answer_0_2(winners, losers, "It is the sum of log sigmoid(r(y_w) - r(y_l)) over the three pairs."),
    )


# --- 0.3 Tied rewards -------------------------------------------------------------------------------------------------

chapter.trace(
    "0.3",
    Letter(
        "answer_0_3",
        "C",
        options={
            "A": "The level does not matter: adding 10 to both rewards leaves their difference, and so the probability, "
            "as it was.",
            "B": "The model does not abstain: the sigmoid has a value at 0 as everywhere else.",
            "C": "The sigmoid sees only the difference, and at 0 it is one half, whatever the common level.",
            "D": "Nothing breaks the tie: exchanging a and b leaves the question as it is, so neither can be favoured.",
        },
    ),
)

# --- 0.4 Gradient on the winner ---------------------------------------------------------------------------------------


def answer_0_4(r_win, r_lose, right, more_slips=()):
    """The question with any two rewards."""
    push, gap = solutions.winner_gradient(r_win, r_lose), r_win - r_lose
    return Number(
        "answer_0_4",
        push,
        right=right,
        slips=(
            Slip(-push, "This is the derivative of the loss, which has the other sign. The size of the push is asked."),
            Slip(
                solutions.winner_gradient(r_lose, r_win),
                "This is the probability that the model gives to what happened. The push is what is missing to 1.",
            ),
            Slip(
                expit(gap) * expit(-gap), "This is the derivative of the sigmoid. Its logarithm is differentiated here."
            ),
            *more_slips,
        ),
    )


ex0_4 = chapter.derive(
    "0.4",
    answer_0_4(
        0.5,
        1.5,
        "The pair is ranked wrongly, so the push is strong: 0.731 of the 1 it can be at most.",
        [Slip(1.0, "The push tends to 1 when the gap is large. Here it is only 1 in size.")],
    ),
)


@variants_of(ex0_4, r_win=in_steps(0.2, 4, 0.1), r_lose=in_steps(0.2, 4, 0.1))
def _(r_win, r_lose):
    slips = (
        Slip(expit(r_win), "You left the loser out: the argument of the sigmoid is the difference of both rewards."),
        Slip(r_win - r_lose, "This is the gap of the two rewards. The push is the sigmoid of minus the gap."),
    )
    return Variant(
        f"The model gives $r(y_w) = {r_win:g}$ to the winner of a pair and $r(y_l) = {r_lose:g}$ to the loser. How large is "
        "the derivative of the pair's log-likelihood with respect to $r(y_w)$? Give its magnitude, a positive number.",
        answer_0_4(r_win, r_lose, "It is 1 - sigmoid(gap), what the model's probability lacks to 1.", slips),
    )


# --- 0.5 bradley_terry ------------------------------------------------------------------------------------------------

ex0_5 = chapter.build(
    "0.5",
    solutions.bradley_terry,
    cases=(
        "bradley_terry([2.0], [0.5])",
        "bradley_terry([1.0, 0.0, -3.0], [1.0, 2.0, -4.0])",
        "bradley_terry([-500.0], [500.0])",
        Raises("bradley_terry([], [])"),
    ),
    right="The loss is exact from the hopeless pair to the sure one.",
    slips=(
        Slip(
            lambda r_win, r_lose: np.sum(np.logaddexp(0, np.subtract(r_lose, r_win))),
            "You returned the sum over the pairs. The mean is asked.",
        ),
        Slip(
            lambda r_win, r_lose: np.mean(np.logaddexp(0, np.subtract(r_win, r_lose))),
            "Your loss falls when the loser is preferred: check the sign of the difference.",
        ),
        Slip(
            lambda r_win, r_lose: -np.mean(np.logaddexp(0, np.subtract(r_lose, r_win))),
            "You returned the log-likelihood, which is to be maximised. The loss is its negative.",
        ),
        Slip(
            lambda r_win, r_lose: np.mean(expit(np.subtract(r_lose, r_win))),
            "You averaged 1 - sigmoid. The loss is minus the logarithm of the sigmoid.",
        ),
        Slip(
            lambda r_win, r_lose: np.mean(np.logaddexp(0, np.subtract(r_lose, r_win))) / np.log(2),
            "You took logarithms to base 2. The natural logarithm is meant.",
        ),
    ),
)


@ex0_5.group("values", "Your mean of -log sigmoid(r_win - r_lose) is off on ordinary rewards.", weight=2)
def _(student, rng):
    ex0_5.compare(student, [1.0, 2.5, 0.2], [0.3, 1.0, 0.8])
    for n_pairs in (1, 2, 7, 100):
        ex0_5.compare(student, *rng.normal(scale=2.0, size=(2, n_pairs)))
    ex0_5.compare(student, np.full(5, 3.0), np.full(5, 3.0))


@ex0_5.group("badly wrong pairs", "A gap of -1000 must cost 1000 nats. Which step of yours overflows, or meets log(0)?")
def _(student, rng):
    ex0_5.compare(student, [0.0], [1000.0])
    ex0_5.compare(student, -1e4 * rng.uniform(1, 2, size=20), 1e4 * rng.uniform(1, 2, size=20))


@ex0_5.group(
    "sure pairs", "A gap of 40 must cost about exp(-40), small but not 0. Adding it to 1 loses it: is there a log1p?"
)
def _(student, rng):
    ex0_5.compare(student, [40.0], [0.0], relative=1e-4, absolute=0.0)
    ex0_5.compare(student, 40 + rng.uniform(0, 40, size=20), np.zeros(20), relative=1e-4, absolute=0.0)


@ex0_5.group("lists and integers", "Lists and integer arrays must work as well as float arrays, and stay as they were.")
def _(student, rng):
    ex0_5.compare(student, [3, 1, 2], [1, 1, 5])
    ex0_5.compare(student, rng.integers(-3, 4, size=9), rng.integers(-3, 4, size=9))
    r_win, r_lose = rng.normal(size=(2, 6))
    before = r_win.copy(), r_lose.copy()
    student(r_win, r_lose)
    if not (np.array_equal(r_win, before[0]) and np.array_equal(r_lose, before[1])):
        raise Fail("Your function changed the arrays it was given. Work on a copy.")


@ex0_5.group("bad input", "Empty arrays and arrays of unequal length must raise ValueError, not return a number.")
def _(student, rng):
    ex0_5.expect_error(student, ValueError, [], [])
    ex0_5.expect_error(student, ValueError, np.zeros(3), np.zeros(2))
    ex0_5.expect_error(student, ValueError, rng.normal(size=4), [0.0])


# --- 0.6 NaN in the reward loss ---------------------------------------------------------------------------------------

ex0_6 = chapter.debug(
    "0.6",
    solutions.reward_loss,
    Line(
        "buggy_line_0_6",
        5,
        right="Line 5 holds both faults.\n\nThe first is the logarithm of a sigmoid. Where exp(-(w - l)) overflows (gaps below "
        "-709.78 in double precision, below -88.72 in single) the sigmoid is 0 and its logarithm -inf. The loss stays "
        "-inf; the backward pass multiplies infinity by 0, and that is the NaN.\n\nThe second is the sign. Adding log(prob) "
        "gives the mean log-likelihood, and whoever minimises that trains the model backwards.\n\nA popular repair is "
        "`loss -= np.log(1 + np.exp(-(w - l)))`. It mends neither: it has the value of the old line to the last digit "
        "(-0.2014 at a gap of 1.5) and overflows at the same gaps. `loss += np.logaddexp(0, -(w - l))` mends both.",
        slips={
            1: "Line 1 only names the function.",
            2: "Starting the sum at 0 is right.",
            3: "The loop visits each pair once, as it should.",
            4: "Line 4 is a correct sigmoid, only fragile: where it overflows it returns 0, and 0 is still the nearest "
            "number to the truth. Which line cannot live with a 0?",
            6: "Dividing by the number of pairs is right: the mean is meant.",
        },
    ),
    cases=(
        "reward_loss([1.0], [1.0])",
        "reward_loss([2.0, 0.5], [0.5, 1.5])",
        "reward_loss([-800.0], [0.0])",
    ),
    right="It is positive, it falls when the winner's reward rises, and it stays finite.",
    slips=(
        Slip(
            lambda r_win, r_lose: -np.mean(np.logaddexp(0, np.subtract(r_lose, r_win))),
            "It is finite now, but negative: this is still the log-likelihood. Minimising it would train the model "
            "backwards.",
        ),
        Slip(
            lambda r_win, r_lose: np.sum(np.logaddexp(0, np.subtract(r_lose, r_win))),
            "The division by the number of pairs got lost.",
        ),
        Slip(
            lambda r_win, r_lose: np.mean(np.logaddexp(0, np.subtract(r_win, r_lose))),
            "It is positive now, but it falls when the loser is preferred: check the sign of the difference.",
        ),
        Slip(
            lambda r_win, r_lose: -np.mean(np.log(np.maximum(expit(np.subtract(r_win, r_lose)), 1e-12))),
            "A floor under the probability hides the fault: below it the loss is flat, so the worst pairs stop teaching.",
        ),
    ),
)


@ex0_6.group(
    "sign and value",
    "On ordinary rewards your loss is not the mean of -log sigmoid(w - l). Is it positive, and does it fall when the "
    "winner's reward rises?",
)
def _(student, rng):
    ex0_6.compare(student, [1.0, 2.5, 0.2], [0.3, 1.0, 0.8])
    for n_pairs in (2, 5, 30):
        ex0_6.compare(student, *rng.normal(scale=2.0, size=(2, n_pairs)))


@ex0_6.group(
    "stability",
    "On a gap of -800 the loss must be 800, neither infinite nor cut off: log(1 + exp(800)) overflows as the old line "
    "did. numpy has a function for it.",
)
def _(student, rng):
    ex0_6.compare(student, [-800.0], [0.0])
    ex0_6.compare(student, rng.uniform(-3000, -710, size=8), rng.uniform(0, 100, size=8))
    ex0_6.compare(student, [36.0, 45.0], [0.0, 0.0], relative=1e-4, absolute=0.0)


@ex0_6.group("one pair and many", "One pair, and a thousand, must give the mean over the pairs.")
def _(student, rng):
    ex0_6.compare(student, rng.normal(size=1), rng.normal(size=1))
    ex0_6.compare(student, *rng.normal(size=(2, 1000)))


# --- 0.7 Fit Bradley-Terry rewards ------------------------------------------------------------------------------------


def _fit_with(penalty_factor=lambda n_comparisons: 1.0, flip=False):
    """A fit that weighs the penalty wrongly against the losses, or takes losers for winners."""

    def fit(comparisons, n_items, l2=1e-2):
        comparisons = np.asarray(comparisons)[:, ::-1] if flip else np.asarray(comparisons)
        return solutions.fit_bradley_terry(comparisons, n_items, l2=l2 * penalty_factor(len(comparisons)))

    return fit


ex0_7 = chapter.build(
    "0.7",
    solutions.fit_bradley_terry,
    cases=(
        "fit_bradley_terry([[0, 1], [0, 1], [1, 0]], n_items=2)",
        "fit_bradley_terry([[0, 1], [1, 2], [0, 2], [2, 1]], n_items=3, l2=0.5)",
        Raises("fit_bradley_terry([[0, 5]], n_items=3)"),
    ),
    right="The fit is the exact minimum, and its mean is 0.",
    slips=(
        Slip(
            _fit_with(lambda n_comparisons: n_comparisons),
            "You used the mean of the losses: the penalty then weighs too much, and the rewards lie too close together.",
        ),
        Slip(_fit_with(lambda _: 2.0), "Your penalty is twice too strong: it is l2 / 2 times the sum of squares."),
        Slip(_fit_with(flip=True), "Winner and loser are exchanged: the first column holds the winner."),
        Slip(_fit_with(lambda _: 1e-5), "The penalty has no effect. Is l2 in the gradient too?"),
    ),
)

EXACT = {"relative": 0.0, "absolute": 2e-6}


def _tournament(rng, n_items, n_comparisons):
    """Random comparisons between items whose rewards are standard normal."""
    truth = rng.normal(size=n_items)
    pairs = np.array([rng.choice(n_items, size=2, replace=False) for _ in range(n_comparisons)])
    first_wins = rng.random(n_comparisons) < expit(truth[pairs[:, 0]] - truth[pairs[:, 1]])
    return np.where(first_wins[:, None], pairs, pairs[:, ::-1])


@ex0_7.group(
    "the minimum",
    "Your rewards are not the minimum to 1e-6. If they are near it, the optimiser stopped early: go on until the gradient "
    "is below 1e-8, or take Newton steps.",
    weight=2,
)
def _(student, rng):
    for n_items, n_comparisons in ((2, 5), (4, 30), (6, 80)):
        ex0_7.compare(student, _tournament(rng, n_items, n_comparisons), n_items, **EXACT)


@ex0_7.group(
    "the penalty", "With another l2 your rewards are off: the penalty is l2 / 2 times the sum of squared rewards."
)
def _(student, rng):
    for l2 in (0.1, 1.0, 10.0):
        ex0_7.compare(student, _tournament(rng, 4, 25), 4, l2=l2, **EXACT)
        ex0_7.compare(student, _tournament(rng, 4, 25), n_items=4, l2=l2, **EXACT)


@ex0_7.group(
    "one-sided results",
    "An item that never loses, and one that never plays, must get finite rewards: the penalty keeps the first finite and "
    "the second at the minimum of its own square.",
)
def _(student, rng):
    ex0_7.compare(student, [[0, 1]] * 6 + [[1, 2]] * 6, 3, **EXACT)
    ex0_7.compare(student, [[2, 0], [2, 1]], 4, l2=0.1, **EXACT)


@ex0_7.group(
    "plain lists", "A list of pairs must do as well as an array, and the result is an array of length n_items."
)
def _(student, rng):
    comparisons = _tournament(rng, 5, 40).tolist()
    ex0_7.compare(student, comparisons, 5, **EXACT)


@ex0_7.group(
    "bad indices", "An index below 0 or above n_items - 1 must raise ValueError. NumPy takes -1 for the last item."
)
def _(student, rng):
    ex0_7.expect_error(student, ValueError, [[0, 1], [-1, 2]], 3)
    ex0_7.expect_error(student, ValueError, [[0, 3]], 3)
