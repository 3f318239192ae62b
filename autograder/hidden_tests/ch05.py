"""Chapter 5, offline RL with IQL: what `check` says and what the hidden tests ask."""

import numpy as np

from autograder.marking import Chapter, Fail, Letter, Line, Number, Raises, Slip, Word
from autograder.variants import Variant, different, in_steps, listed, one_of, variants_of
from utils.solutions import ch05 as solutions

chapter = Chapter("ch05_offline_rl_iql")
grade = chapter.grade

# --- 5.1 Expectile loss -----------------------------------------------------------------------------------------------


def answer_5_1(q_above, q_below, v, tau, right, more_slips=()):
    """The question with one Q-value above V and one below."""
    q_values = np.array([q_above, q_below])

    def loss(tau):
        return solutions.expectile_loss(q_values, [v, v], tau)

    return Number(
        "answer_5_1",
        loss(tau),
        right=right,
        slips=(
            Slip(2 * loss(tau), "This is the sum over the two steps. The loss is their mean."),
            Slip(loss(1 - tau), "The weights are exchanged: τ belongs to the Q-value above V."),
            Slip(2 * loss(1 - tau), "Two slips: the weights are exchanged, and the mean is asked, not the sum."),
            Slip(np.mean((q_values - v) ** 2), "This is the plain mean squared error. Weigh each square first."),
            Slip(loss(0.5), "You weighed both squares by one half. The weights are τ and 1 - τ."),
            Slip(
                (tau * (q_above - v) + (1 - tau) * (v - q_below)) / 2,
                "You weighed the errors themselves. Each is squared first.",
            ),
            Slip(
                tau * (q_above - v) ** 2,
                "This is the first step alone. The second has a weight too, though a smaller one.",
            ),
            *more_slips,
        ),
    )


ex5_1 = chapter.derive(
    "5.1",
    answer_5_1(
        5.0,
        2.0,
        3.0,
        0.7,
        "Had the two errors the same size, as in many textbook examples, every τ would give the same loss and nobody "
        "would notice exchanged weights. Here the exchange would give 0.95.",
        [
            Slip(
                4.0,
                "A popular answer key has this number, for the Q-values 5 and 1 and without dividing by 2. Here they are 5 "
                "and 2, and the mean is asked.",
            ),
            Slip(2.0, "This belongs to the Q-values 5 and 1, a popular example. The second one here is 2."),
        ],
    ),
)


@variants_of(
    ex5_1,
    q_above=in_steps(2, 9, 0.5),
    q_below=in_steps(0, 7, 0.5),
    v=in_steps(1, 8, 0.5),
    tau=one_of(0.6, 0.7, 0.8, 0.9),
)
def _(q_above, q_below, v, tau):
    if not q_below < v < q_above:
        return None
    return Variant(
        f"A state has the value $V(s) = {v:g}$. The record holds two steps from it, with $Q(s, a_1) = {q_above:g}$ and "
        f"$Q(s, a_2) = {q_below:g}$. How large is the expectile loss of this batch of two at $\\tau = {tau:g}$?",
        answer_5_1(
            q_above,
            q_below,
            v,
            tau,
            "It is the mean of the two squared errors, the one above V weighed by τ, the one below by 1 - τ.",
        ),
    )


# --- 5.2 Is V the expectile? ------------------------------------------------------------------------------------------


def _side_5_2(name, q_values, v, tau, right, unweighed=None):
    """The question for one side of the condition: "a" for the Q-values above V, "b" for those below."""
    above = name == "a"
    place, own, other = ("above", "τ", "1 - τ") if above else ("below", "1 - τ", "τ")
    counted = [q for q in q_values if (q > v) is above]
    errors, weight = np.abs(np.subtract(counted, v)), tau if above else 1 - tau
    value = solutions.condition_sides(q_values, v, tau)[0 if above else 1]
    if len(counted) == 1:
        it, wants = "it", f"This error still wants its weight, {own}."
        squared = "You squared the error. In the condition, the derivative of the loss, it is not squared."
        forgotten = ()
    else:
        it, wants = "them", f"These errors still want their weight, {own}."
        squared = "You squared the errors. In the condition they are not squared."
        forgotten = (
            Slip(weight * error, f"Q = {q:g} lies {place} V, too.")
            for error, q in zip(errors, reversed(counted), strict=True)
        )
    summed = Slip(weight * sum(counted), "You summed the Q-values. The sums run over the errors, Q - V.")
    return Number(
        f"answer_5_2{name}",
        value,
        right=right,
        slips=(
            Slip(errors.sum(), unweighed or wants),
            Slip((1 - weight) * errors.sum(), f"You weighed {it} by {other}. Values {place} V have the weight {own}."),
            Slip(weight * np.sum(errors**2), squared),
            Slip(value / len(q_values), "You divided by the number of values. The two sides are sums."),
            *forgotten,
            *([summed] if above else []),
        ),
    )


ex5_2 = chapter.derive(
    "5.2",
    _side_5_2(
        "a",
        (2.0, 4.0, 6.0),
        5.5,
        0.9,
        "Only Q = 6 lies above V, by one half.",
        "This is the error of Q = 6 before it is weighed, or the other side of the condition.",
    ),
    _side_5_2(
        "b",
        (2.0, 4.0, 6.0),
        5.5,
        0.9,
        "Two values lie below, 3.5 and 1.5 away. Together they pull a little harder than the one above.",
    ),
    Word(
        "answer_5_2c",
        "high",
        options={
            "high": "The values below V pull harder, so the expectile lies a little below 5.5. Solving for equality gives "
            "60/11 = 5.4545.",
            "low": "Compare the two sides again. If V moves up, the left one shrinks and the right one grows; which of them "
            "is too large already?",
            "right": "Nearly, but not quite: the two sides differ, and at the expectile they are equal.",
        },
    ),
)


@variants_of(
    ex5_2, q_values=different(3, in_steps(0, 9, 1)), v=in_steps(1.5, 8.5, 0.5), tau=one_of(0.6, 0.7, 0.75, 0.8, 0.9)
)
def _(q_values, v, tau):
    if not min(q_values) < v < max(q_values) or v in q_values:
        return None
    left, right = solutions.condition_sides(q_values, v, tau)
    if np.isclose(left, right):
        answer, why = "right", "The two sides are equal, so V is the expectile."
    elif left < right:
        answer, why = "high", "The right side is larger: the values below V pull harder, so the expectile lies below V."
    else:
        answer, why = "low", "The left side is larger: the values above V pull harder, so the expectile lies above V."
    otherwise = {
        "high": "V is too high where the right side is the larger one. Compare the two again.",
        "low": "V is too low where the left side is the larger one. Compare the two again.",
        "right": "At the expectile the two sides are equal. Here they differ.",
    }
    return Variant(
        f"A state has the Q-values {listed(q_values)}, each recorded equally often. Somebody claims that $V = {v:g}$ is "
        f"their expectile at $\\tau = {tau:g}$. Test it.\n\n"
        f"- **a**: the left side of the condition, $\\tau \\sum_{{Q > V}} (Q - V)$;\n"
        "- **b**: the right side, $(1 - \\tau) \\sum_{Q \\le V} (V - Q)$;\n"
        "- **c**: the claimed V is too high, too low, or right.",
        _side_5_2("a", q_values, v, tau, "It is the sum of the errors above V, times τ."),
        _side_5_2("b", q_values, v, tau, "It is the sum of the errors below V, times 1 - τ."),
        Word("answer_5_2c", answer, options=otherwise | {answer: why}),
    )


# --- 5.3 IQL against CQL ----------------------------------------------------------------------------------------------

chapter.trace(
    "5.3",
    Letter(
        "answer_5_3",
        "D",
        options={
            "A": "The roles are exchanged. CQL's log-sum-exp runs over all actions; in IQL's formulas Q stands only at "
            "recorded pairs.",
            "B": "IQL has no term that pushes anything down. Its expectile is a way to look for a high value among recorded "
            "actions, not a penalty.",
            "C": "There is no maximum over all actions in IQL's target, shrunk or not: V is fitted to Q of recorded actions, "
            "and the target takes V(s').",
            "D": "CQL asks and punishes, IQL does not ask. That holds for the policy too: its weights multiply recorded actions.",
        },
    ),
)

# --- 5.4 expectile_loss -----------------------------------------------------------------------------------------------


def _loss_with(weigh=None, error=np.square, average=np.mean):
    """The loss with one part replaced by a mistake."""
    weigh = weigh or (lambda diff, tau: np.where(diff > 0, tau, 1 - tau))

    def expectile_loss(q_values, v_values, tau):
        diff = np.asarray(q_values, dtype=float) - np.asarray(v_values, dtype=float)
        return float(average(weigh(diff, tau) * error(diff)))

    return expectile_loss


ex5_4 = chapter.build(
    "5.4",
    solutions.expectile_loss,
    cases=(
        "expectile_loss([5.0, 1.0], [3.0, 3.0], 0.7)",
        "expectile_loss([5.0, 2.0], [3.0, 3.0], 0.9)",
        "expectile_loss([2.0, 4.0, 1.0], [1.0, 4.5, 4.0], 0.2)",
        "expectile_loss([1.0, -2.0], [1.0, -2.0], 0.8)",
        Raises("expectile_loss([5.0, 1.0], [3.0, 3.0], 1.0)"),
        Raises("expectile_loss([], [], 0.7)"),
    ),
    right="The first case would be 2.0 at every τ, since its two errors have the same size; the second and third tell the "
    "weights apart.",
    slips=(
        Slip(
            _loss_with(weigh=lambda diff, tau: np.where(diff > 0, 1 - tau, tau)),
            "The weights are exchanged: τ belongs to the steps whose Q is above V.",
        ),
        Slip(_loss_with(average=np.sum), "You returned the sum over the batch. The mean is asked."),
        Slip(
            _loss_with(weigh=lambda diff, tau: 1.0),
            "You returned the plain mean squared error. The weights are missing.",
        ),
        Slip(
            _loss_with(error=np.abs),
            "You weighed the size of the error. With it one gets quantiles; for expectiles it is squared.",
        ),
        Slip(
            _loss_with(error=lambda diff: diff**2 / 2),
            "You halved the square. There is no factor one half in this loss.",
        ),
        Slip(
            _loss_with(weigh=lambda diff, tau: np.where(diff > 0, tau, 0.0)),
            "A step whose Q is below V has the weight 1 - τ. You left it out.",
        ),
        Slip(
            _loss_with(weigh=lambda diff, tau: np.where(diff > 0, tau, 1.0)),
            "A step whose Q is below V has the weight 1 - τ, not 1.",
        ),
        Slip(
            _loss_with(weigh=lambda diff, tau: np.where(diff > 0, tau, tau - 1)),
            "The weight below V is 1 - τ, a positive number. Yours is τ - 1.",
        ),
        Slip(
            lambda q_values, v_values, tau: (
                np.sum(
                    (w := np.where(np.greater(q_values, v_values), tau, 1 - tau)) * np.subtract(q_values, v_values) ** 2
                )
                / np.sum(w)
            ),
            "You divided by the sum of the weights. The mean divides by the number of steps.",
        ),
    ),
)


@ex5_4.group("values", "Your mean of weighted squares is off on ordinary batches.", weight=2)
def _(student, rng):
    ex5_4.compare(student, np.array([5.0, 2.0]), np.array([3.0, 3.0]), 0.9)
    for n, tau in ((1, 0.7), (4, 0.9), (50, 0.7), (200, 0.6)):
        ex5_4.compare(student, rng.normal(scale=3.0, size=n), rng.normal(size=n), tau)


@ex5_4.group(
    "all levels of τ",
    "τ may be any number strictly between 0 and 1. Near 1 only Q-values above V count, near 0 only those below, and at one "
    "half the loss is half the mean squared error.",
)
def _(student, rng):
    q_values, v_values = rng.normal(scale=3.0, size=30), rng.normal(size=30)
    for tau in (1e-6, 0.05, 0.5, 0.95, 1 - 1e-6):
        ex5_4.compare(student, q_values, v_values, tau)


@ex5_4.group(
    "its minimiser",
    "For one V against many Q-values, the V with the lowest loss must be the expectile: above the mean for τ above one half.",
)
def _(student, rng):
    samples = [np.array([1.0, 2.0, 3.0, 4.0, 10.0]), rng.exponential(scale=4.0, size=12)]
    for values, tau in ((samples[0], 0.9), (samples[1], 0.8), (samples[1], 0.1)):
        lowest = solutions.expectile(values, tau)
        at = [float(student(values, np.full(len(values), lowest + move), tau)) for move in (-0.2, 0.0, 0.2)]
        if not at[1] < min(at[0], at[2]):
            raise Fail("")


@ex5_4.group(
    "properties",
    "The loss is 0 where Q equals V and never negative; a common shift of Q and V leaves it alone, and doubling both "
    "makes it four times as large.",
)
def _(student, rng):
    for tau in (0.3, 0.9):
        q_values, v_values = rng.normal(size=15), rng.normal(size=15)
        value = float(student(q_values, v_values, tau))
        same = float(student(q_values, q_values.copy(), tau))
        if not (abs(same) < 1e-12 and value > 0):
            raise Fail("")
        mirror = "Mirrored (Q, V and τ become -Q, -V and 1 - τ) the loss must be the same."
        for moved, expected, message in (
            ((q_values + 5, v_values + 5, tau), value, ""),
            ((2 * q_values, 2 * v_values, tau), 4 * value, ""),
            ((-q_values, -v_values, 1 - tau), value, mirror),
        ):
            if abs(float(student(*moved)) - expected) > 1e-5 * expected:
                raise Fail(message)


@ex5_4.group("bad input", "τ outside (0, 1), the ends included, and empty arrays must raise ValueError.")
def _(student, rng):
    for tau in (0.0, 1.0, -0.2, 1.7):
        ex5_4.expect_error(student, ValueError, rng.normal(size=3), rng.normal(size=3), tau)
    ex5_4.expect_error(student, ValueError, np.array([]), np.array([]), 0.7)
    ex5_4.expect_error(student, ValueError, [], [], 0.5)


@ex5_4.group("lists and integers", "Lists and integer arrays must work as well as float arrays, and stay as they were.")
def _(student, rng):
    ex5_4.compare(student, [5, 1, 2], [3, 3, 4], 0.8)
    ex5_4.compare(student, rng.integers(-5, 6, size=9), rng.integers(-5, 6, size=9), 0.7)
    q_values, v_values = rng.normal(size=6), rng.normal(size=6)
    before = q_values.copy(), v_values.copy()
    ex5_4.compare(student, q_values.tolist(), v_values.tolist(), 0.7)
    student(q_values, v_values, 0.7)
    if not (np.array_equal(q_values, before[0]) and np.array_equal(v_values, before[1])):
        raise Fail("Your function changed the arrays it was given. Work on a copy.")


# --- 5.5 Tau and optimism ---------------------------------------------------------------------------------------------


def answers_5_5(q_values, tau, rights, more_slips=((), ())):
    """Both questions with four Q-values and an outlier, the last one, that alone lies above its expectiles."""
    *lower, top = q_values
    words = {0.7: "seven tenths", 0.8: "eight tenths", 0.9: "nine tenths"}[tau]
    return (
        Number(
            "answer_5_5a",
            solutions.expectile(q_values, 0.5),
            right=rights[0],
            slips=(
                Slip(
                    np.median(q_values),
                    "This is the median. It balances how many lie on each side, not how far away they lie.",
                ),
                Slip(
                    (min(q_values) + top) / 2,
                    "This is the middle between the smallest and the largest. All five values count.",
                ),
                Slip(np.mean(lower), f"This is the mean of the first four. The {top:g} counts too."),
                Slip(top, "This is the maximum, which expectiles approach only as τ tends to 1."),
                *more_slips[0],
            ),
        ),
        Number(
            "answer_5_5b",
            solutions.expectile(q_values, tau),
            right=rights[1],
            slips=(
                Slip(
                    solutions.expectile(q_values, 1 - tau),
                    f"This is the expectile at τ = {1 - tau:g}: the weights of the two sides are exchanged.",
                ),
                Slip(
                    np.quantile(q_values, tau),
                    "This is a quantile. The condition weighs distances, not numbers of values.",
                ),
                Slip(top, "This is the maximum, which the expectile approaches only as τ tends to 1."),
                Slip(
                    (tau * top + (1 - tau) * sum(lower)) / 5,
                    "You divided the weighted sum by 5. Divide by the sum of the weights.",
                ),
                Slip(
                    tau * top + (1 - tau) * np.mean(lower),
                    "You weighed the four lower values like one. Each of the four has the weight 1 - τ.",
                ),
                Slip(
                    (1 - tau) * np.mean(q_values) + tau * top,
                    f"You went {words} of the way from mean to maximum. Use the condition.",
                ),
                Slip(
                    (tau * top + sum(lower)) / (tau + 4),
                    "You weighed only the upper side. The lower one has the weight 1 - τ.",
                ),
                *more_slips[1],
            ),
        ),
    )


ex5_5 = chapter.derive(
    "5.5",
    *answers_5_5(
        (1.0, 2.0, 3.0, 4.0, 10.0),
        0.9,
        (
            "At one half both sides weigh the same and the expectile is the mean. The 10 alone moved it from 2.5 to 4.",
            "100/13. Only the 10 lies above: 0.9 (10 - V) = 0.1 (4V - 10). It is well on its way from the mean, 4, to the "
            "maximum, 10.",
        ),
        (
            (),
            [
                Slip(
                    7.4,
                    "A popular answer key has this number, which is the expectile at τ = 0.883. Put it into the condition: "
                    "the sides are not equal.",
                )
            ],
        ),
    ),
)


@variants_of(ex5_5, lower=different(4, in_steps(0, 6, 1)), top=in_steps(9, 20, 1), tau=one_of(0.7, 0.8, 0.9))
def _(lower, top, tau):
    q_values = (*sorted(lower), top)
    if solutions.expectile(q_values, 0.5) < q_values[3] or np.quantile(q_values, tau) == q_values[3]:
        return None
    rights = (
        "At one half both sides weigh the same, and the expectile is the mean.",
        f"Only the {top:g} lies above: it has the weight τ, each of the four others 1 - τ; divide by the sum of the weights.",
    )
    return Variant(
        f"A state has the Q-values {listed(q_values[:4])} and {top:g}, each recorded once.\n\n- **a**: their expectile at "
        f"$\\tau = 0.5$.\n- **b**: their expectile at $\\tau = {tau:g}$.",
        *answers_5_5(q_values, tau, rights),
    )


# --- 5.6 Solve for an expectile ---------------------------------------------------------------------------------------


def _one_step(values, tau):
    """Weights taken at the mean and never again."""
    values = np.asarray(values, dtype=float)
    return float(np.average(values, weights=np.where(values > values.mean(), tau, 1 - tau)))


ex5_6 = chapter.build(
    "5.6",
    solutions.expectile,
    cases=(
        "expectile([0.0, 1.0], 0.8)",
        "expectile([4.0, -1.0, 2.5], 0.5)",
        "expectile([3.0, 8.0, 7.5, 0.0, 7.0, 1.0], 0.97)",
        "expectile([6.0], 0.3)",
        Raises("expectile([1.0, 2.0], 0.0)"),
        Raises("expectile([], 0.5)"),
    ),
    right="Of a fair 0 or 1 the expectile is τ itself.",
    slips=(
        Slip(
            lambda values, tau: solutions.expectile(values, 1 - tau),
            "This is the expectile at 1 - τ: the weights of the two sides are exchanged.",
        ),
        Slip(
            lambda values, tau: np.quantile(values, tau),
            "This is a quantile. The condition weighs distances, not numbers of values.",
        ),
        Slip(lambda values, tau: np.mean(values), "This is the mean, whatever τ. The weights are missing."),
        Slip(
            _one_step,
            "You took the weights at the mean and solved once. At the new V another value may have changed sides: repeat "
            "until nothing changes.",
        ),
        Slip(
            lambda values, tau: tau * np.max(values) + (1 - tau) * np.min(values),
            "You mixed the largest and the smallest value. All values count.",
        ),
    ),
)


def _close_to_exact(student, values, tau):
    """As exact as the statement asks: 1e-9, or as much of the largest value's size where that is more than 1."""
    ex5_6.compare(student, values, tau, relative=0.0, absolute=1e-9 * max(1.0, np.abs(values).max()))


@ex5_6.group("values", "Your expectile is off on ordinary samples, or not exact to 1e-9.", weight=2)
def _(student, rng):
    _close_to_exact(student, np.array([1.0, 2.0, 3.0, 4.0, 10.0]), 0.9)
    for n, tau in ((2, 0.7), (5, 0.9), (12, 0.6), (60, 0.8), (60, 0.25)):
        _close_to_exact(student, rng.normal(scale=3.0, size=n), tau)
    _close_to_exact(student, rng.exponential(scale=2.0, size=25), 0.95)


@ex5_6.group(
    "extreme levels",
    "For τ very near 0 or 1 the result must be as exact as elsewhere. A fixed number of gradient steps, or a coarse grid, is "
    "not enough there.",
)
def _(student, rng):
    values = rng.normal(scale=3.0, size=200)
    for tau in (1e-5, 1e-3, 0.999, 1 - 1e-5):
        _close_to_exact(student, values, tau)


@ex5_6.group("ties and single values", "Equal values, one value alone, and values that lie exactly on V must work.")
def _(student, rng):
    level = float(rng.normal())
    _close_to_exact(student, np.array([level]), 0.2)
    _close_to_exact(student, np.full(4, level), 0.9)
    _close_to_exact(student, np.array([1.0, 1.0, 1.0, 5.0, 5.0]), 0.75)
    _close_to_exact(student, np.array([0.0, 2.0, 4.0]), 0.5)
    _close_to_exact(student, rng.integers(-2, 3, size=30).astype(float), 0.7)


@ex5_6.group(
    "any size",
    "Values in the millions, far from 0 or spread widely, must work: start and stop by the sample, not by 0 and 1.",
)
def _(student, rng):
    _close_to_exact(student, 1e6 + rng.normal(size=10), 0.9)
    _close_to_exact(student, 1e5 * rng.normal(size=20), 0.8)
    _close_to_exact(student, -1e4 + 100 * rng.normal(size=7), 0.3)


@ex5_6.group(
    "properties",
    "The expectile lies within the sample, rises with τ, moves and stretches with the sample, and mirroring the sample "
    "exchanges τ and 1 - τ.",
)
def _(student, rng):
    values = rng.normal(scale=2.0, size=9)
    at = [float(student(values, tau)) for tau in (0.1, 0.3, 0.5, 0.7, 0.9)]
    if not (values.min() <= at[0] and at[-1] <= values.max() and all(np.diff(at) > 0)):
        raise Fail("The expectile must lie within the sample and rise with τ.")
    lowered = values.copy()
    lowered[values.argmin()] -= 5.0
    if not float(student(lowered, 0.9)) < at[-1] - 1e-3:
        raise Fail("Every value counts: if the lowest one moves down, the expectile moves down, too.")
    moved = float(student(3 * values - 7, 0.7)), float(student(-values, 0.3))
    if not (abs(moved[0] - (3 * at[3] - 7)) < 1e-7 and abs(moved[1] + at[3]) < 1e-7):
        raise Fail("")


@ex5_6.group("bad input", "τ outside (0, 1), the ends included, and an empty sample must raise ValueError.")
def _(student, rng):
    for tau in (0.0, 1.0, -0.5, 2.0):
        ex5_6.expect_error(student, ValueError, rng.normal(size=4), tau)
    ex5_6.expect_error(student, ValueError, np.array([]), 0.7)
    ex5_6.expect_error(student, ValueError, [], 0.5)


@ex5_6.group("lists and integers", "Lists and integer arrays must work, in any order, and stay as they were.")
def _(student, rng):
    _close_to_exact(student, [7, 1, 3], 0.8)
    values = rng.integers(-9, 10, size=11)
    before = values.copy()
    _close_to_exact(student, values.tolist(), 0.65)
    _close_to_exact(student, values, 0.65)
    student(values, 0.65)
    if not np.array_equal(values, before):
        raise Fail("Your function changed the array it was given. Work on a copy.")


# --- 5.7 expectile_gradient -------------------------------------------------------------------------------------------


def _gradient_with(weigh=lambda above, tau: np.where(above, tau, 1 - tau), factor=-2.0, average=np.mean, power=1):
    """The derivative with one part replaced by a mistake."""

    def expectile_gradient(q_values, v, tau):
        diff = np.asarray(q_values, dtype=float) - v
        return float(factor * average(weigh(diff > 0, tau) * diff**power))

    return expectile_gradient


ex5_7 = chapter.debug(
    "5.7",
    solutions.expectile_gradient,
    Line(
        "buggy_line_5_7",
        3,
        right="Line 3 gives the weight 1 - τ to the values above V and τ to those below. Nothing crashes, the loss falls, and V "
        "ends at the expectile of 1 - τ: pessimistic where optimism was meant.",
        slips={
            1: "Line 1 only names the function, and its arguments are right.",
            2: "Line 2 is right: the difference is positive where Q lies above V. What is then done with it?",
            4: "Line 4 is right: differentiating the square of Q - V with respect to V gives the factor -2. A wrong sign "
            "would turn descent into ascent, and her V does come to rest.",
        },
        otherwise="The listing has four lines.",
    ),
    cases=(
        "expectile_gradient([5.0, 1.0], 3.0, 0.7)",
        "expectile_gradient([0.0, 4.0, 8.0], 6.0, 0.8)",
        "expectile_gradient([2.0, 3.0], 0.0, 0.9)",
    ),
    right="Descent on this slope ends at the τ-expectile.",
    slips=(
        Slip(
            _gradient_with(weigh=lambda above, tau: np.where(above, 1 - tau, tau)),
            "This is the old listing's value. Let τ tend to 1: which Q-values still count with these weights?",
        ),
        Slip(
            _gradient_with(factor=2.0),
            "The sign is reversed: as it stands, V would run away from the expectile.",
        ),
        Slip(
            _gradient_with(weigh=lambda above, tau: np.where(above, 1 - tau, tau), factor=2.0),
            "The weights are still exchanged, and the sign is now reversed too. The sign was right.",
        ),
        Slip(_gradient_with(factor=-1.0), "The factor 2 of the derivative of a square is missing."),
        Slip(_gradient_with(average=np.sum), "The mean was right. You took the sum."),
        Slip(_gradient_with(weigh=lambda above, tau: tau), "Every value has the weight τ now. Below V it is 1 - τ."),
        Slip(
            _gradient_with(weigh=lambda above, tau: np.where(above, tau, tau - 1)),
            "The weight below V is 1 - τ, a positive number; the sign is in the difference already.",
        ),
        Slip(
            _gradient_with(weigh=lambda above, tau: np.where(above, tau, 0.0)),
            "The values below V have the weight 1 - τ. You left them out.",
        ),
    ),
)

# Every group uses levels other than one half, so that the listing as it was found earns nothing.


@ex5_7.group("values", "On ordinary samples your derivative is off.", weight=2)
def _(student, rng):
    for n, tau in ((1, 0.7), (5, 0.9), (40, 0.3)):
        values = rng.normal(scale=3.0, size=n)
        ex5_7.compare(student, values, float(values.mean() + 0.5), tau)


@ex5_7.group(
    "the slope of the loss", "It must be the slope of the mean expectile loss: compare with a difference quotient."
)
def _(student, rng):
    values = rng.normal(scale=3.0, size=9)
    for tau in (0.15, 0.8):
        v = float(rng.normal())
        ends = [solutions.expectile_loss(values, np.full(9, v + step), tau) for step in (1e-6, -1e-6)]
        slope = (ends[0] - ends[1]) / 2e-6
        if abs(float(student(values, v, tau)) - slope) > 1e-4 * (1 + abs(slope)):
            raise Fail("")


@ex5_7.group(
    "rest at the expectile", "At the τ-expectile of the sample it must be 0, below it negative, above it positive."
)
def _(student, rng):
    for tau in (0.2, 0.75, 0.95):
        values = rng.exponential(scale=3.0, size=14)
        v = solutions.expectile(values, tau)
        below, at, above = (float(student(values, v + move, tau)) for move in (-0.5, 0.0, 0.5))
        if not (abs(at) < 1e-6 and below < -1e-4 and above > 1e-4):
            raise Fail("")


@ex5_7.group("all on one side", "With every Q above V only τ counts, with every Q below only 1 - τ.")
def _(student, rng):
    values = rng.normal(size=6)
    for tau in (0.3, 0.9):
        ex5_7.compare(student, values, float(values.min() - 2), tau)
        ex5_7.compare(student, values, float(values.max() + 2), tau)


@ex5_7.group("lists and integers", "Lists and integer arrays must work as well as float arrays.")
def _(student, rng):
    ex5_7.compare(student, [0, 4, 8], 6, 0.8)
    ex5_7.compare(student, rng.integers(-5, 6, size=8).tolist(), 1, 0.7)
    ex5_7.compare(student, rng.integers(-5, 6, size=8), 0.5, 0.9)
