"""Chapter 9, the capstone: what `check` says and what the hidden tests ask."""

import numpy as np
import torch

from autograder.marking import Chapter, Fail, Letter, Line, Number, Order, Raises, Slip, Slipped, StudentError
from autograder.variants import Variant, in_steps, one_of, table, variants_of
from utils import tinylm
from utils.check import agree, plain
from utils.solutions import ch09 as solutions
from utils.tinylm.exam import KL_LEAST, faults

chapter = Chapter("ch09_alignment_capstone")
grade = chapter.grade

# --- 9.1 Reward-model size --------------------------------------------------------------------------------------------


def answer_9_1(d, layers, vocabulary, d_ff, right):
    """The question with any shape."""
    base = solutions.transformer_parameters(d, layers, vocabulary, d_ff)
    weights = solutions.reward_model_parameters(d, layers, vocabulary, d_ff)
    return Number(
        "answer_9_1",
        weights / 1e9,
        right=right,
        slips=(
            Slip(base / 1e9, "This is the base model. Its language head goes, and a scalar head comes."),
            Slip(
                (weights - vocabulary * d) / 1e9,
                "You took both embeddings away. The reward model still has to read its input: only the head goes.",
            ),
            Slip(
                (weights - layers * d * d_ff) / 1e9,
                "SwiGLU has three matrices of size d times d_ff in each layer, not two.",
            ),
            Slip(weights, "The number of weights is right; the answer is asked in billions."),
            Slip(vocabulary * d / 1e9, "This is what goes away. How much is left?"),
        ),
    )


ex9_1 = chapter.derive(
    "9.1",
    answer_9_1(
        4096,
        32,
        32_000,
        11_008,
        "6,607,347,712 weights: the language head was less than 2 % of the base model's 6,738,415,616, and the scalar "
        "head brings back 4,096. A reward model is as expensive as the model it judges.",
    ),
)


@variants_of(
    ex9_1,
    width_and_inner=one_of(
        (1024, 2816), (1536, 4096), (2048, 5504), (2560, 6912), (3072, 8192), (4096, 14336), (5120, 13824)
    ),
    layers=one_of(16, 20, 24, 28, 36, 40, 48),
    vocabulary=one_of(32_000, 50_000, 64_000, 100_000, 128_000),
)
def _(width_and_inner, layers, vocabulary):
    d, d_ff = width_and_inner
    parts = (
        ("input embedding", "$V d$"),
        ("attention, each layer: four matrices", "$4 d^2$"),
        ("feed-forward (SwiGLU), each layer: three matrices", r"$3\, d\, d_{ff}$"),
        ("two norms, each layer", "$2 d$"),
        ("last norm", "$d$"),
        ("language head, not shared with the input embedding", "$V d$"),
    )
    return Variant(
        f"A language model has width $d = {d}$, $L = {layers}$ layers, a vocabulary of $V = {vocabulary}$ tokens, inner "
        f"width $d_{{ff}} = {d_ff}$ and no biases:\n\n{table(('part', 'weights'), parts)}\n\nTake the language head away and "
        "put in its place one linear layer without bias that turns the last features, $d$ numbers, into a single score. How "
        "many weights has this reward model, in billions?",
        answer_9_1(d, layers, vocabulary, d_ff, "It is the sum of the table without the language head, plus d."),
    )


# --- 9.2 RLHF weight memory -------------------------------------------------------------------------------------------


def _adam_gb(billions):
    """Two moments for each of two trained models."""
    return 2 * billions * 2 * solutions.BYTES_FP32


def answer_9_2(billions, reward_billions, right, more_slips=()):
    """The question with any size of the policy, the reference and the value function, and of the reward model."""
    everything = (billions, billions, reward_billions, billions)
    weights = solutions.weight_memory_gb(everything)
    return Number(
        "answer_9_2",
        weights,
        right=right,
        slips=(
            Slip(sum(everything), "This is the number of weights in billions. Each takes 2 bytes."),
            Slip(2 * weights, "This is 4 bytes for each weight. BF16 has 2."),
            Slip(
                solutions.weight_memory_gb(everything[:3]),
                "One model is missing: the value function needs weights too.",
            ),
            Slip(
                solutions.weight_memory_gb([billions] * 4),
                f"The reward model has {reward_billions:g} billion weights, not {billions:g}.",
            ),
            Slip(weights * 1e9 / 2**30, "You counted in GiB (2**30 bytes). GB of 10**9 bytes are asked."),
            Slip(
                weights + _adam_gb(billions),
                "This adds Adam's two moments, and still leaves gradients out. Only weights are asked.",
            ),
            *more_slips,
        ),
    )


ex9_2 = chapter.derive(
    "9.2",
    answer_9_2(
        7,
        6.6,
        "55.2 GB for the weights alone. For the two trained models Adam's moments add 112 GB, gradients 28 GB and master "
        "weights 56 GB: 251.2 GB before a single activation is stored.",
        [
            Slip(
                55.2 + 2 * _adam_gb(7),
                "This adds 224 GB for Adam, as a popular answer key says at one place. Two moments of 4 bytes for 14 billion "
                "trained weights are 112 GB; and only weights are asked here.",
            )
        ],
    ),
)

SIZES_9_2 = {
    "billions": one_of(1.5, 3, 8, 9, 13, 14, 27, 32, 65, 70),
    "reward_billions": one_of(0.5, 1.1, 2.7, 6.6, 12.5, 26),
}


@variants_of(ex9_2, **SIZES_9_2)
def _(billions, reward_billions):
    return Variant(
        f"RLHF keeps four models: a policy, a reference and a value function of {billions:g} billion weights each, and a "
        f"reward model of {reward_billions:g} billion, all in BF16. How many GB (of $10^9$ bytes) do the weights of the four "
        "models take? Count nothing but the weights.",
        answer_9_2(billions, reward_billions, "It is 2 bytes for each weight of the four models."),
    )


# --- 9.3 DPO memory saving --------------------------------------------------------------------------------------------


def answer_9_3(billions, reward_billions, right):
    """The question with the sizes of `answer_9_2`."""
    rlhf = solutions.weight_memory_gb((billions, billions, reward_billions, billions))
    dpo = solutions.weight_memory_gb((billions, billions))
    adam = _adam_gb(billions)
    return Number(
        "answer_9_3",
        rlhf - dpo,
        right=right,
        slips=(
            Slip(dpo, "This is what DPO needs. How much less is it than RLHF's?"),
            Slip((rlhf - dpo) / 2, "This is in billions of weights. Each takes 2 bytes."),
            Slip((rlhf - dpo) / rlhf, "This is the share that is saved. The GB are asked."),
            Slip(rlhf - dpo / 2, f"DPO needs its frozen reference too: two models of {billions:g} billion weights."),
            Slip(rlhf + adam - dpo - adam / 2, "This counts Adam's moments as well. Only weights are asked."),
        ),
    )


ex9_3 = chapter.derive(
    "9.3",
    answer_9_3(
        7,
        6.6,
        "27.2 GB, or 49 % of the weights. In training the saving is larger still: with gradients, master weights and "
        "Adam's moments DPO needs 126 GB where RLHF needs 251.2 GB.",
    ),
)


@variants_of(ex9_3, **SIZES_9_2)
def _(billions, reward_billions):
    return Variant(
        f"RLHF keeps four models: a policy, a reference and a value function of {billions:g} billion weights each, and a "
        f"reward model of {reward_billions:g} billion, all in BF16. DPO keeps the policy and the reference. How many GB (of "
        "$10^9$ bytes) of weights does DPO save?",
        answer_9_3(
            billions, reward_billions, "The reward model and the value function go, 2 bytes for each of their weights."
        ),
    )


# --- 9.4 Order the pipeline -------------------------------------------------------------------------------------------

chapter.design(
    "9.4",
    Order(
        "answer_9_4",
        ("C", "D", "B", "A"),
        right="SFT gives a model worth comparing, its responses are compared, the comparisons train the reward model, and PPO "
        "climbs it with the SFT model as reference.",
        slips={
            "DCBA": "Whose responses would people compare? They should come from the fine-tuned model, so that the reward "
            "model learns about the texts it will have to judge.",
            "DBCA": "Whose responses would people compare? They should come from the fine-tuned model, so that the reward "
            "model learns about the texts it will have to judge.",
            "CBDA": "What would the reward model be trained on?",
            "BCDA": "What would the reward model be trained on?",
            "CDAB": "PPO needs a reward to climb. Where does it come from?",
            "CADB": "PPO needs a reward to climb. Where does it come from?",
            "ABDC": "This is the order backwards: PPO comes last.",
        },
        otherwise="Not in this order. Ask of each stage what it needs, and which stage makes that.",
    ),
)

# --- 9.5 How many comparisons -----------------------------------------------------------------------------------------

chapter.trace(
    "9.5",
    Letter(
        "answer_9_5",
        "B",
        options={
            "A": "A few hundred pairs settle the taste of one or two raters on a handful of prompts. A network of billions "
            "of weights learns them by heart and judges nothing new.",
            "B": "InstructGPT ranked responses to about 33,000 prompts; the public hh-rlhf data has about 161,000 "
            "pairs. Only the order of magnitude is meant.",
            "C": "Millions of careful human choices would cost more than the training runs they serve. The reward model "
            "starts from a language model that reads already; it has to learn a preference, not a language.",
            "D": "The number of weights is no guide: a fine-tuned model moves little, and nobody ever asked people seven "
            "billion questions.",
        },
    ),
)

# --- 9.6 GPU hours for DPO --------------------------------------------------------------------------------------------


def answers_9_6(n_pairs, tokens, billions, tera, rights, twice):
    """Both questions for any data, model and speed; `twice` are the hints for who counts multiply and add twice."""

    def hours(passes, n_pairs=n_pairs):
        """Hours at `passes` floating-point operations for each weight and token."""
        return solutions.dpo_gpu_hours(n_pairs, tokens, passes * billions * 1e9, tera * 1e12)

    each_pair = f"Each pair has two responses of {tokens} tokens."
    return (
        Number(
            "answer_9_6a",
            hours(6),
            right=rights[0],
            slips=(
                Slip(hours(12), twice[0]),
                Slip(hours(6, n_pairs / 2), each_pair),
                Slip(hours(2), "This is the forward pass alone. The backward pass costs twice as much again."),
                Slip(hours(4), "This is the backward pass alone. The forward pass comes before it."),
                Slip(hours(8), "This has the reference's forward pass in it. Part a asks for the policy alone."),
                Slip(hours(6) * 3600, "These are seconds. Hours are asked."),
            ),
        ),
        Number(
            "answer_9_6b",
            hours(8),
            right=rights[1],
            slips=(
                Slip(hours(12), twice[1]),
                Slip(hours(6), "This is the policy alone. The reference runs forward on the same tokens."),
                Slip(hours(2), "This is the reference alone. Add it to part a."),
                Slip(hours(8, n_pairs / 2), each_pair),
                Slip(hours(8) * 3600, "These are seconds. Hours are asked."),
            ),
        ),
    )


BOTH_TWICE_9_6 = (
    "This is 12N. A frozen reference needs no backward pass; and if you doubled 6N for multiply and add, the 6 holds that "
    "factor already."
)
ex9_6 = chapter.derive(
    "9.6",
    *answers_9_6(
        100_000,
        512,
        7,
        300,
        (
            "Just under 4 hours: 42 GFLOP for each of 102.4 million tokens.",
            "The frozen reference makes the epoch a third longer, unless its log-probabilities are computed once and kept. "
            "At a realistic 45 % of an A100's peak of 312 TFLOPS the same epoch takes 11.3 hours.",
        ),
        (
            "You used 84 GFLOP per token, as a popular answer key does: it counts multiply and add twice. The 6 in 6N holds "
            "that factor 2 already.",
            BOTH_TWICE_9_6,
        ),
    ),
)


@variants_of(
    ex9_6,
    n_pairs=one_of(20_000, 50_000, 60_000, 150_000, 200_000, 400_000),
    tokens=one_of(128, 256, 384, 768, 1024),
    billions=one_of(1.5, 3, 8, 13, 32, 70),
    tera=one_of(120, 140, 150, 180, 200, 400),
)
def _(n_pairs, tokens, billions, tera):
    rights = (
        "It is 6N for each token of both responses, divided by the FLOP of an hour.",
        "The reference's forward pass makes it 8N for each token.",
    )
    twice = ("You used 12N for each token. The 6 in 6N counts multiply and add already.", BOTH_TWICE_9_6)
    return Variant(
        f"You have {n_pairs:,} preference pairs. The winner and the loser of each pair have {tokens} tokens each. Model and "
        f"reference have $N = {billions:g} \\cdot 10^9$ weights. Suppose a GPU delivers ${tera} \\cdot 10^{{12}}$ FLOP each "
        "second. How many GPU hours does one epoch of DPO take,\n\n- **a**: for the policy's forward and backward pass alone?\n"
        "- **b**: with the reference's forward pass as well?",
        *answers_9_6(n_pairs, tokens, billions, tera, rights, twice),
    )


# --- 9.7 Break-even beta ----------------------------------------------------------------------------------------------


def answer_9_7(reward, kl_per_token, n_tokens, right):
    """The question with any givens."""
    beta = solutions.break_even_beta(reward, kl_per_token, n_tokens)
    return Number(
        "answer_9_7",
        beta,
        right=right,
        slips=(
            Slip(reward / kl_per_token, f"You divided by the divergence of one token. The response has {n_tokens}."),
            Slip(1 / beta, "Upside down: the objective is reward minus beta times KL."),
            Slip(kl_per_token * n_tokens, f"This is the KL of the response. At which beta does it cost {reward:g}?"),
            Slip(reward / n_tokens, "You left the divergence of a token out."),
            Slip(reward * kl_per_token * n_tokens, f"You multiplied. Solve {reward:g} - beta KL = 0 for beta."),
        ),
    )


ex9_7 = chapter.derive(
    "9.7",
    answer_9_7(
        4.0,
        0.15,
        200,
        "30 nats at 0.133 reward each cost 4. Do not read more into the number: the reference scores its own mean reward, "
        "not 0, so the deviation pays only if the reward it gains over the reference exceeds beta times 30.",
    ),
)


@variants_of(
    ex9_7,
    reward=in_steps(1, 8, 0.5),
    kl_per_token=one_of(0.02, 0.04, 0.05, 0.08, 0.1, 0.12, 0.2, 0.25),
    n_tokens=in_steps(40, 400, 20),
)
def _(reward, kl_per_token, n_tokens):
    return Variant(
        f"After training, a policy is on average ${kl_per_token:g}$ nats for each token from its reference. Its responses "
        f"have {n_tokens} tokens, and the reward model gives them ${reward:g}$ on average. At which $\\beta$ is the "
        "objective, reward minus $\\beta$ times KL, exactly 0?",
        answer_9_7(reward, kl_per_token, n_tokens, "It is the reward divided by the KL of the whole response."),
    )


# --- 9.8 Wrong model updated ------------------------------------------------------------------------------------------


def _step(update=("policy",), stable=True, clear=True, sign=1.0, anchored=True, average=True, masked=True):
    """A training step with mistakes."""

    @tinylm.takes_weights
    def step(policy, reference, batch, beta, optimizer_for):
        def log_prob(model, side):
            mask = batch[f"{side}_mask"]
            return tinylm.sequence_log_prob(model, batch[side], mask if masked else torch.ones_like(mask))

        delta = log_prob(policy, "winner") - log_prob(policy, "loser")
        if anchored:
            delta = delta - (log_prob(reference, "winner") - log_prob(reference, "loser"))
        gaps = sign * beta * delta
        losses = -torch.nn.functional.logsigmoid(gaps) if stable else torch.log(1 + torch.exp(-gaps))
        loss = losses.mean() if average else losses.sum()
        models = {"policy": policy, "reference": reference}
        if clear:
            for model in models.values():
                optimizer_for(model).zero_grad()
        loss.backward()
        for name in update:
            optimizer_for(models[name]).step()
        return loss.item()

    return step


ex9_8 = chapter.debug(
    "9.8",
    solutions.dpo_training_step,
    Line(
        "buggy_line_9_8",
        9,
        right="Line 9 moves the reference. The policy's outputs cannot change at all, yet the loss falls towards 0, because "
        "delta can grow just as well by making the reference dislike the winners. (A popular answer key says that the "
        "outputs get worse. They cannot: nobody touches them.) A falling loss is no proof that the right model learns.",
        slips={
            1: "Line 1 only names the function.",
            2: "The policy's log-probability of the winner is needed, with its gradient.",
            3: "The policy's log-probability of the loser is needed, with its gradient.",
            4: "The reference's log-probability belongs into the loss. It could do without a gradient, but that does not "
            "explain why the policy stands still.",
            5: "The reference's log-probability belongs into the loss. It could do without a gradient, but that does not "
            "explain why the policy stands still.",
            6: "The margin is right: the policy's gain on the winner minus its gain on the loser.",
            7: "Line 7 overflows at large margins, and you have to mend that. But the symptom is another: outputs that do not "
            "change at all.",
            8: "The backward pass is right, and it even fills the policy's gradients. Who uses them?",
            10: "Returning the loss is right.",
        },
    ),
    cases=(
        'dpo_training_step(policy, reference, batches, 0.5, 0.1)["losses"]',
        'dpo_training_step(policy, reference, batches, 0.5, 0.1)["reference"]["head"]',
        'dpo_training_step(*far, 0.5, 0.1)["losses"]',
    ),
    setup="import numpy as np\nfrom utils import tinylm\n"
    "policy, reference, batches = tinylm.trial(seed=0, n_batches=3)\n"
    "far = tinylm.trial(seed=1, scale=1e5)",
    right="The policy learns, the reference stays, each step uses its own gradients, and no margin is too large.",
    slips=(
        Slip(_step(clear=False), "The gradients of the step before are still there. Who clears them?"),
        Slip(
            _step(stable=False), "log(1 + exp(...)) overflows at large margins. torch has a function for log sigmoid."
        ),
        Slip(
            _step(stable=False, clear=False),
            "The right model learns. Two faults are left: gradients pile up from step to step, and large margins overflow.",
        ),
        Slip(
            _step(update=("reference",), stable=False, clear=False),
            "The reference still moves and the policy does not.",
        ),
        Slip(_step(update=("reference",)), "The reference still moves and the policy does not."),
        Slip(_step(update=()), "No model moves at all: are there gradients left when the optimiser steps?"),
        Slip(_step(update=("policy", "reference")), "Both models move. The reference must stay as it is."),
        Slip(_step(sign=-1.0), "Your loss falls when the loser is preferred: check the sign."),
        Slip(_step(anchored=False), "The reference's log-probabilities are missing from the margin."),
        Slip(_step(average=False), "You summed over the pairs. The mean is meant."),
        Slip(_step(masked=False), "Prompt and padding are in the sum: use the batch's masks."),
    ),
)


def _part_agrees(student, part, *args):
    """Fail unless one part of what a trial returns is right; a known slip fails with its hint."""
    try:
        got = student(*args)
    except StudentError as error:
        if "list indices must be integers" in str(error) or "'dict' object is not callable" in str(error):
            raise Fail(
                "Keep the line `@tinylm.takes_weights` above `def`: it lets the tests hand models over."
            ) from None
        raise
    if not isinstance(got, dict) or part not in got:
        raise Fail("Keep the line `@tinylm.takes_weights` above `def`: it lets the tests hand models over.")
    expected = plain(solutions.dpo_training_step(*args)[part])
    if agree(got[part], expected, relative=1e-6):
        return
    for slip in ex9_8.slips:
        wrong = plain(slip.mistake(*args)[part])
        if not agree(wrong, expected, relative=1e-6) and agree(got[part], wrong, relative=1e-6):
            raise Slipped(slip.hint)
    raise Fail("")


def _seed(rng):
    return int(rng.integers(2**31))


@ex9_8.group(
    "the policy learns",
    "After one step the policy must have moved as gradient descent on the DPO loss moves it. Which model's optimiser steps?",
)
def _(student, rng):
    for beta in (0.1, 0.5, 2.0):
        _part_agrees(student, "policy", *tinylm.trial(_seed(rng)), beta, 0.1)


@ex9_8.group("the reference stays", "The reference is the anchor of the loss: no step may move it.")
def _(student, rng):
    for _ in range(2):
        _part_agrees(student, "reference", *tinylm.trial(_seed(rng), n_batches=2), 0.5, 0.1)


@ex9_8.group(
    "the loss", "The losses of two steps are not the mean of -log sigmoid(beta * delta), before and after one update."
)
def _(student, rng):
    for beta in (0.1, 1.0):
        _part_agrees(student, "losses", *tinylm.trial(_seed(rng), n_batches=2), beta, 0.1)
    policy, _, batches = tinylm.trial(_seed(rng), n_batches=2)
    _part_agrees(student, "losses", policy, policy, batches, 0.3, 0.1)  # equal models: log 2


@ex9_8.group(
    "large margins",
    "At a margin of some thousand nats the loss must be finite and right: torch has a stable log of the sigmoid.",
)
def _(student, rng):
    for _ in range(6):
        _part_agrees(student, "losses", *tinylm.trial(_seed(rng), scale=1e5), 1.0, 0.0)


@ex9_8.group(
    "clean gradients",
    "The second step of a run is off: each step must use the gradients of its own batch and no others.",
)
def _(student, rng):
    for n_batches in (2, 4):
        _part_agrees(student, "policy", *tinylm.trial(_seed(rng), n_batches=n_batches), 0.5, 0.1)


# --- 9.9 Confident but wrong ------------------------------------------------------------------------------------------

chapter.trace(
    "9.9",
    Letter(
        "answer_9_9",
        "D",
        options={
            "A": "With too large a beta the policy would hardly differ from the SFT model, and its tone would be the old one.",
            "B": "Forgetting makes a model worse at what it knew. It does not make it sound sure of itself.",
            "C": "More pairs from the same raters repeat the same mistake more precisely: they reward the tone, because the "
            "facts they cannot check.",
            "D": "The reward is misspecified: raters, and so the reward model, reward a confident tone where they cannot "
            "check the content, and the policy exploits what is rewarded. Your waiter's exclamation marks are the same story.",
        },
    ),
)

# --- 9.10 Memory of an alignment run ----------------------------------------------------------------------------------


def _memory(frozen=2, trained=16, unit=1e9):
    """A memory count with other bytes for each weight."""
    return lambda models: sum(n * (trained if trainable else frozen) for n, trainable in models) / unit


ex9_10 = chapter.build(
    "9.10",
    solutions.training_memory_gb,
    cases=(
        "training_memory_gb([(7e9, False)])",
        "training_memory_gb([(7e9, True), (7e9, False)])",
        "training_memory_gb([(1e9, True), (2e9, True), (4e8, False), (1e9, False)])",
        Raises("training_memory_gb([(-1e9, True)])"),
    ),
    right="Each trained weight costs 16 bytes, a frozen one 2.",
    slips=(
        Slip(_memory(trained=2), "You counted the weights alone: a trained model needs more."),
        Slip(_memory(trained=14), "A trained model's gradients are missing, or stand where you do not count them."),
        Slip(_memory(trained=12), "The FP32 master weights are missing."),
        Slip(_memory(trained=8), "Adam's moments are missing."),
        Slip(_memory(trained=4), "Adam's moments and the master weights are missing."),
        Slip(_memory(trained=12 - 4), "Adam has two moments, and the master weights count too."),
        Slip(_memory(trained=24), "You counted Adam twice: two moments of 4 bytes are 8 bytes for each weight."),
        Slip(_memory(frozen=16), "A frozen model has no gradients and no optimiser: 2 bytes for each weight."),
        Slip(_memory(unit=2**30), "You counted in GiB (2**30 bytes). GB of 10**9 bytes are asked."),
        Slip(_memory(unit=1.0), "These are bytes. GB of 10**9 bytes are asked."),
        Slip(
            lambda models: sum(n * (14 if trainable else 0) for n, trainable in models) / 1e9,
            "The weights themselves are missing.",
        ),
    ),
)


def _models(rng, n):
    return [(float(10 ** rng.uniform(5, 12)), bool(rng.integers(2))) for _ in range(n)]


@ex9_10.group("frozen models", "A frozen model holds its BF16 weights and nothing else.")
def _(student, rng):
    ex9_10.compare(student, [(7e9, False)])
    ex9_10.compare(student, [(n, False) for n, _ in _models(rng, 5)])


@ex9_10.group(
    "trained models",
    "A trained model holds weights, gradients, master weights and two moments. Which did you leave out?",
)
def _(student, rng):
    ex9_10.compare(student, [(7e9, True)])
    ex9_10.compare(student, [(n, True) for n, _ in _models(rng, 5)])


@ex9_10.group("whole runs", "The total of several models is off.")
def _(student, rng):
    ex9_10.compare(student, [(7e9, True), (7e9, False), (6.6e9, False), (7e9, True)])
    for n in (2, 3, 8):
        ex9_10.compare(student, _models(rng, n))
    ex9_10.compare(student, [])
    ex9_10.compare(student, [(102_528, True), (0, False)])


@ex9_10.group("bad input", "A negative number of parameters must raise ValueError.")
def _(student, rng):
    ex9_10.expect_error(student, ValueError, [(7e9, True), (-1, False)])
    ex9_10.expect_error(student, ValueError, [(-rng.uniform(1, 1e9), True)])


# --- 9.11 KL-shaped token rewards -------------------------------------------------------------------------------------


def _shaped(sign=-1.0, place="last real", penalty="log ratio", masked=True):
    """Token rewards with mistakes."""

    def shape(score, logp, ref_logp, beta, mask):
        score, logp, ref_logp = np.array(score, float), np.array(logp, float), np.array(ref_logp, float)
        mask = np.array(mask, bool)
        ratio = logp - ref_logp
        if penalty == "k3":
            ratio = np.exp(-ratio) + ratio - 1
        if penalty == "ratio":
            ratio = np.exp(ratio)
        if masked == "product":
            ratio = ratio * mask
        rewards = sign * beta * (np.where(mask, ratio, 0.0) if masked is True else ratio)
        rows, length = np.arange(len(mask)), mask.shape[1]
        last = {
            "last real": length - 1 - mask[:, ::-1].argmax(1),
            "last column": np.full(len(mask), length - 1),
            "count": mask.sum(1) - 1,
            "first": mask.argmax(1),
        }
        if place == "everywhere":
            rewards = rewards + score[:, None] * mask
        elif place != "nowhere":
            rewards[rows, last[place]] += score
        return rewards

    return shape


ex9_11 = chapter.build(
    "9.11",
    solutions.kl_shaped_rewards,
    cases=(
        "kl_shaped_rewards([2.0], [[-1.0, -0.5, -2.0]], [[-1.5, -0.5, -1.0]], 0.1, [[True, True, True]])",
        "kl_shaped_rewards([1.0, -1.0], [[-1.0, -2.0, -3.0], [-1.0, -2.0, -3.0]], [[-2.0, -2.0, -2.0], [-2.0, -2.0, -2.0]], "
        "0.5, [[True, True, False], [False, True, True]])",
        "kl_shaped_rewards([3.0], [[-1.0, -np.inf]], [[-1.2, -np.inf]], 1.0, [[True, False]])",
    ),
    right="Penalty on every real token, score on the last real one, nothing on padding.",
    slips=(
        Slip(
            _shaped(sign=1.0), "The penalty has the wrong sign: where policy and reference part, reward is taken away."
        ),
        Slip(
            _shaped(place="last column"),
            "The score stands in the last column. With padding on the right that is no token.",
        ),
        Slip(
            _shaped(place="count"),
            "The number of real tokens gives the last one only when padding stands on the right.",
        ),
        Slip(_shaped(place="first"), "The score stands at the first token. It belongs to the last real one."),
        Slip(_shaped(place="everywhere"), "The score stands on every token. It is given once, at the last real one."),
        Slip(_shaped(place="nowhere"), "The score is missing."),
        Slip(_shaped(masked="product"), "What stands on padding reaches your result: NaN times 0 is NaN."),
        Slip(_shaped(masked=False), "Padding must get exactly 0."),
        Slip(
            _shaped(penalty="k3"),
            "The penalty in the reward is the plain log-ratio. The k3 estimator is not meant here.",
        ),
        Slip(
            _shaped(penalty="ratio"), "You used the ratio of the probabilities. The difference of their logs is meant."
        ),
    ),
)


def _responses(rng, n, length, left=0, right=0):
    """Random scores, log-probabilities and a mask with padding on one or both sides."""
    starts = rng.integers(0, left + 1, size=n)
    ends = length - rng.integers(0, right + 1, size=n)
    places = np.arange(length)
    mask = (places >= starts[:, None]) & (places < ends[:, None])
    score = rng.normal(size=n)
    logp, ref_logp = -rng.exponential(2.0, size=(2, n, length))
    return score, logp, ref_logp, float(rng.uniform(0.01, 1)), mask


@ex9_11.group(
    "no padding", "Without padding: -beta * (logp - ref_logp) everywhere, and the score added at the last token."
)
def _(student, rng):
    for n, length in ((1, 1), (1, 6), (5, 9)):
        ex9_11.compare(student, *_responses(rng, n, length))


@ex9_11.group("padding on the right", "With padding on the right the score belongs to the last real token of each row.")
def _(student, rng):
    ex9_11.compare(student, *_responses(rng, 20, 8, right=6))


@ex9_11.group(
    "padding on the left", "With padding on the left, as prompts are padded for generation, something is off."
)
def _(student, rng):
    ex9_11.compare(student, *_responses(rng, 20, 8, left=6))
    ex9_11.compare(student, *_responses(rng, 30, 9, left=3, right=3))


@ex9_11.group(
    "anything on padding",
    "What stands on padding, be it NaN or minus infinity, must not reach the result: NaN times 0 is NaN.",
)
def _(student, rng):
    for rubbish in (np.nan, -np.inf, 1e30):
        score, logp, ref_logp, beta, mask = _responses(rng, 12, 7, left=2, right=3)
        ex9_11.compare(student, score, np.where(mask, logp, rubbish), np.where(mask, ref_logp, rubbish), beta, mask)


@ex9_11.group("the sum", "The rewards of a response must add up to score - beta * (log-ratio of the response).")
def _(student, rng):
    score, logp, ref_logp, beta, mask = _responses(rng, 16, 10, left=3, right=3)
    sums = np.asarray(student(score, logp, ref_logp, beta, mask), dtype=float).sum(axis=1)
    if not np.allclose(sums, score - beta * ((logp - ref_logp) * mask).sum(axis=1), atol=1e-6):
        raise Fail("")
    ex9_11.compare(student, score, logp, logp, beta, mask)
    ex9_11.compare(student, score, logp, ref_logp, 0.0, mask)


@ex9_11.group(
    "lists and empty rows",
    "Lists must do as well as arrays; a row that is all padding gets 0.",
)
def _(student, rng):
    ex9_11.compare(student, [1, 2], [[-1, -2], [-3, -1]], [[-2, -1], [-1, -1]], 1, [[1, 1], [1, 0]])
    score, logp, ref_logp, beta, mask = _responses(rng, 6, 5, right=2)
    mask[2] = False
    ex9_11.compare(student, score, logp, ref_logp, beta, mask)


# --- 9.12 Align a tiny language model ---------------------------------------------------------------------------------


def _reference_itself(tokens):
    return tinylm.load_reference()(tokens)


def _hacked(tokens):
    """What over-optimisation ends in: exclamation marks."""
    logits = tinylm.load_reference()(tokens).clone()
    logits[..., tinylm.SYMBOLS.index("!")] += 6.0
    return logits


def _constant(tokens):
    return torch.zeros(*tokens.shape, tinylm.VOCABULARY)


ex9_12 = chapter.build(
    "9.12",
    solutions.aligned_policy,
    cases=(
        "aligned_policy(torch.tensor([[0, 1, 2, 9]])).shape",
        "tinylm.examine(aligned_policy)",
    ),
    setup="import torch\nfrom utils import tinylm",
    right="Your policy says what guests want, and it still speaks like the model it came from.",
    slips=(
        Slip(_reference_itself, "This is the reference itself, or hardly different: nothing has been learned yet."),
        Slip(
            _hacked,
            "Look at its responses: they are full of exclamation marks. The learned reward was climbed too far.",
        ),
        Slip(_constant, "All symbols are equally likely: these are no logits of a trained model."),
    ),
)

N_EXAM = 1000

# The thresholds leave honest work room. `tests/measurements/ch09.py` trains policies in three ways with twelve seeds each and
# measures them; `tests/solutions/test_ch09.py` adds the spread of 1,000 samples and holds the chance of a false failure
# below 1 in 1,000 for each way. The reference, a constant and an over-optimised policy miss them by many standard errors.


def _measured(student, rng):
    """Check the form, then sample from the student's policy."""
    fault = faults(student, _seed(rng))
    if fault:
        raise Fail(fault)
    return tinylm.measure(student, tinylm.load_reference(), n=N_EXAM, seed=_seed(rng))


@ex9_12.group("logits", "aligned_policy must take tokens of shape (B, T) and return finite logits of shape (B, T, V).")
def _(student, rng):
    fault = faults(student, _seed(rng))
    if fault:
        raise Fail(fault)


@ex9_12.group("true reward", "The mean true reward of sampled responses is too low.", weight=3)
def _(student, rng):
    result = _measured(student, rng)
    if result.true_reward < tinylm.TARGET_REWARD:
        text = (
            f"The mean true reward of {N_EXAM:,} sampled responses is {result.true_reward:.2f}: at least "
            f"{tinylm.TARGET_REWARD} is asked, and the reference has 2.7."
        )
        if result.marks > 3:
            text += f" They hold {result.marks:.1f} exclamation marks each: the learned reward was climbed too far."
        raise Fail(text)


@ex9_12.group("KL budget", "The policy is too far from the reference.", weight=2)
def _(student, rng):
    result = _measured(student, rng)
    if not result.kl <= tinylm.KL_BUDGET:
        raise Fail(
            f"A response of your policy is {result.kl:.1f} nats from the reference: at most {tinylm.KL_BUDGET} are allowed."
        )
    if result.kl < KL_LEAST:
        raise Fail("Your policy is the reference itself, or hardly different: nothing has been learned yet.")
