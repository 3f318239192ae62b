"""Chapter 2, PPO for RLHF: what `check` says and what the hidden tests ask."""

import numpy as np

from autograder.marking import Chapter, Fail, Letter, Line, Number, Raises, Slip
from autograder.variants import Variant, in_steps, one_of, variants_of
from utils.solutions import ch02 as solutions

chapter = Chapter("ch02_ppo_for_rlhf")
grade = chapter.grade

# --- 2.1 Probability ratio --------------------------------------------------------------------------------------------


def answer_2_1(logp_new, logp_old, right):
    """The question with any two log-probabilities."""
    ratio, divided = solutions.probability_ratio(logp_new, logp_old), logp_new / logp_old
    return Number(
        "answer_2_1",
        ratio,
        right=right,
        slips=(
            Slip(1 / ratio, "This is old over new. The new policy stands in the numerator."),
            Slip(logp_new - logp_old, "This is the logarithm of the ratio. Take its exponential."),
            Slip(divided, "You divided the log-probabilities. The ratio of the probabilities is asked."),
            Slip(1 / divided, "You divided the log-probabilities. The ratio of the probabilities is asked."),
            Slip(10 ** (logp_new - logp_old), "You used powers of 10. The logarithms are natural."),
            Slip(np.exp(logp_new), "This is the new probability alone. Divide by the old one."),
        ),
    )


ex2_1 = chapter.derive(
    "2.1",
    answer_2_1(-1.8, -2.3, "The new policy makes this action about 65 % more probable than the old one did."),
)


@variants_of(ex2_1, logp_new=in_steps(-4, -0.5, 0.1), logp_old=in_steps(-4, -0.5, 0.1))
def _(logp_new, logp_old):
    return Variant(
        "The policy that wrote a token gave it the log-probability "
        f"$\\log \\pi_{{old}}(a \\mid s) = {logp_old:g}$. After some gradient steps it is $\\log \\pi(a \\mid s) = "
        f"{logp_new:g}$. What is the probability ratio $\\rho$?",
        answer_2_1(logp_new, logp_old, "It is exp(new - old)."),
    )


# --- 2.2 Clipped or not -----------------------------------------------------------------------------------------------


def answers_2_2(ratio, advantage, eps, rights, positive):
    """The three questions with any ratio outside the clip range; `positive` says that ratio and advantage are."""
    unclipped, clipped, objective = (float(term) for term in solutions.surrogate_terms(ratio, advantage, eps))
    low, high, larger = 1 - eps, 1 + eps, max(unclipped, clipped)
    cut, other_end, place = (high, low, "above") if ratio > high else (low, high, "below")
    end = "lower" if other_end == low else "upper"
    sign = (
        "Right size, but nothing changes the sign here: ratio and advantage are positive."
        if positive
        else "Right size, wrong sign: the term has the sign of the advantage."
    )
    return (
        Number(
            "answer_2_2a",
            unclipped,
            right=rights[0],
            slips=(
                Slip(clipped, "This is the clipped term. The unclipped one comes first."),
                Slip(-unclipped, sign),
                Slip(ratio, "This is the ratio alone. The term is ratio times advantage."),
            ),
        ),
        Number(
            "answer_2_2b",
            clipped,
            right=rights[1],
            slips=(
                Slip(
                    cut,
                    "This is the clipped ratio, or the product clipped. Clip the ratio, then multiply by the advantage.",
                ),
                Slip(
                    other_end * advantage,
                    f"You clipped to the {end} end. A ratio of {ratio:g} lies {place} the range.",
                ),
                Slip(
                    unclipped,
                    f"A ratio of {ratio:g} lies outside the range, so this term must differ from the first.",
                ),
                Slip(-clipped, sign),
            ),
        ),
        Number(
            "answer_2_2c",
            objective,
            right=rights[2],
            slips=(
                Slip(-objective, "This is the loss, to be minimised. The objective, to be maximised, is asked."),
                Slip(larger, "You kept the larger term. PPO is pessimistic and keeps the smaller."),
                Slip(-larger, "You kept the larger term, and changed its sign. PPO keeps the smaller."),
                *(
                    [Slip(0.0, "This is the gradient of the term that is kept. Its value is asked.")]
                    if objective == clipped
                    else []
                ),
            ),
        ),
    )


ex2_2 = chapter.derive(
    "2.2",
    *answers_2_2(
        1.65,
        2.0,
        0.2,
        (
            "The plain product, as if there were no clip.",
            "The ratio is cut to 1.2 first, then multiplied.",
            "PPO keeps 2.40, the smaller term, and the loss to minimise is its negative, -2.40. Some answer keys call 2.40 "
            "itself the loss; others say that the gradient now treats the ratio as 1.2. Neither is right: 2.40 is the "
            "objective, and as it no longer depends on the ratio, its gradient is exactly 0.",
        ),
        positive=True,
    ),
)


@variants_of(
    ex2_2,
    ratio=in_steps(0.5, 1.9, 0.05),
    advantage=one_of(-3.0, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.0),
    eps=one_of(0.1, 0.2, 0.3),
)
def _(ratio, advantage, eps):
    if 1 - eps <= ratio <= 1 + eps:
        return None
    kept = "clipped" if (ratio > 1) == (advantage > 0) else "unclipped"
    rights = (
        "It is the plain product, as if there were no clip.",
        "The ratio is cut to the nearer end of the range, then multiplied by the advantage.",
        f"The smaller of both terms is the {kept} one.",
    )
    return Variant(
        f"A sample has the ratio $\\rho = {ratio:g}$ and the advantage $A = {advantage:g}$; the clip range is "
        f"$\\varepsilon = {eps:g}$. Compute\n\n- **a**: the unclipped term;\n- **b**: the clipped term;\n- **c**: the value "
        "of the objective, which PPO maximises, for this sample.",
        *answers_2_2(ratio, advantage, eps, rights, positive=advantage > 0),
    )


# --- 2.3 Batch clip trace ---------------------------------------------------------------------------------------------

BATCH_2_3 = ([-1.2, -2.0, -1.0], [-1.5, -1.8, -1.0], [1.0, -0.5, 2.0])
OBJECTIVE_2_3 = solutions.ppo_objective(*BATCH_2_3, 0.2)

chapter.trace(
    "2.3",
    Number(
        "answer_2_3",
        OBJECTIVE_2_3,
        right="Only the first sample is clipped, from 1.35 to 1.2. The second ratio, 0.819, lies inside the range: both its "
        "terms are -0.409. A popular answer key says that the lower clip acts there; its own range for the answer, 0.93 to "
        "1.0, even admits the result of never clipping.",
        slips=(
            Slip(
                np.mean(np.exp([0.3, -0.2, 0.0]) * np.array(BATCH_2_3[2])),
                "The first sample is not clipped in your mean: either you left the clip out, or you kept the larger terms.",
            ),
            Slip(
                (1.2 - 0.4 + 2.0) / 3,
                "You clipped the second sample too. Is its ratio, exp(-0.2), really outside the range from 0.8 to 1.2?",
            ),
            Slip(-OBJECTIVE_2_3, "This is the loss, to be minimised. The objective, to be maximised, is asked."),
            Slip(3 * OBJECTIVE_2_3, "This is the sum over the samples. The mean is asked."),
            Slip(
                solutions.ppo_objective(BATCH_2_3[1], BATCH_2_3[0], BATCH_2_3[2], 0.2),
                "Your ratios are old over new. The new policy stands in the numerator.",
            ),
            Slip(
                np.mean([1.2, 0.4093653765389909, 2.0]),
                "The second advantage is negative, so its term is negative too.",
            ),
        ),
    ),
)

# --- 2.4 Clipping a bad action ----------------------------------------------------------------------------------------

chapter.trace(
    "2.4",
    Letter(
        "answer_2_4",
        "A",
        options={
            "A": "Below 0.8 the bad action has been discouraged enough: the objective is flat at 0.8 A and the gradient "
            "is 0. Above 1.2 the minimum keeps the unclipped, more negative term, so the penalty has no cap. All four "
            "corners: the gradient vanishes for a good action above 1.2 and for a bad one below 0.8; in the other two it is "
            "in full force.",
            "B": "That is the side of a good action. With A < 0, compare both terms at a ratio of 1.5 and keep the "
            "smaller.",
            "C": "This is often said, and half right: the gradient vanishes only on the side where leaving the range "
            "improves the objective. Compare both terms at a ratio of 1.5 and at 0.5.",
            "D": "The clip holds no ratio in place: other samples and momentum may still move it. What happens to the "
            "gradient below 0.8?",
        },
    ),
)

# --- 2.5 RLHF advantage -----------------------------------------------------------------------------------------------


def answer_2_5(reward, log_ratio, beta, value, right):
    """The question with any givens."""
    advantage = solutions.response_advantage(reward, log_ratio, beta, value)
    return Number(
        "answer_2_5",
        advantage,
        right=right,
        slips=(
            Slip(
                reward - beta * log_ratio,
                "This is the reward after the KL charge. The baseline is still to be subtracted.",
            ),
            Slip(reward - value, "You left out the KL charge."),
            Slip(reward - log_ratio - value, f"You charged the whole {log_ratio:g} nats. Each nat costs beta."),
            Slip(
                reward + beta * log_ratio - value,
                "You added the KL charge. Moving away from the reference costs reward.",
            ),
            Slip(-advantage, "Right size, wrong sign: reward minus baseline, not the other way round."),
            Slip(beta * (reward - log_ratio) - value, "Beta multiplies the nats only, not the reward."),
        ),
    )


ex2_5 = chapter.derive(
    "2.5",
    answer_2_5(
        4.0,
        5.0,
        0.1,
        3.2,
        "A little better than the critic expected for this prompt, so PPO makes this response a little more probable.",
    ),
)


@variants_of(
    ex2_5,
    reward=in_steps(1, 6, 0.5),
    log_ratio=in_steps(2, 20, 1),
    beta=one_of(0.02, 0.05, 0.1, 0.2),
    value=in_steps(1, 5, 0.2),
)
def _(reward, log_ratio, beta, value):
    return Variant(
        f"The reward model gives a response ${reward:g}$ points. Its log-ratio to the reference is ${log_ratio:g}$ nats; "
        f"$\\beta = {beta:g}$ points per nat. The value model expected $V(x) = {value:g}$ points for this prompt. What is "
        "the advantage of the response?",
        answer_2_5(reward, log_ratio, beta, value, "It is reward - beta x log-ratio - V."),
    )


# --- 2.6 ppo_clip_loss ------------------------------------------------------------------------------------------------


def _clip_loss(combine):
    """A loss from a function of ratio, advantages and eps that gives the objective of each sample."""

    def loss(logp_new, logp_old, advantages, eps=0.2):
        ratio = np.exp(np.subtract(logp_new, logp_old))
        return float(-np.mean(combine(ratio, np.asarray(advantages, dtype=float), eps)))

    return loss


def _clip(ratio, eps):
    return np.clip(ratio, 1 - eps, 1 + eps)


ex2_6 = chapter.build(
    "2.6",
    solutions.ppo_clip_loss,
    cases=(
        "ppo_clip_loss([-1.8], [-2.3], [2.0])",
        "ppo_clip_loss([-1.0, -1.0, -2.0, -2.0], [-1.5, -1.5, -1.0, -1.0], [1.0, -1.0, 3.0, -3.0], eps=0.1)",
        "ppo_clip_loss([-1000.2, -1001.0], [-1000.1, -1000.0], [1.0, 0.5])",
        Raises("ppo_clip_loss([0.0, 0.0], [0.0, 0.0], [1.0])"),
    ),
    right="Right, also for the log-probability of a whole response, where the probabilities themselves underflow.",
    slips=(
        Slip(
            lambda *args, **kwargs: -solutions.ppo_clip_loss(*args, **kwargs),
            "You returned the objective, which is to be maximised. The loss is its negative.",
        ),
        Slip(
            _clip_loss(lambda ratio, a, eps: _clip(ratio, eps) * a),
            "You returned the clipped term alone. Without the minimum, a sample on the wrong side of the range gets no "
            "gradient to bring it back.",
        ),
        Slip(_clip_loss(lambda ratio, a, eps: ratio * a), "Nothing is clipped."),
        Slip(
            _clip_loss(lambda ratio, a, eps: np.maximum(ratio * a, _clip(ratio, eps) * a)),
            "You kept the larger of the two terms of the objective. PPO keeps the smaller; for a loss, whose terms have the "
            "other sign, that is the larger.",
        ),
        Slip(
            _clip_loss(lambda ratio, a, eps: np.minimum(ratio, 1 + eps) * a),
            "You took the minimum before multiplying by the advantage. For a negative advantage that caps the penalty "
            "and not the benefit.",
        ),
        Slip(
            lambda new, old, a, eps=0.2: solutions.ppo_clip_loss(old, new, a, eps),
            "Your ratio is old over new. The new policy stands in the numerator.",
        ),
        Slip(
            lambda new, old, a, eps=0.2: solutions.ppo_clip_loss(new, old, a, eps) * len(new),
            "You returned the sum over the samples. The mean is asked.",
        ),
        Slip(
            _clip_loss(lambda ratio, a, eps: np.minimum(ratio * a, np.clip(ratio * a, 1 - eps, 1 + eps))),
            "You clipped ratio times advantage. Clip the ratio, then multiply.",
        ),
        Slip(
            _clip_loss(lambda ratio, a, eps: np.minimum(np.log(ratio) * a, _clip(np.log(ratio), eps) * a)),
            "You used the difference of the log-probabilities as the ratio. Take its exponential.",
        ),
    ),
)


def _samples(rng, n_samples, spread=0.5):
    """Log-probabilities under the old policy, under a policy that moved by `spread`, and advantages."""
    logp_old = rng.uniform(-5.0, -0.1, size=n_samples)
    return logp_old + rng.normal(scale=spread, size=n_samples), logp_old, rng.normal(scale=2.0, size=n_samples)


@ex2_6.group("values", "Your mean of the clipped terms is off on ordinary samples.", weight=2)
def _(student, rng):
    ex2_6.compare(student, *(np.array(x) for x in BATCH_2_3))
    for n_samples in (100, 9, 2, 1):
        ex2_6.compare(student, *_samples(rng, n_samples))


@ex2_6.group(
    "all four corners",
    "A sample far above or below the clip range is off: write down both terms for a positive and for a negative "
    "advantage, and keep the smaller term of the objective.",
)
def _(student, rng):
    logp_old = rng.uniform(-4.0, -2.0, size=12)
    shift, sign = np.repeat([-1.0, -1.0, 1.0, 1.0], 3), np.repeat([-1.0, 1.0, -1.0, 1.0], 3)
    ex2_6.compare(student, logp_old + shift, logp_old, sign * rng.uniform(0.5, 2.0, size=12))


@ex2_6.group("clip range", "With another eps your loss is off. Is eps used on both sides, and is its default 0.2?")
def _(student, rng):
    samples = _samples(rng, 50)
    ex2_6.compare(student, *samples)
    for eps in (0.0, 0.05, 0.5):
        ex2_6.compare(student, *samples, eps)
        ex2_6.compare(student, *samples, eps=eps)


@ex2_6.group(
    "tiny probabilities",
    "A whole response may have a log-probability of -1000. Its probability is 0 to the computer, and 0 / 0 is no ratio: "
    "subtract before you take the exponential.",
)
def _(student, rng):
    logp_new, logp_old, advantages = _samples(rng, 20)
    ex2_6.compare(student, logp_new - 1000, logp_old - 1000, advantages, relative=1e-4)
    ex2_6.compare(student, [-5.0, -3000.0], [-2000.0, -3000.5], [1.5, 0.5])


@ex2_6.group(
    "slopes",
    "Where the clip binds, your loss must not react to logp_new at all; elsewhere its slope in logp_new is "
    "-ratio * A / n.",
)
def _(student, rng):
    logp_old = np.full(4, -2.0)
    logp_new = logp_old + np.log([1.5, 0.5, 1.5, 0.5])
    advantages = rng.uniform(0.5, 2.0, size=4) * np.array([1, 1, -1, -1])
    flat = np.array([True, False, False, True])
    for i in range(4):
        step = np.zeros(4)
        step[i] = 1e-4
        rise = student(logp_new + step, logp_old, advantages) - student(logp_new - step, logp_old, advantages)
        expected = 0.0 if flat[i] else -np.exp(logp_new[i] - logp_old[i]) * advantages[i] / 4
        if not abs(rise / 2e-4 - expected) < 1e-3:
            raise Fail("")


@ex2_6.group("lists and integers", "Lists and integer arrays must work as well as float arrays, and stay as they were.")
def _(student, rng):
    ex2_6.compare(student, [-1, -2, -3], [-2, -2, -2], [1, -1, -3])
    ex2_6.compare(student, rng.integers(-4, 0, 9), rng.integers(-4, 0, 9), rng.integers(-3, 4, 9))
    arrays = _samples(rng, 8)
    before = [array.copy() for array in arrays]
    student(*arrays)
    if not all(np.array_equal(array, old) for array, old in zip(arrays, before, strict=True)):
        raise Fail("Your function changed the arrays it was given. Work on a copy.")


@ex2_6.group("bad input", "Empty arrays and arrays of unequal length must raise ValueError, not return a number.")
def _(student, rng):
    ex2_6.expect_error(student, ValueError, [], [], [])
    ex2_6.expect_error(student, ValueError, np.zeros(3), np.zeros(3), np.ones(1))
    ex2_6.expect_error(student, ValueError, rng.normal(size=1), np.zeros(4), np.ones(4))


# --- 2.7 gae ----------------------------------------------------------------------------------------------------------


def _gae(mask_value=True, mask_carry=True, shift=0, trace=None, bootstrap=True, returns=None, finish=None):
    """The recursion with a mistake in it."""

    def wrong(rewards, values, dones, last_value, gamma=0.99, lam=0.95):
        rewards, values, dones = (np.asarray(x, dtype=float) for x in (rewards, values, dones))
        dones = np.append(dones[shift:], np.zeros(shift))
        following_values = np.append(values[1:], last_value if bootstrap else 0.0)
        decay = gamma * lam if trace is None else trace(gamma, lam)
        advantages, carry = np.zeros(len(rewards)), 0.0
        for t in range(len(rewards) - 1, -1, -1):
            on = 1.0 - dones[t]
            delta = rewards[t] + gamma * following_values[t] * (on if mask_value else 1.0) - values[t]
            carry = delta + decay * (on if mask_carry else 1.0) * carry
            advantages[t] = carry
        if finish is not None:
            advantages = finish(advantages)
        return advantages, advantages + values if returns is None else returns(rewards, dones, last_value, gamma)

    return wrong


def _discounted(rewards, dones, last_value, gamma):
    total, out = last_value, np.zeros(len(rewards))
    for t in range(len(rewards) - 1, -1, -1):
        total = rewards[t] + gamma * (1 - dones[t]) * total
        out[t] = total
    return out


def _exchanged(*args, **kwargs):
    advantages, returns = solutions.gae(*args, **kwargs)
    return returns, advantages


ex2_7 = chapter.build(
    "2.7",
    solutions.gae,
    cases=(
        "gae([1.0, 0.0, 2.0], [0.5, 0.4, 0.3], [0, 0, 0], 0.2, gamma=0.9, lam=0.8)",
        "gae([1.0, 1.0, 1.0, 1.0], [2.0, 1.0, 3.0, 2.0], [0, 1, 0, 0], 4.0, gamma=0.5, lam=0.5)",
        "gae([0.0, 0.0, 1.0], [0.5, 0.6, 0.8], [False, False, True], 7.0)",
        Raises("gae([1.0, 2.0], [0.5], [0, 0], 0.0)"),
    ),
    right="Advantages and returns are right, and no episode looks into the next one.",
    slips=(
        Slip(
            _gae(mask_value=False, mask_carry=False),
            "An episode that has ended looks into the next one. Where `dones[t]` is true, two things must become 0.",
        ),
        Slip(
            _gae(mask_carry=False),
            "The value is masked where an episode ends, but the advantage of the next episode still leaks into this one.",
        ),
        Slip(
            _gae(mask_value=False),
            "Where an episode ends, the value of the next state must not count: it belongs to another episode.",
        ),
        Slip(
            _gae(shift=1),
            "Your mask is one step off: `dones[t]` says that the episode ended with step t itself.",
        ),
        Slip(
            _gae(trace=lambda gamma, lam: lam),
            "The factor between one step and the next is gamma times lambda, not lambda.",
        ),
        Slip(
            _gae(trace=lambda gamma, lam: gamma),
            "Lambda has no effect: the factor between steps is gamma times lambda.",
        ),
        Slip(_gae(trace=lambda gamma, lam: 0.0), "These are the one-step TD errors. Their discounted sum is missing."),
        Slip(
            _gae(bootstrap=False), "`last_value` has no effect: the last step must see the value of the state after it."
        ),
        Slip(
            _gae(returns=_discounted),
            "The advantages are right. The returns are meant as advantages + values, not as discounted sums of rewards.",
        ),
        Slip(_exchanged, "Advantages first, then returns."),
        Slip(
            _gae(finish=lambda a: (a - a.mean()) / (a.std() + 1e-8)),
            "You standardised the advantages. Many programs do that later, on each batch; here the plain ones are asked.",
        ),
    ),
)


def _trajectory(rng, n_steps, n_ends=0):
    """Rewards, values, dones with so many ends (none with the last step), and last_value."""
    dones = np.zeros(n_steps, dtype=bool)
    dones[rng.choice(n_steps - 1, size=n_ends, replace=False) if n_ends else []] = True
    return rng.normal(size=n_steps), rng.normal(size=n_steps), dones, float(rng.normal())


@ex2_7.group("one episode", "On a trajectory without an end inside, your advantages or returns are off.", weight=2)
def _(student, rng):
    for n_steps in (60, 5, 2, 1):
        ex2_7.compare(student, *_trajectory(rng, n_steps))
        ex2_7.compare(student, *_trajectory(rng, n_steps), gamma=0.9, lam=0.7)


@ex2_7.group(
    "ends of episodes",
    "Where an episode ends inside the trajectory, or with its last step, nothing from after the end may count.",
    weight=2,
)
def _(student, rng):
    for n_steps, n_ends in ((80, 20), (12, 3), (3, 1)):
        ex2_7.compare(student, *_trajectory(rng, n_steps, n_ends), 0.95, 0.9)
    rewards, values, dones, _ = _trajectory(rng, 6)
    dones[-1] = True
    ex2_7.compare(student, rewards, values, dones, 1e6)
    ex2_7.compare(student, rewards, values, np.ones(6, dtype=bool), 3.0)


@ex2_7.group(
    "limits",
    "With lambda 0 each advantage is the one-step TD error, with lambda 1 the discounted rewards still to come less the "
    "value, and with gamma 0 only the step's own reward less its value. One of these fails.",
)
def _(student, rng):
    rewards, values, dones, last_value = _trajectory(rng, 15, n_ends=3)
    following = np.append(values[1:], last_value) * ~dones
    for gamma, lam, expected in (
        (0.9, 0.0, rewards + 0.9 * following - values),
        (0.9, 1.0, _discounted(rewards, dones, last_value, 0.9) - values),
        (0.0, 0.5, rewards - values),
        (1.0, 1.0, _discounted(rewards, dones, last_value, 1.0) - values),
    ):
        advantages, _ = student(rewards, values, dones, last_value, gamma=gamma, lam=lam)
        if np.shape(advantages) != (15,) or not np.allclose(advantages, expected, rtol=1e-5, atol=1e-7):
            raise Fail("")


@ex2_7.group("defaults", "Called without gamma and lam, your function must use 0.99 and 0.95.")
def _(student, rng):
    trajectory = _trajectory(rng, 40, n_ends=2)
    ex2_7.compare(student, *trajectory)
    ex2_7.compare(student, *trajectory, lam=0.5)
    ex2_7.compare(student, *trajectory, 0.9)


@ex2_7.group(
    "lists and integers",
    "Lists, integer rewards and any kind of `dones` (True, 1 or 1.0) must work, and arrays must stay as they were.",
)
def _(student, rng):
    rewards = rng.integers(-2, 3, size=10)
    _, values, dones, _ = _trajectory(rng, 10, n_ends=3)
    ex2_7.compare(student, rewards, values, dones, 0.5)
    ex2_7.compare(student, rewards, rng.integers(-2, 3, size=10), dones.astype(int), 1)
    ex2_7.compare(student, rewards.tolist(), values.tolist(), dones.tolist(), 0.5)
    ex2_7.compare(student, rewards.astype(float), values, dones.astype(float), 0.5)
    arrays = [rewards.astype(float), values, dones]
    before = [array.copy() for array in arrays]
    student(*arrays, 0.5)
    if not all(np.array_equal(array, old) for array, old in zip(arrays, before, strict=True)):
        raise Fail("Your function changed the arrays it was given. Work on a copy.")


@ex2_7.group(
    "bad input",
    "Arrays of unequal length, and arrays with more than one axis, must raise ValueError: over a batch of shape (B, T) "
    "the loop would run over the wrong axis.",
)
def _(student, rng):
    ex2_7.expect_error(student, ValueError, np.zeros(3), np.zeros(4), np.zeros(3), 0.0)
    ex2_7.expect_error(student, ValueError, np.zeros(3), np.zeros(3), np.zeros(2), 0.0)
    ex2_7.expect_error(student, ValueError, rng.normal(size=(2, 5)), rng.normal(size=(2, 5)), np.zeros((2, 5)), 0.0)


# --- 2.8 An optimistic clip -------------------------------------------------------------------------------------------


def _objective(combine):
    def objective(logp_new, logp_old, advantages, eps):
        ratio = np.exp(np.subtract(logp_new, logp_old))
        return float(np.mean(combine(ratio, np.asarray(advantages, dtype=float), eps)))

    return objective


ex2_8 = chapter.debug(
    "2.8",
    solutions.ppo_objective,
    Line(
        "buggy_line_2_8",
        6,
        right="Line 6 keeps the better of the two terms where PPO keeps the worse.\n\nWith `np.maximum` the clip never removes "
        "an incentive: a good action at ratio 1.5 is still worth 1.5 A. It removes the remedy instead: a bad action that "
        "has become more probable is flat at 1.2 A, so nothing pushes it back.",
        slips={
            1: "Line 1 only names the function.",
            2: "The ratio is new over old, and it is computed from the difference of the logarithms: that is right.",
            3: "Line 3 only makes an array of the advantages.",
            4: "The unclipped term is ratio times advantage.",
            5: "The clipped term is right: first the ratio is clipped, then it is multiplied. What is done with both terms?",
        },
    ),
    cases=(
        "ppo_objective([0.0], [0.0], [1.5], 0.2)",
        "ppo_objective([-1.0, -3.0], [-2.0, -2.0], [1.0, 1.0], 0.2)",
        "ppo_objective([-1.0, -3.0], [-2.0, -2.0], [-1.0, -1.0], 0.2)",
    ),
    right="It never promises more than the plain surrogate, on either side.",
    slips=(
        Slip(
            lambda *args: -solutions.ppo_objective(*args),
            "You returned the loss. This function returns the objective, to be maximised.",
        ),
        Slip(
            _objective(lambda ratio, a, eps: np.minimum(ratio, 1 + eps) * a),
            "A bad action that has become more probable costs no more beyond 1 + eps: its penalty is capped. Which of the "
            "two terms must count?",
        ),
        Slip(
            _objective(lambda ratio, a, eps: np.maximum(ratio * a, _clip(ratio, eps) * a)),
            "It still keeps the better of the two terms.",
        ),
        Slip(
            _objective(lambda ratio, a, eps: _clip(ratio, eps) * a),
            "Now only the clipped term counts. A bad action that has become more probable must still cost its full price.",
        ),
        Slip(_objective(lambda ratio, a, eps: ratio * a), "Now nothing is clipped."),
        Slip(
            lambda new, old, a, eps: solutions.ppo_objective(new, old, a, eps) * len(new),
            "The mean got lost: this is the sum over the samples.",
        ),
    ),
)


@ex2_8.group("good actions", "For a positive advantage the objective must stop rising above 1 + eps, and only there.")
def _(student, rng):
    logp_new, logp_old, advantages = _samples(rng, 60)
    ex2_8.compare(student, logp_new, logp_old, np.abs(advantages), 0.2)
    ex2_8.compare(student, [-1.0], [-2.0], [2.0], 0.3)


@ex2_8.group(
    "bad actions",
    "For a negative advantage the objective must stop rising below 1 - eps, and fall freely above 1 + eps.",
)
def _(student, rng):
    logp_new, logp_old, advantages = _samples(rng, 60)
    ex2_8.compare(student, logp_new, logp_old, -np.abs(advantages), 0.2)
    ex2_8.compare(student, [-1.0], [-2.0], [-2.0], 0.3)


@ex2_8.group(
    "pessimism",
    "The objective must never exceed the plain mean of ratio times advantage, and must equal it while no ratio has left the "
    "clip range.",
)
def _(student, rng):
    for spread in (0.02, 0.3, 1.0):
        logp_new, logp_old, advantages = _samples(rng, 200, spread)
        plain = np.mean(np.exp(logp_new - logp_old) * advantages)
        value = student(logp_new, logp_old, advantages, 0.2)
        if value > plain + 1e-9 or (spread == 0.02 and abs(value - plain) > 1e-9):
            raise Fail("")
        ex2_8.compare(student, logp_new, logp_old, advantages, 0.2)
