"""Chapter 3, direct preference optimisation: what `check` says and what the hidden tests ask."""

import numpy as np
from scipy.special import expit

from autograder.marking import Chapter, Fail, Letter, Line, Number, Raises, Slip
from autograder.variants import Variant, in_steps, one_of, table, variants_of
from utils.check import read_number
from utils.solutions import ch03 as solutions

chapter = Chapter("ch03_dpo_loss")
grade = chapter.grade

# --- 3.1 Log-ratio margin ---------------------------------------------------------------------------------------------

# One pair: log-probability of the winner under policy and reference, then of the loser.
PAIR = {"logp_win": -5.0, "ref_win": -6.0, "logp_lose": -4.5, "ref_lose": -4.0}
BETA = 0.1
MARGIN = float(solutions.log_ratio_margin(**PAIR))


def answer_3_1(logp_win, ref_win, logp_lose, ref_lose, right, own_difference):
    """The question with any pair; `own_difference` is the hint for the policy's log-probabilities alone."""
    margin = float(solutions.log_ratio_margin(logp_win, ref_win, logp_lose, ref_lose))
    return Number(
        "answer_3_1",
        margin,
        right=right,
        slips=(
            Slip(
                (logp_win - ref_win) + (logp_lose - ref_lose),
                "You added the two log-ratios. The margin is their difference.",
            ),
            Slip(
                -margin, "Right size, wrong sign: the winner's log-ratio comes first, or ratios are taken upside down."
            ),
            Slip(logp_win - logp_lose, own_difference),
            Slip(
                ref_win - ref_lose,
                "This is the reference's difference between the two responses. The policy is missing.",
            ),
            Slip(logp_win - ref_win, "This is the winner's log-ratio alone. The loser's has to be taken off."),
            Slip(
                BETA * margin,
                "This is beta times the margin for beta = 0.1: the gap in implicit reward. The margin itself is asked.",
            ),
            Slip(np.exp(margin), "This is the ratio of the two ratios. The margin is its logarithm."),
        ),
    )


ex3_1 = chapter.derive(
    "3.1",
    answer_3_1(
        **PAIR,
        right="The winner gained 1.0 nat on the reference, the loser lost 0.5. Note that the policy still finds the loser more "
        "likely (-4.5 against -5.0): DPO asks how far the policy moved, not where it stands.",
        own_difference="This is the policy's own difference (or the loser's log-ratio alone). Both responses are compared with "
        "the reference first.",
    ),
)


@variants_of(
    ex3_1,
    logp_win=in_steps(-9, -3, 0.5),
    ref_win=in_steps(-9, -3, 0.5),
    logp_lose=in_steps(-9, -3, 0.5),
    ref_lose=in_steps(-9, -3, 0.5),
)
def _(logp_win, ref_win, logp_lose, ref_lose):
    responses = (("$y_w$, preferred", logp_win, ref_win), ("$y_l$, the other", logp_lose, ref_lose))
    return Variant(
        "For one pair of responses to one prompt, policy and reference give these log-probabilities, in nats:\n\n"
        + table(("response", r"$\log \pi_\theta$", r"$\log \pi_{\text{ref}}$"), responses)
        + "\n\nWhat is the log-ratio margin $\\Delta$?",
        answer_3_1(
            logp_win,
            ref_win,
            logp_lose,
            ref_lose,
            right="It is the winner's log-ratio, policy minus reference, less the loser's.",
            own_difference="This is the policy's own difference. Both responses are compared with the reference first.",
        ),
    )


# --- 3.2 DPO loss value -----------------------------------------------------------------------------------------------


def answer_3_2(margin, beta, right, more_slips=()):
    """The question with any margin and beta."""
    loss = solutions.dpo_loss([margin], [0.0], [0.0], [0.0], beta)
    return Number(
        "answer_3_2",
        loss,
        right=right,
        slips=(
            *more_slips,
            Slip(-loss, "Right size, wrong sign: this is the log-likelihood. The loss is its negative."),
            Slip(
                float(np.logaddexp(0, beta * margin)),
                "The sign inside the exponential is turned: a pair ordered rightly must cost less than log 2.",
            ),
            Slip(
                float(np.logaddexp(0, -margin)), "You left beta out: the margin is multiplied by it inside the sigmoid."
            ),
            Slip(float(expit(beta * margin)), "This is the sigmoid itself. Take minus its logarithm."),
            Slip(float(expit(-beta * margin)), "This is 1 - sigmoid, the weight of the gradient. Take -log(sigmoid)."),
            Slip(
                beta * float(np.logaddexp(0, -margin)),
                "You multiplied by beta outside the logarithm. It stands inside.",
            ),
            Slip(loss / np.log(10), "You took the logarithm to base 10. The natural logarithm is meant."),
            Slip(loss / np.log(2), "You took the logarithm to base 2. The natural logarithm is meant."),
        ),
    )


ex3_2 = chapter.derive(
    "3.2",
    answer_3_2(
        MARGIN,
        BETA,
        "A little below log 2 = 0.693, the loss of a policy that has not moved at all: with beta = 0.1 a margin of 1.5 is "
        "a gap in implicit reward of only 0.15. A popular answer key has 0.622, because it rounds the sigmoid to 0.537 "
        "before it takes the logarithm.",
        [
            Slip(
                -np.log(round(float(expit(BETA * MARGIN)), 3)),
                "You rounded the sigmoid to three digits before taking the logarithm, as a popular answer key does. Round "
                "only at the end.",
            )
        ],
    ),
)


@variants_of(ex3_2, margin=in_steps(-6, 12, 0.5), beta=one_of(0.05, 0.1, 0.2, 0.3, 0.5))
def _(margin, beta):
    return Variant(
        f"A pair has the log-ratio margin $\\Delta = {margin:g}$ nats. What is its DPO loss at $\\beta = {beta:g}$, in nats?",
        answer_3_2(margin, beta, "It is -log sigmoid(beta x margin), or log(1 + exp(-beta x margin))."),
    )


# --- 3.3 What DPO drops -----------------------------------------------------------------------------------------------

chapter.trace(
    "3.3",
    Letter(
        "answer_3_3",
        "C",
        options={
            "A": "The reference stands in every log-ratio of the loss, and beta is still the price of leaving it: the KL "
            "penalty did not go away, it is built in.",
            "B": "Preferences are all that DPO learns from. The policy's log-probabilities stand in for the reward, not for "
            "the people.",
            "C": "Left over are the policy, the frozen reference, the preference pairs and beta: two models in place of "
            "four, and no sampling while training.",
            "D": "A value network judges responses while they are being sampled. DPO samples none: it reads responses that "
            "were collected before.",
        },
    ),
)

# --- 3.4 DPO gradient weight ------------------------------------------------------------------------------------------


def answer_3_4(preference, right, more_slips=()):
    """The question with any value of the sigmoid."""
    weight = float(solutions.gradient_weight(preference))
    return Number(
        "answer_3_4",
        weight,
        right=right,
        slips=(
            Slip(preference, "This is the sigmoid itself. The weight is what is missing to 1."),
            Slip(-weight, "The minus sign belongs to the gradient. The weight itself is positive."),
            Slip(
                preference * (1 - preference),
                "This is the derivative of the sigmoid. The loss has a logarithm in front, which cancels one factor.",
            ),
            Slip(-np.log(preference), "This is the loss of the pair. Its gradient's weight is asked."),
            *more_slips,
            Slip(0.5, "One half is the weight of a pair with margin 0, where the sigmoid is one half."),
        ),
    )


ex3_4 = chapter.derive(
    "3.4",
    answer_3_4(
        0.95,
        "A tenth of the 0.5 that the pair had at the start. Pairs that are settled leave the stage to those that are "
        "not, as in logistic regression.",
        [Slip(BETA * 0.05, "You multiplied by a beta of 0.1. The factor beta stands beside the weight, not in it.")],
    ),
)


@variants_of(ex3_4, preference=in_steps(0.04, 0.98, 0.01), beta=one_of(0.05, 0.1, 0.2, 0.5))
def _(preference, beta):
    times_beta = beta * (1 - preference)
    return Variant(
        f"DPO runs with $\\beta = {beta:g}$, and a pair has $\\sigma(\\beta \\Delta) = {preference:g}$. The gradient of its "
        "loss is $\\beta$ times a weight times the difference of the two responses' gradients of $\\log \\pi_\\theta$. "
        "What is the weight?",
        answer_3_4(
            preference,
            "It is 1 - sigmoid.",
            [Slip(times_beta, "You multiplied by beta. The factor beta stands beside the weight, not in it.")],
        ),
    )


# --- 3.5 dpo_loss -----------------------------------------------------------------------------------------------------


def _margins(logp_win, ref_win, logp_lose, ref_lose):
    return np.subtract(logp_win, ref_win) - np.subtract(logp_lose, ref_lose)


def _dpo_of(margins):
    """A wrong DPO loss that takes another margin for the right one."""

    def loss(logp_win, ref_win, logp_lose, ref_lose, beta):
        named = map(np.asarray, (logp_win, ref_win, logp_lose, ref_lose))
        return np.mean(np.logaddexp(0, -beta * margins(*named)))

    return loss


def _from_margins(function):
    """A wrong loss that has the right margins but makes something else of them and of beta."""

    def loss(logp_win, ref_win, logp_lose, ref_lose, beta):
        return function(_margins(logp_win, ref_win, logp_lose, ref_lose), beta)

    return loss


def _draw(rng, n_pairs, scale=8.0):
    """Log-probabilities of whole responses: the reference near -40 nats, the policy some nats away from it."""
    ref_win, ref_lose = rng.normal(-40, 6, size=(2, n_pairs))
    moved_win, moved_lose = rng.normal(0, scale, size=(2, n_pairs))
    return ref_win + moved_win, ref_win, ref_lose + moved_lose, ref_lose


ex3_5 = chapter.build(
    "3.5",
    solutions.dpo_loss,
    cases=(
        "dpo_loss([-10.0], [-11.0], [-12.0], [-11.5], beta=0.5)",
        "dpo_loss([-5.0, -30.0], [-6.0, -28.0], [-4.5, -20.0], [-4.0, -21.0], beta=0.2)",
        "dpo_loss([-900.0], [-100.0], [-300.0], [-500.0], beta=1.0)",
        Raises("dpo_loss([], [], [], [], beta=0.1)"),
    ),
    right="It agrees with the loss of the widely used libraries, and it stays exact from the hopeless pair to the settled one.",
    slips=(
        Slip(
            _from_margins(lambda m, b: np.sum(np.logaddexp(0, -b * m))),
            "You returned the sum over the pairs. The mean is asked.",
        ),
        Slip(
            _from_margins(lambda m, b: np.mean(np.logaddexp(0, b * m))),
            "Your loss falls when the loser gains: check the sign in front of beta, or which log-ratio comes first.",
        ),
        Slip(
            _from_margins(lambda m, b: -np.mean(np.logaddexp(0, -b * m))),
            "You returned the log-likelihood, which is to be maximised. The loss is its negative.",
        ),
        Slip(
            _dpo_of(lambda lw, rw, ll, rl: lw - ll),
            "The reference is missing: each response is compared with its own reference log-probability.",
        ),
        Slip(
            _dpo_of(lambda lw, rw, ll, rl: (lw - rw) + (ll - rl)),
            "You added the two log-ratios: the loss then falls when both responses gain. The margin is their difference.",
        ),
        Slip(
            _dpo_of(lambda lw, rw, ll, rl: lw - rw - ll - rl),
            "A bracket is missing: taking off (logp_lose - ref_lose) adds ref_lose.",
        ),
        Slip(
            _from_margins(lambda m, b: np.mean(np.logaddexp(0, -m))),
            "Your loss does not depend on beta: it multiplies the margin.",
        ),
        Slip(
            _from_margins(lambda m, b: b * np.mean(np.logaddexp(0, -m))),
            "beta stands outside the logarithm. It multiplies the margin inside.",
        ),
        Slip(
            _from_margins(lambda m, b: np.mean(expit(-b * m))),
            "You averaged 1 - sigmoid. The loss is minus the logarithm of the sigmoid.",
        ),
        Slip(
            _from_margins(lambda m, b: np.logaddexp(0, -b * np.mean(m))),
            "You took the loss of the mean margin. Each pair has a loss of its own; the mean comes last.",
        ),
    ),
)


@ex3_5.group("values", "Your mean of -log sigmoid(beta * margin) is off on ordinary log-probabilities.", weight=2)
def _(student, rng):
    ex3_5.compare(student, *([value] for value in PAIR.values()), BETA)
    for n_pairs, beta in ((1, 0.1), (2, 0.5), (7, 0.05), (100, 0.2)):
        ex3_5.compare(student, *_draw(rng, n_pairs), beta=beta)


@ex3_5.group(
    "policy equals reference",
    "Where the policy is the reference, every margin is 0 and the loss log 2, whatever beta and however unlikely the responses.",
)
def _(student, rng):
    _, ref_win, _, ref_lose = _draw(rng, 6)
    for beta in (0.01, 0.1, 5.0):
        ex3_5.compare(student, ref_win, ref_win, ref_lose, ref_lose, beta=beta)
    shift = rng.normal(size=6)  # both responses of a pair moved alike: still no margin
    ex3_5.compare(student, ref_win + shift, ref_win, ref_lose + shift, ref_lose, beta=0.1)


@ex3_5.group(
    "winner and loser exchanged",
    "Exchanging winner and loser must change the loss of one pair by beta times its margin: softplus(x) - softplus(-x) = x.",
)
def _(student, rng):
    for beta in (0.1, 0.7):
        logp_win, ref_win, logp_lose, ref_lose = _draw(rng, 1)
        expected = beta * float(_margins(logp_win, ref_win, logp_lose, ref_lose)[0])
        forward = _number(student(*np.array([logp_win, ref_win, logp_lose, ref_lose]), beta))
        backward = _number(student(*np.array([logp_lose, ref_lose, logp_win, ref_win]), beta))
        assert abs(backward - forward - expected) < 1e-6 * (1 + abs(expected))


@ex3_5.group(
    "hopeless pairs",
    "Where beta * margin is -1000 the loss must be 1000 nats. Which step of yours overflows, or meets log(0)?",
)
def _(student, rng):
    ex3_5.compare(student, [-500.0], [-200.0], [-300.0], [-1000.0], beta=1.0)
    ex3_5.compare(student, *_far(rng, -1), beta=0.5)


@ex3_5.group(
    "settled pairs",
    "Where beta * margin is 40 the loss must be about exp(-40), small but not 0; where it is 1000, 0 and not nan.",
)
def _(student, rng):
    ex3_5.compare(student, [-300.0], [-1000.0], [-500.0], [-200.0], beta=1.0)
    ex3_5.compare(student, [-100.0], [-300.0], [-400.0], [-200.0], beta=0.1, relative=1e-4, absolute=0.0)
    ex3_5.compare(student, [-100.0, -90.0], [-300.0, -310.0], [-400.0, -380.0], [-200.0, -150.0], beta=0.1,
                  relative=1e-4, absolute=0.0)  # fmt: skip


@ex3_5.group(
    "long responses",
    "A response of many tokens has a log-probability of -2000 and less. Stay with logarithms: its probability is 0 in a "
    "computer.",
)
def _(student, rng):
    ref_win, ref_lose = rng.uniform(-4000, -2000, size=(2, 9))
    moved_win, moved_lose = rng.normal(0, 8, size=(2, 9))
    ex3_5.compare(student, ref_win + moved_win, ref_win, ref_lose + moved_lose, ref_lose, beta=0.1)


@ex3_5.group("lists and integers", "Lists and integer arrays must work as well as float arrays, and stay as they were.")
def _(student, rng):
    ex3_5.compare(student, [-3, -1, -2], [-4, -1, -5], [-3, -2, -2], [-1, -2, -3], beta=0.3)
    ex3_5.compare(student, *rng.integers(-30, -3, size=(4, 9)), beta=0.2)
    _arrays_untouched(student, _draw(rng, 6))


@ex3_5.group("bad input", "Empty arrays and arrays of unequal length must raise ValueError, not return a number.")
def _(student, rng):
    _bad_input(ex3_5, student)


def _number(value):
    try:
        return read_number(value)
    except ValueError as problem:
        raise Fail(f"What your function returned {problem}") from None


def _far(rng, sign):
    """Pairs with margins of 2,000 to 8,000 nats, all of one sign."""
    ref_win, ref_lose = rng.normal(-6000, 10, size=(2, 12))
    moved = rng.uniform(1000, 4000, size=(2, 12))
    return ref_win + sign * moved[0], ref_win, ref_lose - sign * moved[1], ref_lose


def _arrays_untouched(student, arrays):
    before = [array.copy() for array in arrays]
    student(*arrays, 0.1)
    if not all(np.array_equal(now, then) for now, then in zip(arrays, before, strict=True)):
        raise Fail("Your function changed the arrays it was given. Work on a copy.")


def _bad_input(exercise, student):
    exercise.expect_error(student, ValueError, [], [], [], [], 0.1)
    three, two, one = np.full(3, -5.0), np.full(2, -5.0), np.full(1, -5.0)
    for arrays in ((three, three, two, two), (three, three, three, one), (one, three, three, three)):
        exercise.expect_error(student, ValueError, *arrays, 0.1)


# --- 3.6 DPO that learns nothing --------------------------------------------------------------------------------------

ex3_6 = chapter.debug(
    "3.6",
    solutions.debugged_dpo_loss,
    Line(
        "buggy_line_3_6",
        6,
        right="Line 6 must take the difference. With the sum, the winner's gradient is right and the *loser's* has the wrong "
        "sign: on the pair of exercise 3.1 both are -0.0488, where the right loss has -0.0463 for the winner and +0.0463 for "
        "the loser. So a minimiser raises both log-probabilities alike, the loss goes to 0, and the margin is never "
        "trained.\n\nA popular explanation says that the loss is about 0 on an untrained model. It cannot be: where policy "
        "and reference agree, sum and difference are both 0 and the loss is log 2 with the bug and without.\n\nLine 7 has a "
        "fault of its own: `log1p(exp(x))` overflows for x above 709.78 in double precision, as in exercise 0.5. "
        "`np.logaddexp(0, -beta * delta)` does not.",
        slips={
            1: "Line 1 only names the function.",
            2: "Starting the sum at 0 is right.",
            3: "The loop visits each pair once, as it should.",
            4: "The winner's log-ratio is policy minus reference, as it should be.",
            5: "The loser's log-ratio is policy minus reference, as it should be. What is done with it afterwards?",
            7: "Line 7 overflows on a hopeless pair, and you should mend that too. But it gives the right loss of whatever "
            "`delta` it gets. Which line makes `delta` the wrong thing to train?",
            8: "Dividing by the number of pairs is right: the mean is meant.",
        },
    ),
    cases=(
        "debugged_dpo_loss([-10.0], [-11.0], [-12.0], [-11.5], beta=0.5)",
        "debugged_dpo_loss([-5.0, -30.0], [-6.0, -28.0], [-4.5, -20.0], [-4.0, -21.0], beta=0.2)",
        "debugged_dpo_loss([-900.0], [-100.0], [-300.0], [-500.0], beta=1.0)",
    ),
    right="It falls when the winner gains on the loser, and it survives a hopeless pair.",
    slips=(
        Slip(
            _dpo_of(lambda lw, rw, ll, rl: (lw - rw) + (ll - rl)),
            "It survives large margins now, but it still falls when *both* responses gain. What should happen when the loser "
            "gains?",
        ),
        Slip(
            _from_margins(lambda m, b: np.sum(np.logaddexp(0, -b * m))),
            "The division by the number of pairs got lost.",
        ),
        Slip(
            _from_margins(lambda m, b: np.mean(np.logaddexp(0, b * m))),
            "It takes the difference now, but it falls when the loser gains: winner minus loser is meant, with a minus sign "
            "before beta.",
        ),
        Slip(
            _dpo_of(lambda lw, rw, ll, rl: lw - ll),
            "The reference got lost: each response is compared with its own reference log-probability.",
        ),
        Slip(
            _from_margins(lambda m, b: np.mean(np.maximum(0, -b * m))),
            "The loss got a corner: max(0, x) is what log(1 + exp(x)) looks like from far away. Near 0 it must stay round.",
        ),
    ),
)


@ex3_6.group(
    "values",
    "On ordinary log-probabilities your loss is not the mean of -log sigmoid(beta * margin). Does it fall when the winner "
    "gains, and rise when the loser gains?",
)
def _(student, rng):
    ex3_6.compare(student, *([value] for value in PAIR.values()), BETA)
    for n_pairs, beta in ((2, 0.5), (5, 0.1), (60, 0.2)):
        ex3_6.compare(student, *_draw(rng, n_pairs), beta=beta)


@ex3_6.group(
    "stability",
    "Where beta * delta is -1000 the loss must be 1000, neither infinite nor cut off, and where it is +1000 it must be 0: "
    "exp(1000) overflows. numpy has a function for it.",
)
def _(student, rng):
    ex3_6.compare(student, [-500.0], [-200.0], [-300.0], [-1000.0], beta=1.0)
    ex3_6.compare(student, [-300.0], [-1000.0], [-500.0], [-200.0], beta=1.0)
    ex3_6.compare(student, *_far(rng, -1), beta=0.5)


# --- 3.7 IPO loss -----------------------------------------------------------------------------------------------------

ex3_7 = chapter.build(
    "3.7",
    solutions.ipo_loss,
    cases=(
        "ipo_loss([-10.0], [-11.0], [-12.0], [-11.5], beta=0.5)",
        "ipo_loss([-5.0, -30.0], [-6.0, -28.0], [-4.5, -20.0], [-4.0, -21.0], beta=0.2)",
        "ipo_loss([-10.0, -10.0], [-18.0, -11.0], [-12.0, -12.0], [-12.0, -13.0], beta=0.1)",
        Raises("ipo_loss([], [], [], [], beta=0.1)"),
    ),
    right="It is 0 at the target and grows on both sides of it: a margin can be too large as well as too small.",
    slips=(
        Slip(
            _from_margins(lambda m, b: np.sum((m - 1 / (2 * b)) ** 2)),
            "You returned the sum over the pairs. The mean is asked.",
        ),
        Slip(
            _from_margins(lambda m, b: np.mean((m - 1 / b) ** 2)),
            "Your target is twice too large: it is 1 / (2 * beta).",
        ),
        Slip(
            _from_margins(lambda m, b: np.mean((m - 1 / 2 * b) ** 2)),
            "1 / 2 * beta is beta / 2 in Python. Put brackets around 2 * beta.",
        ),
        Slip(
            _from_margins(lambda m, b: np.mean((b * m - 0.5) ** 2)),
            "You multiplied the margin by beta, as in DPO: this is beta squared times the loss. Here beta sets the target alone.",
        ),
        Slip(
            _from_margins(lambda m, b: np.mean((b * m - 1 / (2 * b)) ** 2)),
            "beta stands twice: it sets the target, and the margin is not multiplied by it.",
        ),
        Slip(
            _from_margins(lambda m, b: np.mean((m + 1 / (2 * b)) ** 2)),
            "Your target is negative: check the sign, or whether winner and loser are exchanged.",
        ),
        Slip(
            _from_margins(lambda m, b: np.mean(np.maximum(0, 1 / (2 * b) - m) ** 2)),
            "Your loss is 0 for every margin above the target. IPO pulls such a margin back.",
        ),
        Slip(
            _from_margins(lambda m, b: (np.mean(m) - 1 / (2 * b)) ** 2),
            "You squared the distance of the mean margin. Each pair has a loss of its own; the mean comes last.",
        ),
        Slip(
            _from_margins(lambda m, b: np.mean(np.abs(m - 1 / (2 * b)))),
            "You averaged the distance from the target. Its square is meant.",
        ),
        Slip(
            lambda lw, rw, ll, rl, beta: np.mean((np.subtract(lw, ll) - 1 / (2 * beta)) ** 2),
            "The reference is missing: each response is compared with its own reference log-probability.",
        ),
    ),
)


@ex3_7.group("values", "Your mean of (margin - 1 / (2 * beta)) squared is off on ordinary log-probabilities.", weight=2)
def _(student, rng):
    ex3_7.compare(student, *([value] for value in PAIR.values()), BETA)
    for n_pairs, beta in ((1, 0.1), (2, 0.5), (7, 0.05), (100, 0.2)):
        ex3_7.compare(student, *_draw(rng, n_pairs), beta=beta)


@ex3_7.group(
    "the target",
    "A margin of 1 / (2 * beta) must cost nothing, and margins equally far above and below it must cost the same.",
)
def _(student, rng):
    for beta in (0.05, 0.1, 0.8):
        ref_win, ref_lose = rng.normal(-40, 6, size=(2, 5))
        target = 1 / (2 * beta)
        for distance in (0.0, 3.0):
            above, below = (
                _number(student(ref_win + target + side * distance, ref_win, ref_lose, ref_lose, beta))
                for side in (1, -1)
            )
            assert abs(above - distance**2) < 1e-6 and abs(below - distance**2) < 1e-6


@ex3_7.group(
    "each pair its own",
    "One pair far above the target and one far below must not make up for each other: square first, average then.",
)
def _(student, rng):
    moves = rng.uniform(5, 30, size=4)
    target = 1 / (2 * 0.1)
    logp_win = -40.0 + target + np.concatenate([moves, -moves])
    rest = np.full((3, 8), -40.0)
    ex3_7.compare(student, logp_win, *rest, beta=0.1)


@ex3_7.group("lists and integers", "Lists and integer arrays must work as well as float arrays, and stay as they were.")
def _(student, rng):
    ex3_7.compare(student, [-3, -1, -2], [-4, -1, -5], [-3, -2, -2], [-1, -2, -3], beta=0.3)
    ex3_7.compare(student, *rng.integers(-30, -3, size=(4, 9)), beta=1)
    _arrays_untouched(student, _draw(rng, 6))


@ex3_7.group("bad input", "Empty arrays and arrays of unequal length must raise ValueError, not return a number.")
def _(student, rng):
    _bad_input(ex3_7, student)
