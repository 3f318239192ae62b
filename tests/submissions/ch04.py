"""Chapter 4, offline RL with CQL."""

from tests.submissions import ALL, Right, Wrong

BANK = {
    "4.1": [
        Right("q = np.array([3.0, 5.0, 2.0, 4.0])\nanswer_4_1 = q.mean() - q[[1, 3]].mean()", "vectorised"),
        Right("answer_4_1 = -1", "number"),
        Right("answer_4_1 = (3 + 5 + 2 + 4) / 4 - (5 + 4) / 2", "expression"),
        Wrong("answer_4_1 = 1.0", ALL, "not the other way round"),
        Wrong("q = np.array([3.0, 5.0, 2.0, 4.0])\nanswer_4_1 = q.mean() - q[[0, 2]].mean()", ALL, "counted from 0"),
        Wrong("answer_4_1 = 2.5 - 4.5", ALL, "takes all four"),
        Wrong(
            "q = np.array([3.0, 5.0, 2.0, 4.0])\nanswer_4_1 = np.log(np.exp(q).sum()) - q[[1, 3]].mean()",
            ALL,
            "log-sum-exp form",
        ),
        Wrong("answer_4_1 = 3.5 - 9", ALL, "Their mean is asked"),
        Wrong("answer_4_1 = 3.5", ALL, "first half"),
        Wrong("answer_4_1 = -0.7", ALL, "Not this number"),
    ],
    "4.2": [
        Right("answer_4_2a = (5 - (1 + 0.99 * 4)) ** 2\nanswer_4_2b = answer_4_2a + 1 * 2", "formula"),
        Right("answer_4_2a = 0.0016\nanswer_4_2b = 2.0016", "rounded numbers"),
        Right("answer_4_2a = 1.6e-3\nanswer_4_2b = 2.00", "three digits"),
        Wrong("answer_4_2a = 0.04\nanswer_4_2b = 2.04", ALL, "squared first"),
        Wrong("answer_4_2a = 0.0008\nanswer_4_2b = 2.0008", ("`answer_4_2a`",), "You halved the square"),
        Wrong("answer_4_2a = (5 - 1) ** 2\nanswer_4_2b = 16 + 2", ALL, "compared with the reward alone"),
        Wrong("answer_4_2a = (5 - (1 + 4)) ** 2\nanswer_4_2b = 0 + 2", ("`answer_4_2a`",), "the discount is missing"),
        Wrong("answer_4_2a = (5 - 0.99 * (1 + 4)) ** 2\nanswer_4_2b = 2.0025", ("`answer_4_2a`",), "discounted the reward"),
        Wrong("answer_4_2a = 0.0016\nanswer_4_2b = 0.0016 - 2", ("`answer_4_2b`",), "added, not subtracted"),
        Wrong("answer_4_2a = 0.0016\nanswer_4_2b = 0.0032", ("`answer_4_2b`",), "multiplied the two parts"),
        Wrong("answer_4_2a = 0.0016\nanswer_4_2b = None", ("`answer_4_2b`",), "Not answered"),
    ],
    "4.3": [
        Right('answer_4_3 = "B"', "letter"),
        Right("answer_4_3 = 'b'", "small letter"),
        Right('answer_4_3 = "B."', "with a stop"),
        Wrong('answer_4_3 = "A"', ALL, "as unknown after a million steps"),
        Wrong('answer_4_3 = "C"', ALL, "Q-learning is off-policy"),
        Wrong('answer_4_3 = "D"', ALL, "steady the training"),
        Wrong("answer_4_3 = 2", ALL, "one of the letters"),
    ],
    "4.4": [
        Right("answer_4_4 = np.log(np.exp([1.0, 3.0, 2.0]).sum())", "formula"),
        Right("answer_4_4 = 3.41", "rounded number"),
        Right("import torch\nanswer_4_4 = torch.logsumexp(torch.tensor([1.0, 3.0, 2.0]), 0)", "torch"),
        Wrong("answer_4_4 = max([1.0, 3.0, 2.0])", ALL, "hard maximum"),
        Wrong("answer_4_4 = np.mean([1.0, 3.0, 2.0])", ALL, "uniform average"),
        Wrong("answer_4_4 = np.exp([1.0, 3.0, 2.0]).sum()", ALL, "logarithm of this sum"),
        Wrong("answer_4_4 = np.log10(np.exp([1.0, 3.0, 2.0]).sum())", ALL, "base 10"),
        Wrong("answer_4_4 = np.log(np.exp([1.0, 3.0, 2.0]).mean())", ALL, "without dividing"),
        Wrong("answer_4_4 = np.log(1 + 3 + 2)", ALL, "exponentiated first"),
        Wrong("answer_4_4 = 3.40", ALL, "last of three significant digits"),
    ],
    "4.5": [
        Right(
            """\
def cql_regularizer(q_values, dataset_action_indices):
    q = np.asarray(q_values, dtype=float)
    if len(dataset_action_indices) == 0:
        raise ValueError("no recorded actions")
    m = q.max()
    return m + np.log(np.exp(q - m).sum()) - q[np.asarray(dataset_action_indices)].mean()
""",
            "vectorised",
        ),
        Right(
            """\
import math

def cql_regularizer(q_values, dataset_action_indices):
    largest = max(float(q) for q in q_values)
    total = 0.0
    for q in q_values:
        total += math.exp(float(q) - largest)
    recorded = [float(q_values[int(i)]) for i in dataset_action_indices]
    if not recorded:
        raise ValueError("empty")
    return largest + math.log(total) - sum(recorded) / len(recorded)
""",
            "loop",
        ),
        Right(
            """\
import torch

def cql_regularizer(q_values, dataset_action_indices):
    q = torch.as_tensor(np.array(q_values, dtype=float))
    idx = torch.as_tensor(np.array(dataset_action_indices, dtype=int))
    if idx.numel() == 0:
        raise ValueError("need at least one recorded action")
    return (torch.logsumexp(q, dim=0) - q[idx].mean()).item()
""",
            "torch",
        ),
        Right(
            """\
from scipy.special import logsumexp

def cql_regularizer(q_values, dataset_action_indices):
    share = np.bincount(np.asarray(dataset_action_indices, dtype=int), minlength=len(q_values)).astype(float)
    if share.sum() == 0:
        raise ValueError("no data")
    return float(logsumexp(q_values) - share @ np.asarray(q_values, dtype=float) / share.sum())
""",
            "counts",
        ),
        Wrong(
            """\
def cql_regularizer(q_values, dataset_action_indices):
    q = np.asarray(q_values, dtype=float)
    if len(dataset_action_indices) == 0:
        raise ValueError
    return np.log(np.exp(q).sum()) - q[np.asarray(dataset_action_indices)].mean()
""",
            ("large Q-values",),
            "exp(1000) overflows",
        ),
        Wrong(
            """\
def cql_regularizer(q_values, dataset_action_indices):
    q = np.asarray(q_values, dtype=float)
    if len(dataset_action_indices) == 0:
        raise ValueError
    return q.mean() - q[np.asarray(dataset_action_indices)].mean()
""",
            ("values", "repeated actions", "large Q-values", "masked actions", "properties"),
            "You took the uniform average",
        ),
        Wrong(
            """\
def cql_regularizer(q_values, dataset_action_indices):
    q = np.asarray(q_values, dtype=float)
    if len(dataset_action_indices) == 0:
        raise ValueError
    m = q.max()
    return np.log(np.exp(q - m).sum()) - q[np.asarray(dataset_action_indices)].mean()
""",
            ("values", "repeated actions", "large Q-values", "masked actions", "properties"),
            "add it again after the logarithm",
        ),
        Wrong(
            """\
def cql_regularizer(q_values, dataset_action_indices):
    q = np.asarray(q_values, dtype=float)
    if len(dataset_action_indices) == 0:
        raise ValueError
    m = q.max()
    recorded = sorted(set(int(i) for i in dataset_action_indices))
    return m + np.log(np.exp(q - m).sum()) - q[recorded].mean()
""",
            ("repeated actions", "masked actions"),
            "counts twice in the mean",
        ),
        Wrong(
            """\
def cql_regularizer(q_values, dataset_action_indices):
    q = np.asarray(q_values, dtype=float)
    m = q.max()
    return m + np.log(np.exp(q - m).sum()) - q[np.asarray(dataset_action_indices, dtype=int)].mean()
""",
            ("no data",),
            "must raise ValueError",
        ),
        Wrong(
            """\
def cql_regularizer(q_values, dataset_action_indices):
    q = np.asarray(q_values, dtype=float)
    if len(dataset_action_indices) == 0:
        return 0.0
    m = q.max()
    return m + np.log(np.exp(q - m).sum()) - q[np.asarray(dataset_action_indices)].mean()
""",
            ("no data",),
            "must raise ValueError",
        ),
        Wrong(
            """\
def cql_regularizer(q_values, dataset_action_indices):
    q = np.asarray(q_values, dtype=float)
    if len(dataset_action_indices) == 0:
        raise ValueError
    m = q.max()
    return q[np.asarray(dataset_action_indices)].mean() - (m + np.log(np.exp(q - m).sum()))
""",
            ("values", "repeated actions", "large Q-values", "masked actions", "properties"),
            "The sign is reversed",
        ),
        Wrong(
            """\
def cql_regularizer(q_values, dataset_action_indices):
    q = np.asarray(q_values, dtype=float)
    if len(dataset_action_indices) == 0:
        raise ValueError
    return q.max() - q[np.asarray(dataset_action_indices)].mean()
""",
            ("values", "repeated actions", "large Q-values", "masked actions"),
            "You took the hard maximum",
        ),
        Wrong(
            """\
def cql_regularizer(q_values, dataset_action_indices):
    q = np.asarray(q_values, dtype=float)
    if len(dataset_action_indices) == 0:
        raise ValueError
    m = q.max()
    return m + np.log(np.mean(np.exp(q - m))) - q[np.asarray(dataset_action_indices)].mean()
""",
            ("values", "repeated actions", "large Q-values", "masked actions", "properties"),
            "You averaged the exponentials",
        ),
        Wrong(
            """\
def cql_regularizer(q_values, dataset_action_indices):
    q = np.asarray(q_values, dtype=float)
    if len(dataset_action_indices) == 0:
        raise ValueError
    z = np.exp(np.clip(q, -500, 500)).sum()
    return np.log(z) - q[np.asarray(dataset_action_indices)].mean()
""",
            ("large Q-values",),
            "What can be taken out of the sum",
        ),
        Wrong(
            """\
def cql_regularizer(q_values, dataset_action_indices):
    if len(dataset_action_indices) == 0:
        raise ValueError
    total = 0.0
    for i in dataset_action_indices:
        total += q_values[i]
    unseen = [q for i, q in enumerate(q_values) if i not in dataset_action_indices]
    if not unseen:
        return 0.0
    m = max(unseen)
    return m + np.log(sum(np.exp(q - m) for q in unseen)) - total / len(dataset_action_indices)
""",
            ("values", "repeated actions", "large Q-values", "masked actions", "properties"),
            "negative on a state",
        ),
    ],
    "4.7": [
        Right(
            """\
def td_target(rewards, next_q, dones, gamma):
    rewards = np.asarray(rewards, dtype=float)
    best_next = np.max(np.asarray(next_q, dtype=float), axis=1)
    return rewards + gamma * best_next * (1 - np.asarray(dones))


buggy_line_4_7 = 4
""",
            "mask",
        ),
        Right(
            """\
def td_target(rewards, next_q, dones, gamma):
    rewards = np.asarray(rewards, dtype=float)
    best_next = np.max(np.asarray(next_q, dtype=float), axis=1)
    return np.where(np.asarray(dones, dtype=bool), rewards, rewards + gamma * best_next)


buggy_line_4_7 = 4
""",
            "where",
        ),
        Right(
            """\
def td_target(rewards, next_q, dones, gamma):
    targets = []
    for r, q, done in zip(rewards, next_q, dones):
        if done:
            targets.append(float(r))
        else:
            targets.append(float(r) + gamma * float(max(q)))
    return np.array(targets)


buggy_line_4_7 = 4.0
""",
            "loop",
        ),
        Right(
            """\
import torch

def td_target(rewards, next_q, dones, gamma):
    r = torch.as_tensor(np.array(rewards, dtype=float))
    q = torch.as_tensor(np.array(next_q, dtype=float))
    d = torch.as_tensor(np.array(dones, dtype=float))
    return (r + gamma * (1 - d) * q.max(dim=1).values).numpy()


buggy_line_4_7 = 4
""",
            "torch",
        ),
        Wrong(
            """\
def td_target(rewards, next_q, dones, gamma):
    rewards = np.asarray(rewards, dtype=float)
    best_next = np.max(np.asarray(next_q, dtype=float), axis=1)
    return rewards + gamma * best_next


buggy_line_4_7 = 4
""",
            ("mixed batches", "batches that end", "kinds of dones"),
            "still gets a next value",
        ),
        Wrong(
            """\
def td_target(rewards, next_q, dones, gamma):
    rewards = np.asarray(rewards, dtype=float)
    best_next = np.max(np.asarray(next_q, dtype=float), axis=1)
    return rewards + gamma * best_next * np.asarray(dones)


buggy_line_4_7 = 4
""",
            ("mixed batches", "batches that end", "kinds of dones"),
            "the wrong way round",
        ),
        Wrong(
            """\
def td_target(rewards, next_q, dones, gamma):
    rewards = np.asarray(rewards, dtype=float)
    best_next = np.max(np.asarray(next_q, dtype=float), axis=1)
    return (rewards + gamma * best_next) * (1 - np.asarray(dones))


buggy_line_4_7 = 4
""",
            ("mixed batches", "batches that end", "kinds of dones"),
            "dropped the reward of the last step",
        ),
        Wrong(
            """\
def td_target(rewards, next_q, dones, gamma):
    rewards = np.asarray(rewards, dtype=float)
    best_next = np.max(np.asarray(next_q, dtype=float), axis=1)
    return rewards + gamma * best_next * (~np.asarray(dones))


buggy_line_4_7 = 4
""",
            ("kinds of dones",),
            "~ and - mean different things",
        ),
        Wrong(
            """\
def td_target(rewards, next_q, dones, gamma):
    rewards = np.asarray(rewards, dtype=float)
    best_next = np.max(np.asarray(next_q, dtype=float), axis=1)
    return rewards + gamma * best_next * (1 - dones)


buggy_line_4_7 = 4
""",
            ("kinds of dones",),
            "unsupported operand",
        ),
        Wrong(
            """\
def td_target(rewards, next_q, dones, gamma):
    rewards = np.asarray(rewards, dtype=float)
    best_next = np.max(np.asarray(next_q, dtype=float), axis=1)
    return rewards + gamma * best_next * (1 - np.asarray(dones))


buggy_line_4_7 = 3
""",
            ("`buggy_line_4_7`",),
            "as long as there is a next action",
        ),
        Wrong(
            """\
def td_target(rewards, next_q, dones, gamma):
    rewards = np.asarray(rewards, dtype=float)
    best_next = np.max(np.asarray(next_q, dtype=float))
    return rewards + gamma * best_next * (1 - np.asarray(dones))


buggy_line_4_7 = 4
""",
            ("mixed batches", "kinds of dones"),
            "of its own row",
        ),
        Wrong(
            """\
def td_target(rewards, next_q, dones, gamma):
    rewards = np.asarray(rewards, dtype=float) * (1 - np.asarray(dones))
    best_next = np.max(np.asarray(next_q, dtype=float), axis=1)
    return rewards + gamma * best_next


buggy_line_4_7 = 2
""",
            ALL,
            "masked the reward instead",
        ),
        Wrong(
            """\
def td_target(rewards, next_q, dones, gamma):
    rewards = np.asarray(rewards, dtype=float)
    best_next = np.max(np.asarray(next_q, dtype=float), axis=1)
    return rewards + gamma * best_next


buggy_line_4_7 = None
""",
            ALL,
            "Not answered",
        ),
    ],
    "4.6": [
        Right(
            """\
def cql_loss(q_values, actions, rewards, next_q_values, dones, gamma, alpha):
    q = np.asarray(q_values, dtype=float)
    a = np.asarray(actions, dtype=int)
    taken = q[np.arange(len(q)), a]
    y = np.asarray(rewards, float) + gamma * np.max(np.asarray(next_q_values, float), axis=1) * (1 - np.asarray(dones, float))
    m = q.max(axis=1)
    lse = m + np.log(np.exp(q - m[:, None]).sum(axis=1))
    return float(np.mean((taken - y) ** 2) + alpha * np.mean(lse - taken))
""",
            "vectorised",
        ),
        Right(
            """\
import math

def cql_loss(q_values, actions, rewards, next_q_values, dones, gamma, alpha):
    total = 0.0
    for q, a, r, q_next, done in zip(q_values, actions, rewards, next_q_values, dones):
        q = [float(x) for x in q]
        target = float(r)
        if not done:
            target += gamma * float(max(q_next))
        m = max(q)
        soft = m + math.log(sum(math.exp(x - m) for x in q))
        total += (q[a] - target) ** 2 + alpha * (soft - q[a])
    return total / len(q_values)
""",
            "loop",
        ),
        Right(
            """\
import torch

def cql_loss(q_values, actions, rewards, next_q_values, dones, gamma, alpha):
    def tensor(x):
        return torch.as_tensor(np.array(x, dtype=float))

    q = tensor(q_values)
    a = torch.as_tensor(np.array(actions, dtype=int))
    taken = q.gather(1, a[:, None]).squeeze(1)
    target = tensor(rewards) + gamma * (1 - tensor(dones)) * tensor(next_q_values).amax(dim=1)
    penalty = (torch.logsumexp(q, dim=1) - taken).mean()
    return (torch.nn.functional.mse_loss(taken, target) + alpha * penalty).item()
""",
            "torch",
        ),
        Right(
            """\
from scipy.special import logsumexp

def cql_loss(q_values, actions, rewards, next_q_values, dones, gamma, alpha):
    q = np.array(q_values, dtype=float)
    one_hot = np.eye(q.shape[1])[np.array(actions)]
    taken = (one_hot * q).sum(axis=1)
    target = np.where(np.array(dones, dtype=bool), rewards, np.array(rewards) + gamma * np.max(next_q_values, axis=1))
    return np.mean((taken - target) ** 2 + alpha * (logsumexp(q, axis=1) - taken))
""",
            "one-hot",
        ),
        Wrong(
            """\
def cql_loss(q_values, actions, rewards, next_q_values, dones, gamma, alpha):
    q = np.asarray(q_values, dtype=float)
    taken = q[np.arange(len(q)), np.asarray(actions)]
    y = np.asarray(rewards, float) + gamma * np.max(np.asarray(next_q_values, float), axis=1) * (1 - np.asarray(dones, float))
    lse = np.logaddexp.reduce(q, axis=1)
    return np.mean((taken - y) ** 2 / 2 + alpha * (lse - taken))
""",
            ALL,
            "You halved the squared error",
        ),
        Wrong(
            """\
def cql_loss(q_values, actions, rewards, next_q_values, dones, gamma, alpha):
    q = np.asarray(q_values, dtype=float)
    taken = q[np.arange(len(q)), np.asarray(actions)]
    y = np.asarray(rewards, float) + gamma * np.max(np.asarray(next_q_values, float), axis=1)
    lse = np.logaddexp.reduce(q, axis=1)
    return np.mean((taken - y) ** 2 + alpha * (lse - taken))
""",
            ("ends of episodes", "the limits of alpha", "large Q-values", "the gradient", "lists and integers"),
            "the mask of exercise 4.7 is missing",
        ),
        Wrong(
            """\
def cql_loss(q_values, actions, rewards, next_q_values, dones, gamma, alpha):
    q = np.asarray(q_values, dtype=float)
    taken = q[np.arange(len(q)), np.asarray(actions)]
    y = np.asarray(rewards, float) + gamma * np.max(np.asarray(next_q_values, float), axis=1) * (1 - np.asarray(dones, float))
    lse = np.log(np.exp(q).sum(axis=1))
    return np.mean((taken - y) ** 2 + alpha * (lse - taken))
""",
            ("large Q-values",),
            "Q-values of 1000 must work",
        ),
        Wrong(
            """\
def cql_loss(q_values, actions, rewards, next_q_values, dones, gamma, alpha):
    q = np.asarray(q_values, dtype=float)
    taken = q[np.arange(len(q)), np.asarray(actions)]
    y = np.asarray(rewards, float) + gamma * np.max(np.asarray(next_q_values, float), axis=1) * (1 - np.asarray(dones, float))
    return np.mean((taken - y) ** 2 + alpha * (q.mean(axis=1) - taken))
""",
            ("values", "ends of episodes", "the limits of alpha", "large Q-values", "the gradient", "lists and integers"),
            "uses the uniform average",
        ),
        Wrong(
            """\
def cql_loss(q_values, actions, rewards, next_q_values, dones, gamma, alpha):
    q = np.asarray(q_values, dtype=float)
    taken = q[np.arange(len(q)), np.asarray(actions)]
    y = np.asarray(rewards, float) + gamma * np.max(np.asarray(next_q_values, float), axis=1) * (1 - np.asarray(dones, float))
    lse = np.logaddexp.reduce(q, axis=1)
    return np.sum((taken - y) ** 2 + alpha * (lse - taken))
""",
            ("values", "ends of episodes", "the limits of alpha", "large Q-values", "the gradient", "lists and integers"),
            "sum over the batch",
        ),
        Wrong(
            """\
def cql_loss(q_values, actions, rewards, next_q_values, dones, gamma, alpha):
    q = np.asarray(q_values, dtype=float)
    taken = q[np.arange(len(q)), np.asarray(actions)]
    y = np.asarray(rewards, float) + gamma * np.max(np.asarray(next_q_values, float), axis=1) * (1 - np.asarray(dones, float))
    lse = np.logaddexp.reduce(q, axis=1)
    return np.mean((taken - y) ** 2 + lse - taken)
""",
            ("values", "ends of episodes", "the limits of alpha", "the gradient"),
            "alpha does not weigh",
        ),
        Wrong(
            """\
def cql_loss(q_values, actions, rewards, next_q_values, dones, gamma, alpha):
    q = np.asarray(q_values, dtype=float)
    taken = q.max(axis=1)
    y = np.asarray(rewards, float) + gamma * np.max(np.asarray(next_q_values, float), axis=1) * (1 - np.asarray(dones, float))
    lse = np.logaddexp.reduce(q, axis=1)
    chosen = q[np.arange(len(q)), np.asarray(actions)]
    return np.mean((taken - y) ** 2 + alpha * (lse - chosen))
""",
            ("values", "ends of episodes", "the limits of alpha", "large Q-values", "the gradient", "lists and integers"),
            "belongs to the recorded action",
        ),
        Wrong(
            """\
def cql_loss(q_values, actions, rewards, next_q_values, dones, gamma, alpha):
    q = np.asarray(q_values, dtype=float)
    taken = q[np.arange(len(q)), np.asarray(actions)]
    y = (np.asarray(rewards, float) + gamma * np.max(np.asarray(next_q_values, float), axis=1)) * (1 - np.asarray(dones, float))
    lse = np.logaddexp.reduce(q, axis=1)
    return np.mean((taken - y) ** 2 + alpha * (lse - taken))
""",
            ("ends of episodes", "the limits of alpha", "large Q-values", "the gradient", "lists and integers"),
            "dropped the reward of the last step",
        ),
        Wrong(
            """\
def cql_loss(q_values, actions, rewards, next_q_values, dones, gamma, alpha):
    q = np.asarray(q_values, dtype=float)
    taken = q[np.arange(len(q)), np.asarray(actions)]
    y = np.asarray(rewards, float) + gamma * np.max(np.asarray(next_q_values, float), axis=1) * (1 - np.asarray(dones, float))
    lse = np.logaddexp.reduce(q, axis=1)
    return np.mean((taken - y) ** 2 - alpha * (lse - taken))
""",
            ("values", "ends of episodes", "the limits of alpha", "large Q-values", "the gradient", "lists and integers"),
            "added, not subtracted",
        ),
        Wrong(
            """\
def cql_loss(q_values, actions, rewards, next_q_values, dones, gamma, alpha):
    q = np.asarray(q_values, dtype=float)
    taken = q[np.arange(len(q)), np.asarray(actions)]
    y = np.asarray(rewards, float) + gamma * np.max(np.asarray(next_q_values, float), axis=1) * (1 - np.asarray(dones, float))
    m = q.max(axis=1, keepdims=True)
    q -= m
    lse = m[:, 0] + np.log(np.exp(q).sum(axis=1))
    return np.mean((taken - y) ** 2 + alpha * (lse - taken))
""",
            ("lists and integers",),
            "changed the arrays",
        ),
        Wrong(
            """\
def cql_loss(q_values, actions, rewards, next_q_values, dones, gamma, alpha):
    taken = q_values[np.arange(len(q_values)), actions]
    y = rewards + gamma * np.max(next_q_values, axis=1) * (1 - dones)
    m = q_values.max(axis=1, keepdims=True)
    lse = m[:, 0] + np.log(np.exp(q_values - m).sum(axis=1))
    return np.mean((taken - y) ** 2 + alpha * (lse - taken))
""",
            ("lists and integers",),
            "list indices",
        ),
        Wrong(
            """\
def cql_loss(q_values, actions, rewards, next_q_values, dones, gamma, alpha):
    q = np.asarray(q_values, dtype=float)
    taken = q[np.arange(len(q)), np.asarray(actions)]
    y = np.asarray(rewards, float) + gamma * np.max(np.asarray(next_q_values, float), axis=1) * (1 - np.asarray(dones, float))
    m = q.max()
    lse = m + np.log(np.exp(q - m).sum(axis=1))
    return np.mean((taken - y) ** 2 + alpha * (lse - taken))
""",
            ("large Q-values",),
            "row by row",
        ),
    ],
}
