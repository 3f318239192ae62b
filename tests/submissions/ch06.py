"""Chapter 6, model-based RL."""

from tests.submissions import ALL, Right, Wrong

BANK = {
    "6.1": [
        Right("answer_6_1 = 100_000 / (1 + 5)", "formula"),
        Right("answer_6_1 = 16667", "rounded number"),
        Right(
            "steps, updates = 0, 0\nwhile updates < 100_000:\n    steps += 1\n    updates += 6\nanswer_6_1 = steps",
            "simulated",
        ),
        Wrong("answer_6_1 = 100_000 / 5", ALL, "The real step makes an update of its own"),
        Wrong("answer_6_1 = 100_000 * 5 / 6", ALL, "number of imagined updates"),
        Wrong("answer_6_1 = 100_000 * 6", ALL, "Planning saves real steps"),
        Wrong("answer_6_1 = 100_000 / 4", ALL, "k - 1"),
        Wrong("answer_6_1 = 100_000", ALL, "Not this number"),
        Wrong("answer_6_1 = 16600", ALL, "last of three significant digits"),
        Wrong("answer_6_1 = '16,667'", ALL, "without quotes"),
    ],
    "6.2": [
        Right("answer_6_2a = 20 * 0.02\nanswer_6_2b = 1.02 ** 20 - 1", "formula"),
        Right("answer_6_2a = 0.4\nanswer_6_2b = 0.486", "rounded numbers"),
        Right(
            "answer_6_2a = answer_6_2b = 0.0\n"
            "for step in range(20):\n"
            "    answer_6_2a += 0.02\n"
            "    answer_6_2b = 1.02 * answer_6_2b + 0.02",
            "recursion",
        ),
        Wrong("answer_6_2a = 40\nanswer_6_2b = 48.6", ALL, "This is in percent"),
        Wrong("answer_6_2a = 0.02\nanswer_6_2b = 1.02 ** 20", ALL, "what exceeds 1"),
        Wrong("answer_6_2a = 1.02 ** 20 - 1\nanswer_6_2b = 20 * 0.02", ALL, "This is the exponential rule"),
        Wrong("answer_6_2a = 0.4\nanswer_6_2b = 1 - 0.98 ** 20", ("`answer_6_2b`",), "the base is 1 + ε"),
        Wrong("answer_6_2a = 0.4\nanswer_6_2b = np.exp(0.4) - 1", ("`answer_6_2b`",), "steps are discrete"),
        Wrong("answer_6_2a = 1 - 0.98 ** 20\nanswer_6_2b = 0.4859", ("`answer_6_2a`",), "shrank the accuracy"),
        Wrong("answer_6_2a = 0.4\nanswer_6_2b = None", ("`answer_6_2b`",), "Not answered"),
        Wrong("answer_6_2a = 0.02 / 20\nanswer_6_2b = 1.02 ** 19 - 1", ALL, "One step is missing"),
    ],
    "6.3": [
        Right('answer_6_3 = "A"', "letter"),
        Right("answer_6_3 = 'a'", "small letter"),
        Wrong('answer_6_3 = "B"', ALL, "costs more"),
        Wrong('answer_6_3 = "C"', ALL, "wrong together"),
        Wrong('answer_6_3 = "D"', ALL, "other kind of uncertainty"),
        Wrong("answer_6_3 = 5", ALL, "one of the letters"),
    ],
    "6.4": [
        Right("answer_6_4 = 10_000 * 3 * (20 + 6 + 1 + 20) * 4 / 10**6", "formula"),
        Right("answer_6_4 = 5.64", "rounded number"),
        Right("answer_6_4 = np.zeros((30_000, 47), dtype=np.float32).nbytes / 1e6", "NumPy counts"),
        Wrong("answer_6_4 = 5.49", ALL, "popular answer key"),
        Wrong("answer_6_4 = 30_000 * 47 * 4 / 2**20", ALL, "MiB"),
        Wrong("answer_6_4 = 30_000 * 47 * 4 / 1024 / 1000", ALL, "mixed 1,000 and 1,024"),
        Wrong("answer_6_4 = 30_000 * 47 * 4", ALL, "This is in bytes"),
        Wrong("answer_6_4 = 10_000 * 47 * 4 / 1e6", ALL, "3 steps"),
        Wrong("answer_6_4 = 30_000 * 47 / 1e6", ALL, "Each takes 4 bytes"),
        Wrong("answer_6_4 = 30_000 * 27 * 4 / 1e6", ALL, "next state is stored too"),
        Wrong("answer_6_4 = 30_000 * 46 * 4 / 1e6", ALL, "the reward"),
        Wrong("answer_6_4 = 30_000 * 48 * 4 / 1e6", ALL, "no done flag"),
        Wrong("answer_6_4 = 30_000 * 47 * 8 / 1e6", ALL, "FP32"),
    ],
    "6.5": [
        Right('answer_6_5 = "C"', "letter"),
        Right("answer_6_5 = '(c)'", "in brackets"),
        Wrong('answer_6_5 = "A"', ALL, "worth more"),
        Wrong('answer_6_5 = "B"', ALL, "how far one can"),
        Wrong('answer_6_5 = "D"', ALL, "do add up"),
        Wrong("answer_6_5 = 'longer'", ALL, "one of the letters"),
    ],
    "6.6": [
        Right(
            """\
def planning_updates(q, model, replay, alpha, gamma):
    q = q.copy()
    for s, a in replay:
        r, s_next, done = model[(s, a)]
        target = r
        if not done:
            target += gamma * max(q[s_next])
        q[s, a] += alpha * (target - q[s, a])
    return q
""",
            "loop",
        ),
        Right(
            """\
def planning_updates(q, model, replay, alpha, gamma):
    table = np.array(q, dtype=float)
    for pair in replay:
        r, s_next, done = model[tuple(pair)]
        table[tuple(pair)] = (1 - alpha) * table[tuple(pair)] + alpha * (r + (1 - done) * gamma * np.max(table[s_next]))
    return table
""",
            "mask and weighted mean",
        ),
        Right(
            """\
import torch

def planning_updates(q, model, replay, alpha, gamma):
    table = torch.tensor(q, dtype=torch.float64)
    for s, a in replay:
        r, s_next, done = model[s, a]
        future = torch.tensor(0.0, dtype=torch.float64) if done else table[s_next].max()
        table[s, a] += alpha * (r + gamma * future - table[s, a])
    return table.numpy()
""",
            "torch",
        ),
        Right(
            """\
from functools import reduce

def planning_updates(q, model, replay, alpha, gamma):
    def backup(rows, pair):
        s, a = pair
        r, s_next, done = model[s, a]
        rows[s][a] += alpha * (r + (0 if done else gamma * max(rows[s_next])) - rows[s][a])
        return rows

    return np.array(reduce(backup, replay, [list(map(float, row)) for row in q]))
""",
            "reduce over lists",
        ),
        Wrong(
            """\
def planning_updates(q, model, replay, alpha, gamma):
    q = q.copy()
    for s, a in replay:
        r, s_next, done = model[s, a]
        q[s, a] += alpha * (r + gamma * q[s_next].max() - q[s, a])
    return q
""",
            ("end of an episode", "order of the updates", "the maze"),
            "even where `done` is true",
        ),
        Wrong(
            """\
def planning_updates(q, model, replay, alpha, gamma):
    for s, a in replay:
        r, s_next, done = model[s, a]
        target = r if done else r + gamma * q[s_next].max()
        q[s, a] += alpha * (target - q[s, a])
    return q
""",
            ("a new table",),
            "changed the table",
        ),
        Wrong(
            """\
def planning_updates(q, model, replay, alpha, gamma):
    new = q.copy()
    for s, a in replay:
        r, s_next, done = model[s, a]
        target = r if done else r + gamma * q[s_next].max()
        new[s, a] += alpha * (target - q[s, a])
    return new
""",
            ("order of the updates", "the maze"),
            "left behind",
        ),
        Wrong(
            """\
def planning_updates(q, model, replay, alpha, gamma):
    q = q.copy()
    for s, a in replay:
        r, s_next, done = model[s, a]
        target = r if done else r + gamma * q[s_next].mean()
        q[s, a] += alpha * (target - q[s, a])
    return q
""",
            ("one update", "order of the updates", "the maze"),
            "takes their maximum",
        ),
        Wrong(
            """\
def planning_updates(q, model, replay, alpha, gamma):
    q = q.copy()
    for s, a in replay:
        if (s, a) not in model:
            continue
        r, s_next, done = model[s, a]
        target = r if done else r + gamma * q[s_next].max()
        q[s, a] += alpha * (target - q[s, a])
    return q
""",
            ("unseen pairs",),
            "must raise KeyError",
        ),
        Wrong(
            """\
def planning_updates(q, model, replay, alpha, gamma):
    q = q.copy()
    for s, a in replay:
        r, s_next, done = model[s, a]
        target = r if done else r + q[s_next].max()
        q[s, a] += alpha * (target - q[s, a])
    return q
""",
            ("one update", "order of the updates", "the maze"),
            "gamma is missing",
        ),
        Wrong(
            """\
def planning_updates(q, model, replay, alpha, gamma):
    q = q.copy()
    for s, a in replay:
        r, s_next, done = model[s, a]
        target = (r + gamma * q[s_next].max()) * (1 - done)
        q[s, a] += alpha * (target - q[s, a])
    return q
""",
            ("end of an episode", "order of the updates", "the maze"),
            "loses the reward",
        ),
        Wrong(
            """\
def planning_updates(q, model, replay, alpha, gamma):
    q = q.copy()
    for s, a in dict.fromkeys(replay):
        r, s_next, done = model[s, a]
        target = r if done else r + gamma * q[s_next].max()
        q[s, a] += alpha * (target - q[s, a])
    return q
""",
            ("order of the updates",),
            "must be updated each time",
        ),
        Wrong(
            """\
def planning_updates(q, model, replay, alpha, gamma):
    q = q.copy()
    for s, a in replay:
        r, s_next, done = model[s, a]
        q[s, a] = r if done else r + gamma * q[s_next].max()
    return q
""",
            ("one update", "end of an episode", "order of the updates"),
            "the share alpha",
        ),
        Wrong(
            """\
def planning_updates(q, model, replay, alpha, gamma):
    q = q.copy()
    for s, a in replay:
        r, s_next, done = model[s, a]
        target = r + gamma * q[s_next].max() if done else r
        q[s, a] += alpha * (target - q[s, a])
    return q
""",
            ("one update", "end of an episode", "order of the updates", "the maze"),
            "wrong way round",
        ),
        Wrong(
            """\
def planning_updates(q, model, replay, alpha, gamma):
    q = q.copy()
    for s, a in replay:
        r, s_next, done = model[s, a]
        target = r if done else r + gamma * q[s_next].max()
        q[s, a] += alpha * (target - q[s, a])
""",
            ("one update", "end of an episode", "order of the updates", "a new table", "the maze"),
            "A single update of one pair is off",
        ),
    ],
    "6.7": [
        Right(
            """\
def branched_rollouts(start_states, policy, model, horizon):
    out = []
    for s in start_states:
        for h in range(horizon):
            a = policy(s)
            r, s_next, done = model(s, a)
            out.append((s, a, r, s_next, done))
            if done:
                break
            s = s_next
    return out
""",
            "loop",
        ),
        Right(
            """\
def branched_rollouts(start_states, policy, model, horizon):
    def branch(s, left):
        if left == 0:
            return []
        a = policy(s)
        r, s_next, done = model(s, a)
        return [(s, a, r, s_next, done)] + ([] if done else branch(s_next, left - 1))

    return [transition for s in start_states for transition in branch(s, horizon)]
""",
            "recursion",
        ),
        Right(
            """\
def branched_rollouts(start_states, policy, model, horizon):
    def branch(s):
        done, steps = False, 0
        while not done and steps < horizon:
            a = policy(s)
            r, s_next, done = model(s, a)
            yield s, a, r, s_next, done
            s, steps = s_next, steps + 1

    return [transition for start in start_states for transition in branch(start)]
""",
            "generator",
        ),
        Wrong(
            """\
def branched_rollouts(start_states, policy, model, horizon):
    out = []
    for s in start_states:
        for h in range(horizon):
            a = policy(s)
            r, s_next, done = model(s, a)
            out.append((s, a, r, s_next, done))
            s = s_next
    return out
""",
            ("end of an episode", "states that are arrays", "one call for each transition"),
            "go on after the end",
        ),
        Wrong(
            """\
def branched_rollouts(start_states, policy, model, horizon):
    out = []
    for s in start_states:
        for h in range(horizon):
            a = policy(s)
            r, s_next, done = model(s, a)
            if done:
                break
            out.append((s, a, r, s_next, done))
            s = s_next
    return out
""",
            ("end of an episode", "states that are arrays", "one call for each transition"),
            "It belongs to the branch",
        ),
        Wrong(
            """\
def branched_rollouts(start_states, policy, model, horizon):
    out = []
    for s in start_states:
        for h in range(horizon):
            a = policy(s)
            r, s_next, done = model(s, a)
            out.append((s, a, r, s_next, done))
            if done:
                return out
            s = s_next
    return out
""",
            ("end of an episode", "states that are arrays", "one call for each transition"),
            "The next branch must still start",
        ),
        Wrong(
            """\
def branched_rollouts(start_states, policy, model, horizon):
    out = []
    for s in start_states:
        for h in range(horizon + 1):
            a = policy(s)
            r, s_next, done = model(s, a)
            out.append((s, a, r, s_next, done))
            if done:
                break
            s = s_next
    return out
""",
            ("branches", "end of an episode", "nothing to do", "states that are arrays", "one call for each transition"),
            "one step too long",
        ),
        Wrong(
            """\
def branched_rollouts(start_states, policy, model, horizon):
    out = []
    for s in start_states:
        for h in range(horizon):
            a = policy(s)
            r, s_next, done = model(s, a)
            out.append((s, a, r, s_next, done))
            if done:
                break
    return out
""",
            ("branches", "end of an episode", "states that are arrays", "one call for each transition"),
            "begins at `s_next`",
        ),
        Wrong(
            """\
def branched_rollouts(start_states, policy, model, horizon):
    out = []
    states = list(start_states)
    for h in range(horizon):
        still = []
        for s in states:
            a = policy(s)
            r, s_next, done = model(s, a)
            out.append((s, a, r, s_next, done))
            if not done:
                still.append(s_next)
        states = still
    return out
""",
            ("branches", "end of an episode", "states that are arrays", "one call for each transition"),
            "First all of one branch",
        ),
        Wrong(
            """\
def branched_rollouts(start_states, policy, model, horizon):
    out = []
    for s in start_states:
        for h in range(horizon):
            r, s_next, done = model(s, policy(s))
            out.append((s, policy(s), r, s_next, done))
            if done:
                break
            s = s_next
    return out
""",
            ("one call for each transition",),
            "exactly once",
        ),
        Wrong(
            """\
def branched_rollouts(start_states, policy, model, horizon):
    out = []
    for s in start_states:
        branch = []
        for h in range(horizon):
            a = policy(s)
            r, s_next, done = model(s, a)
            branch.append((s, a, r, s_next, done))
            if done:
                break
            s = s_next
        out.append(branch)
    return out
""",
            ("branches", "end of an episode", "nothing to do", "states that are arrays", "one call for each transition"),
            "Horizon 0",
        ),
        Wrong(
            """\
def branched_rollouts(start_states, policy, model, horizon):
    out = []
    for s in start_states:
        for h in range(horizon):
            a = policy(s)
            r, s_next, done = model(s, a)
            out.append((s, a, s_next, r, done))
            if done:
                break
            s = s_next
    return out
""",
            ("branches", "end of an episode", "states that are arrays", "one call for each transition"),
            "Reward and next state are exchanged",
        ),
        Wrong(
            """\
def branched_rollouts(start_states, policy, model, horizon):
    out = []
    s = start_states[0]
    for start in start_states:
        for h in range(horizon):
            a = policy(s)
            r, s_next, done = model(s, a)
            out.append((s, a, r, s_next, done))
            if done:
                break
            s = s_next
    return out
""",
            ("branches", "end of an episode", "nothing to do", "states that are arrays", "one call for each transition"),
            "from each start",
        ),
    ],
    "6.8": [
        Right(
            """\
def dyna_backup(q, s, a, r, s_next, done, alpha, gamma):
    q = q.copy()
    target = r + gamma * (1 - done) * q[s_next].max()
    q[s, a] += alpha * (target - q[s, a])
    return q


buggy_line_6_8 = 3
""",
            "mask",
        ),
        Right(
            """\
def dyna_backup(q, s, a, r, s_next, done, alpha, gamma):
    q = q.copy()
    target = r
    if not done:
        target = r + gamma * q[s_next].max()
    q[s, a] += alpha * (target - q[s, a])
    return q


buggy_line_6_8 = 3
""",
            "if",
        ),
        Right(
            """\
import torch

def dyna_backup(q, s, a, r, s_next, done, alpha, gamma):
    q = torch.tensor(q)
    target = r + gamma * torch.where(torch.tensor(bool(done)), 0.0, q[s_next].max())
    q[s, a] += alpha * (target - q[s, a])
    return q.numpy()


buggy_line_6_8 = 3.0
""",
            "torch",
        ),
        Wrong(
            """\
def dyna_backup(q, s, a, r, s_next, done, alpha, gamma):
    q = q.copy()
    target = r + gamma * q[s_next].max()
    q[s, a] += alpha * (target - q[s, a])
    return q


buggy_line_6_8 = 3
""",
            ("end of an episode", "whole episodes", "done as 0 or 1", "a new table", "the slot machine"),
            "still does not end",
        ),
        Wrong(
            """\
def dyna_backup(q, s, a, r, s_next, done, alpha, gamma):
    q = q.copy()
    target = (1 - done) * (r + gamma * q[s_next].max())
    q[s, a] += alpha * (target - q[s, a])
    return q


buggy_line_6_8 = 3
""",
            ("end of an episode", "whole episodes", "done as 0 or 1", "a new table", "the slot machine"),
            "dropped the reward",
        ),
        Wrong(
            """\
def dyna_backup(q, s, a, r, s_next, done, alpha, gamma):
    q = q.copy()
    target = r + gamma * done * q[s_next].max()
    q[s, a] += alpha * (target - q[s, a])
    return q


buggy_line_6_8 = 3
""",
            ("end of an episode", "whole episodes", "done as 0 or 1", "a new table", "the slot machine"),
            "still does not end",
        ),
        Wrong(
            """\
def dyna_backup(q, s, a, r, s_next, done, alpha, gamma):
    q = q.copy()
    if done:
        q[s_next] = 0
    target = r + gamma * q[s_next].max()
    q[s, a] += alpha * (target - q[s, a])
    return q


buggy_line_6_8 = 3
""",
            ("end of an episode", "whole episodes", "done as 0 or 1", "a new table", "the slot machine"),
            "you erase what was learned",
        ),
        Wrong(
            """\
def dyna_backup(q, s, a, r, s_next, done, alpha, gamma):
    q = q.copy()
    if done:
        return q
    target = r + gamma * q[s_next].max()
    q[s, a] += alpha * (target - q[s, a])
    return q


buggy_line_6_8 = 3
""",
            ("end of an episode", "whole episodes", "done as 0 or 1", "a new table", "the slot machine"),
            "no update at the end",
        ),
        Wrong(
            """\
def dyna_backup(q, s, a, r, s_next, done, alpha, gamma):
    target = r if done else r + gamma * q[s_next].max()
    q[s, a] += alpha * (target - q[s, a])
    return q


buggy_line_6_8 = 3
""",
            ("a new table",),
            "Keep the copy",
        ),
        Wrong(
            """\
def dyna_backup(q, s, a, r, s_next, done, alpha, gamma):
    q = q.copy()
    target = r if done is True else r + gamma * q[s_next].max()
    q[s, a] += alpha * (target - q[s, a])
    return q


buggy_line_6_8 = 3
""",
            ("done as 0 or 1",),
            "still does not end",
        ),
        Wrong(
            """\
def dyna_backup(q, s, a, r, s_next, done, alpha, gamma):
    q = q.copy()
    target = r if done else r + gamma * q[s_next].max()
    q[s, a] += alpha * (target - q[s, a])
    return q


buggy_line_6_8 = 4
""",
            ("`buggy_line_6_8`",),
            "Is the target right",
        ),
        Wrong(
            """\
def dyna_backup(q, s, a, r, s_next, done, alpha, gamma):
    q = q.copy()
    target = r
    q[s, a] += alpha * (target - q[s, a])
    return q


buggy_line_6_8 = None
""",
            ("whole episodes", "done as 0 or 1", "`buggy_line_6_8`"),
            "no step sees the next state's value",
        ),
    ],
}
