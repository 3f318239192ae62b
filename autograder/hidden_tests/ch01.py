"""Chapter 1, the RLHF objective: what `check` says and what the hidden tests ask."""

import math

import numpy as np
from scipy.special import log_softmax, softmax

from autograder.marking import Chapter, Fail, Letter, Line, Number, Raises, Slip
from autograder.variants import Variant, different, in_steps, listed, one_of, shares, table, variants_of
from utils.solutions import ch01 as solutions

chapter = Chapter("ch01_rlhf_objective")
grade = chapter.grade

# --- 1.1 KL by hand ---------------------------------------------------------------------------------------------------


def answer_1_1(policy, reference, right):
    """The question with any two distributions over three tokens."""
    policy, reference = np.asarray(policy), np.asarray(reference)
    kl, reverse = solutions.kl_divergence(policy, reference), solutions.kl_divergence(reference, policy)
    terms = policy * np.log(policy / reference)
    one, two = "One of the three is negative, and stays so.", "Two of the three are negative, and stay so."
    return Number(
        "answer_1_1",
        kl,
        right=right,
        slips=(
            Slip(
                reverse,
                "This is KL(reference || policy). The weights before the logarithms are the policy's, and the policy "
                "stands in the numerator.",
            ),
            Slip(-kl, "Right size, wrong sign: in the logarithm the policy is divided by the reference."),
            Slip(-reverse, "You weighted with the reference's probabilities. The weights are the policy's."),
            Slip(kl / np.log(2), "This is in bits. The natural logarithm gives nats."),
            Slip(kl / np.log(10), "You took logarithms to base 10. The natural logarithm is meant."),
            Slip(
                np.sum(np.log(policy / reference)),
                "You added the three logarithms. Each is weighted by the policy's probability of its token.",
            ),
            Slip(np.sum(np.abs(terms)), f"You made every term positive. {two if np.sum(terms < 0) == 2 else one}"),
        ),
    )


ex1_1 = chapter.derive(
    "1.1",
    answer_1_1(
        (0.7, 0.2, 0.1),
        (0.4, 0.4, 0.2),
        "Token 1 alone contributes +0.392; the two others, which the policy gives up, take 0.208 of it back. The sum "
        "stays positive, as it always does. The other direction would give 0.192: near, but another number.",
    ),
)


@variants_of(ex1_1, policy=shares(3), reference=shares(3))
def _(policy, reference):
    tokens = zip((1, 2, 3), policy, reference, strict=True)
    return Variant(
        "Over three tokens the policy and the reference give\n\n"
        + table(("token", r"policy $\pi$", r"reference $\pi_{\text{ref}}$"), tokens)
        + "\n\nWhat is $\\mathrm{KL}(\\pi \\,\\|\\, \\pi_{\\text{ref}})$, in nats?",
        answer_1_1(policy, reference, "It is the sum of policy x log(policy / reference) over the three tokens."),
    )


# --- 1.2 Penalised reward ---------------------------------------------------------------------------------------------


def answer_1_2(reward, log_ratio, beta, right, more_slips=()):
    """The question with any givens."""
    return Number(
        "answer_1_2",
        solutions.rlhf_objective(reward, [log_ratio - 12.0], [-12.0], beta),
        right=right,
        slips=(
            Slip(
                reward + beta * log_ratio,
                "You added the charge. Moving away from the reference costs; it does not pay.",
            ),
            Slip(reward - log_ratio, "You charged a whole unit of reward for each nat. Beta is the price."),
            Slip(beta * log_ratio, "This is the charge. Subtract it from the reward."),
            Slip(reward - log_ratio / beta, "You divided by beta. It multiplies the log-ratio."),
            Slip(beta * (reward - log_ratio), "Beta multiplies the log-ratio only, not the reward."),
            *more_slips,
        ),
    )


ex1_2 = chapter.derive(
    "1.2",
    answer_1_2(
        3.0,
        8.0,
        0.1,
        "The response pays 0.8 for its 8 nats. At beta = 0.5 it would pay 4.0 and end at -1.0: this drift would no "
        "longer be worth its reward.",
        [Slip(3.0 - 0.5 * 8.0, "This is the value at beta = 0.5. Here beta is 0.1.")],
    ),
)


@variants_of(ex1_2, reward=in_steps(1, 5, 0.5), log_ratio=in_steps(2, 30, 1), beta=one_of(0.02, 0.05, 0.1, 0.2))
def _(reward, log_ratio, beta):
    return Variant(
        f"The policy wrote a response. The reward model gives it $r = {reward:g}$. Its summed log-ratio to the reference is "
        f"${log_ratio:g}$ nats, and $\\beta = {beta:g}$. What is its penalised reward?",
        answer_1_2(reward, log_ratio, beta, "It is r - beta x log-ratio."),
    )


# --- 1.3 Beta too small -----------------------------------------------------------------------------------------------

chapter.trace(
    "1.3",
    Letter(
        "answer_1_3",
        "B",
        options={
            "A": "This is what a large beta does. At 0.001 a nat of drift costs next to nothing, so the penalty cannot hold "
            "the policy.",
            "B": "This is reward hacking. The score is what the run maximises, so it rises; almost no charge holds the KL; "
            "the policy leaves the responses on which the reward model was right, and crowds onto the few that score "
            "highest. Quality and diversity pay for it.",
            "C": "The score and the people agree near the reference only. A small beta lets the policy go where the reward "
            "model is wrong.",
            "D": "The reward model is fixed during the run and notices nothing. Its score is the very number that training "
            "pushes up.",
        },
    ),
)

# --- 1.4 Optimal tilted policy ----------------------------------------------------------------------------------------


def answer_1_4(reference, rewards, beta, right, more_slips=()):
    """The question with any three tokens."""
    reference, rewards = np.asarray(reference), np.asarray(rewards)
    weights = reference * np.exp(rewards / beta)
    in_twos = reference * 2 ** (rewards / beta)
    return Number(
        "answer_1_4",
        solutions.optimal_policy(reference, rewards, beta)[0],
        right=right,
        slips=(
            Slip(
                softmax(rewards / beta)[0],
                "You forgot the reference: each exponential is multiplied by the reference's probability first.",
            ),
            Slip(weights[0], "This is the weight before normalising. Divide it by Z, the sum of the three weights."),
            Slip(weights.sum(), "This is Z, the sum of the weights. The first token's share of it is asked."),
            Slip(
                solutions.optimal_policy(reference, -rewards, beta)[0],
                "You tilted the other way: a higher reward makes a token more likely.",
            ),
            Slip(in_twos[0] / in_twos.sum(), "You used powers of 2. Here the base is e."),
            *more_slips,
        ),
    )


ex1_4 = chapter.derive(
    "1.4",
    answer_1_4(
        (0.5, 0.3, 0.2),
        (1.0, 0.0, -1.0),
        1.0,
        "Z is 1.7327, and the share grows from 0.5 to 0.784. Without any penalty it would be 1: beta keeps the two "
        "others alive, at 0.173 and 0.042.",
        [
            Slip(
                0.67,
                "This is the softmax of the rewards alone, rounded up. The reference's probabilities belong in it.",
            )
        ],
    ),
)


@variants_of(ex1_4, reference=shares(3), rewards=different(3, in_steps(-1, 1, 0.5)), beta=one_of(0.5, 2.0))
def _(reference, rewards, beta):
    slips = (
        Slip(solutions.optimal_policy(reference, rewards, 1.0)[0], "You left beta out: rewards are divided by it."),
        Slip(
            solutions.optimal_policy(reference, np.multiply(beta, rewards), 1.0)[0],
            "You multiplied the rewards by beta. They are divided by it.",
        ),
    )
    return Variant(
        f"A vocabulary of three tokens, $\\pi_{{\\text{{ref}}}} = ({listed(reference)})$, rewards $r = ({listed(rewards)})$, "
        f"and $\\beta = {beta:g}$. Of all policies, $\\pi^*$ has the largest "
        "$\\mathbb{E}[r] - \\beta\\, \\mathrm{KL}(\\pi \\,\\|\\, \\pi_{\\text{ref}})$. What probability does it give token 1?",
        answer_1_4(
            reference,
            rewards,
            beta,
            "The weights are reference x exp(r / beta); the first one is divided by their sum.",
            slips,
        ),
    )


# --- 1.5 Direction of the KL ------------------------------------------------------------------------------------------

chapter.trace(
    "1.5",
    Letter(
        "answer_1_5",
        "D",
        options={
            "A": "KL is not symmetric: the two numbers differ, and so do the two best policies in the demo.",
            "B": "This describes KL(reference || policy), the mass-covering direction. KL(policy || reference) lets the "
            "policy drop a response at a bounded cost.",
            "C": "Both directions need the probabilities of both models, and both models can give them.",
            "D": "Its average runs over the policy's own samples, so training can estimate it. A response with hardly any "
            "reference probability costs log(policy / reference), without bound: the penalty forces zeros where the "
            "reference has them, and seeks modes. And it is this direction that gives the closed form "
            "reference * exp(reward / beta). The other one covers mass, needs samples of the reference, and lets gibberish in.",
        },
    ),
)

# --- 1.6 rlhf_objective -----------------------------------------------------------------------------------------------


def _log_ratios(log_probs, ref_log_probs):
    return np.subtract(log_probs, ref_log_probs)


ex1_6 = chapter.build(
    "1.6",
    solutions.rlhf_objective,
    cases=(
        "rlhf_objective(1.0, [-0.5, -1.0], [-1.5, -0.7], beta=0.2)",
        "rlhf_objective(0.5, [-2.0, -1.5, -3.0], [-1.0, -1.0, -1.0], beta=0.1)",
        "rlhf_objective(1.5, [], [], beta=0.1)",
        Raises("rlhf_objective(1.0, [-1.0, -2.0], [-1.0], beta=0.1)"),
        Raises("rlhf_objective(1.0, [-1.0, -np.inf], [-1.0, -np.inf], beta=0.1)"),
    ),
    right="A likely response pays, an unlikely one is paid back, and the undefined one is refused.",
    slips=(
        Slip(
            lambda reward, log_probs, ref_log_probs, beta: reward + beta * _log_ratios(log_probs, ref_log_probs).sum(),
            "Your penalty has the wrong sign: a response that the policy likes better than the reference must pay.",
        ),
        Slip(
            lambda reward, log_probs, ref_log_probs, beta: reward - beta * _log_ratios(log_probs, ref_log_probs).mean(),
            "You took the mean over the tokens. The log-ratios are summed: a long response can drift further.",
        ),
        Slip(
            lambda reward, log_probs, ref_log_probs, beta: (
                reward - beta * np.sum(np.exp(log_probs) * _log_ratios(log_probs, ref_log_probs))
            ),
            "You weighted each token by its probability. Sampling has done that already: only the sampled tokens are here.",
        ),
        Slip(
            lambda reward, log_probs, ref_log_probs, beta: (
                reward - beta * max(_log_ratios(log_probs, ref_log_probs).sum(), 0.0)
            ),
            "You cut the log-ratio off at 0. The KL is never negative, but the log-ratio of one response may be.",
        ),
        Slip(
            lambda reward, log_probs, ref_log_probs, beta: (
                reward - beta * np.abs(_log_ratios(log_probs, ref_log_probs)).sum()
            ),
            "You took absolute values. A token that the reference likes better counts negative.",
        ),
        Slip(
            lambda reward, log_probs, ref_log_probs, beta: (
                reward - beta * abs(_log_ratios(log_probs, ref_log_probs).sum())
            ),
            "You took the absolute value of the sum. A response that the reference likes better has a negative log-ratio, "
            "and is paid for it.",
        ),
        Slip(
            lambda reward, log_probs, ref_log_probs, beta: reward - _log_ratios(log_probs, ref_log_probs).sum(),
            "Beta has no effect in your function.",
        ),
    ),
)


def _sampled_tokens(rng, n_tokens):
    """Log-probabilities of sampled tokens under a policy and under a reference nearby."""
    log_probs = -rng.exponential(size=n_tokens)
    return log_probs, np.minimum(log_probs + rng.normal(scale=0.5, size=n_tokens), -1e-3)


@ex1_6.group("values", "Your reward minus beta times the summed log-ratio is off on ordinary responses.", weight=2)
def _(student, rng):
    ex1_6.compare(student, 3.0, [-1.0, -0.5, -2.0], [-4.0, -3.5, -4.0], 0.1)
    ex1_6.compare(student, 1.0, [-2.0, -1.5], [-1.0, -1.0], 0.2)
    for n_tokens in (1, 2, 9, 300):
        log_probs, ref_log_probs = _sampled_tokens(rng, n_tokens)
        # 300 differences in single precision may be off by 1e-5
        ex1_6.compare(student, rng.normal(), log_probs, ref_log_probs, beta=rng.uniform(0.01, 0.5), absolute=5e-5)
    ex1_6.compare(student, -2.0, *_sampled_tokens(rng, 5), 0.0)


@ex1_6.group(
    "negative log-ratio",
    "Where the reference likes a response better than the policy does, the log-ratio is negative and the result lies above "
    "the reward.",
)
def _(student, rng):
    ex1_6.compare(student, 1.0, [-5.0, -4.0], [-1.0, -2.0], 0.1)
    ref_log_probs = -rng.exponential(size=12)
    ex1_6.compare(student, rng.normal(), ref_log_probs - rng.exponential(size=12), ref_log_probs, 0.2)


@ex1_6.group("no drift", "No tokens, or equal log-probabilities, mean no charge: the result is the reward.")
def _(student, rng):
    ex1_6.compare(student, 0.7, [], [], 0.1)
    ex1_6.compare(student, -1.3, np.array([]), np.array([]), 0.4)
    log_probs = -rng.exponential(size=8)
    ex1_6.compare(student, rng.normal(), log_probs, log_probs.copy(), 0.3)


@ex1_6.group(
    "average over the policy",
    "Averaged over all responses with the policy's probabilities, your function must give the expected reward minus beta "
    "times KL(policy || reference).",
)
def _(student, rng):
    beta, rewards = 0.4, rng.normal(size=27)
    first, second, third = (log_softmax(rng.normal(size=(2, *shape)), axis=-1) for shape in ((3,), (3, 3), (3, 3, 3)))
    average, totals = 0.0, np.zeros((2, 27))
    for i, (a, b, c) in enumerate(np.ndindex(3, 3, 3)):
        tokens = np.stack([first[:, a], second[:, a, b], third[:, a, b, c]], axis=1)  # policy's row, reference's row
        totals[:, i] = tokens.sum(axis=1)
        average += math.exp(totals[0, i]) * float(student(rewards[i], tokens[0], tokens[1], beta))
    policy, reference = np.exp(totals)
    if not math.isclose(average, solutions.expected_objective(policy, reference, rewards, beta), abs_tol=1e-6):
        raise Fail("")


@ex1_6.group("lists and integers", "Lists of integers must work as well as arrays of floats, and stay as they were.")
def _(student, rng):
    ex1_6.compare(student, 2, [-1, -3], [-4, -1], 1)
    log_probs = -rng.exponential(size=6)
    ref_log_probs = log_probs - rng.uniform(0.1, 1.0, size=6)
    before = log_probs.copy(), ref_log_probs.copy()
    ex1_6.compare(student, 1.0, log_probs.tolist(), ref_log_probs.tolist(), 0.2)
    student(1.0, log_probs, ref_log_probs, 0.2)
    if not (np.array_equal(log_probs, before[0]) and np.array_equal(ref_log_probs, before[1])):
        raise Fail("Your function changed the arrays it was given. Work on a copy.")


@ex1_6.group(
    "unequal lengths", "Sequences of unequal length must raise ValueError. Neither zip nor broadcasting notices them."
)
def _(student, rng):
    ex1_6.expect_error(student, ValueError, 1.0, [-1.0, -2.0, -3.0], [-1.0], 0.1)
    ex1_6.expect_error(student, ValueError, 1.0, np.array([-1.0]), np.array([-1.0, -2.0]), 0.1)
    ex1_6.expect_error(student, ValueError, 1.0, -rng.exponential(size=4), -rng.exponential(size=3), 0.1)
    ex1_6.expect_error(student, ValueError, 1.0, [], [-1.0], 0.1)


@ex1_6.group(
    "impossible tokens",
    "A token that only the reference rules out costs infinitely much: the result is -inf. One that both rule out leaves the "
    "log-ratio undefined: that must raise ValueError, not return NaN.",
)
def _(student, rng):
    ex1_6.compare(student, 2.0, [-1.0, -0.5], [-1.0, -np.inf], 0.1)
    ex1_6.expect_error(student, ValueError, 2.0, [-np.inf], [-np.inf], 0.1)
    log_probs, ref_log_probs = _sampled_tokens(rng, 5)
    log_probs[2] = ref_log_probs[2] = -np.inf
    ex1_6.expect_error(student, ValueError, 2.0, log_probs, ref_log_probs, 0.1)


# --- 1.7 Closed-form optimal policy -----------------------------------------------------------------------------------


ex1_7 = chapter.build(
    "1.7",
    solutions.optimal_policy,
    cases=(
        "optimal_policy([0.25, 0.25, 0.5], [2.0, 0.0, 1.0], beta=2.0)",
        "optimal_policy([0.5, 0.5, 0.0], [0.0, 0.1, 50.0], beta=0.1)",
        "optimal_policy([0.9, 0.1], [1000.0, 1001.0], beta=0.001)",
        Raises("optimal_policy([0.5, 0.5], [0.0, 1.0], beta=0.0)"),
        Raises("optimal_policy([0.5, 0.4], [0.0, 1.0], beta=1.0)"),
    ),
    right="Your policy stays a distribution at every beta, and zero where the reference is zero.",
    slips=(
        Slip(
            lambda ref_probs, rewards, beta: softmax(np.divide(rewards, beta)),
            "You forgot the reference: each exponential is multiplied by the reference's probability.",
        ),
        Slip(
            lambda ref_probs, rewards, beta: solutions.optimal_policy(ref_probs, rewards, 1 / beta),
            "You multiplied the rewards by beta. They are divided by it: a small beta tilts more.",
        ),
        Slip(
            lambda ref_probs, rewards, beta: np.multiply(ref_probs, np.exp(np.divide(rewards, beta))),
            "Your weights are right but do not sum to 1: divide by Z.",
        ),
        Slip(
            lambda ref_probs, rewards, beta: solutions.optimal_policy(
                ref_probs, -np.asarray(rewards, dtype=float), beta
            ),
            "You tilted the other way: a higher reward must make a response more likely.",
        ),
        Slip(
            lambda ref_probs, rewards, beta: softmax(np.add(ref_probs, np.divide(rewards, beta))),
            "You added the reference's probability to the exponent. Its logarithm belongs there.",
        ),
    ),
)


def _reference(rng, n):
    return rng.dirichlet(np.ones(n))


@ex1_7.group("values", "Your policy is not ref * exp(reward / beta), normalised, on ordinary inputs.", weight=2)
def _(student, rng):
    ex1_7.compare(student, [0.2, 0.3, 0.5], [1.0, -1.0, 0.5], 0.7)
    for n in (1, 2, 5, 200):
        ex1_7.compare(student, _reference(rng, n), rng.normal(size=n), rng.uniform(0.2, 5))
    ex1_7.compare(student, _reference(rng, 6), np.full(6, 3.0), beta=0.5)


@ex1_7.group(
    "large exponents",
    "Rewards up to a million betas must give a distribution, not NaN or 0: which step of yours overflows, or makes every "
    "weight vanish?",
)
def _(student, rng):
    ex1_7.compare(student, [0.5, 0.5], [1e6, 1e6 + 1.0], 1.0)
    ex1_7.compare(student, [0.5, 0.5], [-1e6, -1e6 + 1.0], 1.0)
    ex1_7.compare(student, [0.7, 0.2, 0.1], [1.0, 0.9, -1.0], 1e-6)
    ex1_7.compare(student, _reference(rng, 10), rng.uniform(-1, 1, size=10), 1e-6)


@ex1_7.group(
    "zeros of the reference",
    "A response that the reference never gives must stay at exactly 0, without a NaN, even where its reward is by far the "
    "largest.",
)
def _(student, rng):
    exactly = {"relative": 1e-5, "absolute": 0.0}
    ex1_7.compare(student, [0.6, 0.0, 0.4], [1.0, 2.0, 0.0], 0.5, **exactly)
    ex1_7.compare(student, [0.6, 0.0, 0.4], [0.0, 5000.0, 1.0], 1.0, **exactly)
    ref_probs = np.append(_reference(rng, 4), [0.0, 0.0])
    ex1_7.compare(student, ref_probs, rng.normal(size=6), 0.3, **exactly)


@ex1_7.group(
    "rare responses",
    "A response of probability 1e-200 with enough reward takes over: do not round small probabilities up or away.",
)
def _(student, rng):
    exactly = {"relative": 1e-5, "absolute": 0.0}
    ex1_7.compare(student, [1.0, 1e-200], [0.0, 460.0], 1.0, **exactly)
    ex1_7.compare(student, [1.0, 1e-30, 1e-20], [0.0, 70.0, 46.0], 1.0, **exactly)


@ex1_7.group(
    "properties",
    "Something that must hold does not: adding a number to all rewards changes nothing, tilting twice is tilting by the "
    "sum, a huge beta gives the reference back, and no other policy has a better objective.",
)
def _(student, rng):
    ref_probs, beta = _reference(rng, 5), rng.uniform(0.3, 2)
    rewards, more = rng.normal(size=(2, 5))
    policy = np.asarray(student(ref_probs, rewards, beta), dtype=float)
    assert policy.shape == (5,) and np.allclose(policy.sum(), 1)
    assert np.allclose(student(ref_probs, rewards + 7.5, beta), policy, rtol=1e-5)
    assert np.allclose(student(policy, more, beta), student(ref_probs, rewards + more, beta), rtol=1e-5)
    assert np.allclose(student(ref_probs, rewards, 1e9), ref_probs, rtol=1e-5)
    reached = solutions.expected_objective(policy, ref_probs, rewards, beta)
    for other in (ref_probs, *((1 - mix) * policy + mix * _reference(rng, 5) for mix in (0.5, 0.1, 0.01))):
        assert solutions.expected_objective(other, ref_probs, rewards, beta) <= reached + 1e-9


@ex1_7.group("lists and integers", "Lists and integers must work as well as float arrays, and stay as they were.")
def _(student, rng):
    ex1_7.compare(student, [0.25, 0.75], [2, -1], 3)
    ex1_7.compare(student, [0, 1], [5, 2], 2)
    ref_probs, rewards = _reference(rng, 4), rng.normal(size=4)
    before = ref_probs.copy(), rewards.copy()
    student(ref_probs, rewards, 0.5)
    if not (np.array_equal(ref_probs, before[0]) and np.array_equal(rewards, before[1])):
        raise Fail("Your function changed the arrays it was given. Work on a copy.")


@ex1_7.group(
    "bad input",
    "A beta of 0 or below, and a reference that is no distribution (a negative entry, a sum other than 1), must raise "
    "ValueError.",
)
def _(student, rng):
    ex1_7.expect_error(student, ValueError, [0.5, 0.5], [0.0, 1.0], 0)
    ex1_7.expect_error(student, ValueError, [0.5, 0.5], [0.0, 1.0], -0.1)
    ex1_7.expect_error(student, ValueError, [0.6, 0.6], [0.0, 1.0], 1.0)
    ex1_7.expect_error(student, ValueError, [1.2, -0.2], [0.0, 1.0], 1.0)
    ex1_7.expect_error(student, ValueError, 0.9 * _reference(rng, 5), rng.normal(size=5), 1.0)


# --- 1.8 A KL that goes negative --------------------------------------------------------------------------------------


def _listing(p, q):
    """The faulty listing."""
    return -solutions.kl_divergence(p, q)


def _over(p, q, keep, log_ratio=lambda p, q: np.log(p / q)):
    """Sum of p times the log-ratio over the outcomes that `keep` names."""
    p, q = np.asarray(p, dtype=float), np.asarray(q, dtype=float)
    kept = keep(p, q)
    with np.errstate(all="ignore"):
        return float(np.sum(p[kept] * log_ratio(p[kept], q[kept])))


ex1_8 = chapter.debug(
    "1.8",
    solutions.kl_divergence,
    Line(
        "buggy_line_1_8",
        5,
        also=(6,),
        right="Line 5 divides the wrong way round: q / p where p / q is meant. Since log(q / p) = -log(p / q), a minus sign "
        "before the sum in line 6 is the same repair, and as good. As a penalty the old value was worse than none: minus "
        "beta times a negative number pays the policy for running away.",
        slips={
            1: "Line 1 only names the function.",
            2: "Turning p into floats is right.",
            3: "Turning q into floats is right.",
            4: "Line 4 is right, and needed: an outcome with p = 0 counts 0, and log(0) must not be taken.",
        },
    ),
    cases=(
        "kl_divergence([0.5, 0.5], [0.9, 0.1])",
        "kl_divergence([1.0, 0.0], [0.25, 0.75])",
        "kl_divergence([0.5, 0.5], [1.0, 0.0])",
    ),
    right="It is never negative, 0 only for equal distributions, and infinite where q rules out what p allows.",
    slips=(
        Slip(_listing, "This is still the old value: the KL with a minus sign."),
        Slip(
            lambda p, q: solutions.kl_divergence(q, p),
            "It is positive now, but it is KL(q || p): the weights before the logarithm are p's.",
        ),
        Slip(
            lambda p, q: _over(p, q, lambda p, q: (p > 0) & (q > 0)),
            "Leaving out the outcomes with q = 0 hides an infinite divergence: only p = 0 may be left out.",
        ),
        Slip(
            lambda p, q: _over(p, q, lambda p, q: p > 0, lambda p, q: np.abs(np.log(p / q))),
            "You made every term positive. Single terms may be negative; only the sum cannot.",
        ),
        Slip(
            lambda p, q: max(0.0, _listing(p, q)),
            "Cutting off at 0 hides the fault: now every pair of distributions seems equal.",
        ),
        Slip(
            lambda p, q: _over(p, q, lambda p, q: p > 0, lambda p, q: np.log2(p / q)),
            "You took logarithms to base 2. Nats are asked.",
        ),
        Slip(
            lambda p, q: _over(p, q, lambda p, q: p > -1, lambda p, q: np.log((p + 1e-12) / (q + 1e-12))),
            "A small number added to q makes an infinite divergence finite, and every other one slightly wrong.",
        ),
    ),
)


@ex1_8.group(
    "value and sign", "On ordinary distributions your value is not the sum of p log(p / q). Is it positive?", weight=2
)
def _(student, rng):
    ex1_8.compare(student, [0.7, 0.2, 0.1], [0.4, 0.4, 0.2])
    for n in (2, 5, 50):
        ex1_8.compare(student, _reference(rng, n), _reference(rng, n))


@ex1_8.group("outcomes with p = 0", "An outcome with p = 0 must count 0, also where q is 0 too: no NaN.")
def _(student, rng):
    ex1_8.compare(student, [1.0, 0.0], [0.5, 0.5])
    ex1_8.compare(student, [0.0, 0.3, 0.7, 0.0], [0.0, 0.6, 0.2, 0.2])
    ex1_8.compare(student, np.append(_reference(rng, 4), 0.0), _reference(rng, 5))


@ex1_8.group("outcomes with q = 0", "Where q is 0 and p is not, the divergence is infinite: +inf must come back.")
def _(student, rng):
    ex1_8.compare(student, [0.5, 0.5], [1.0, 0.0])
    ex1_8.compare(student, _reference(rng, 4), np.append(_reference(rng, 3), 0.0))


@ex1_8.group("equal and nearly equal", "Equal distributions have divergence 0, nearly equal ones a tiny positive one.")
def _(student, rng):
    for n in (1, 3, 40):
        p = _reference(rng, n)
        ex1_8.compare(student, p, p.copy())
    nearly = softmax(np.array([1e-3, 0.0, -1e-3]))
    ex1_8.compare(student, nearly, np.full(3, 1 / 3), relative=1e-3, absolute=0.0)
