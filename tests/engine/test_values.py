"""What crosses the wall, in both directions, and what does not."""

import math
import random

import numpy as np
import pytest
import torch

from autograder.engine.remote import CallableHandle, Exposed, Handle, MistakeInTest
from autograder.engine.session import ProcessEnded

ECHO = "def echo(*values, **named):\n    return values[0] if not named else named"

PLAIN = [
    None, True, False, 0, -7, 2**63 - 1, 2**64, -(2**200), 1.5, -0.0, math.inf, "", "text", "Grüße ✓", b"", b"\x00\xff", ...,
    1 + 2j, [], [1, [2.5, ["x"]]], (), (1, (2,)), {}, {"a": 1, 2: "b", (1, 2): [3]}, {1, 2}, frozenset({"x"}),
    slice(1, None, 2), range(2, 10, 3),
]  # fmt: skip
DTYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128".split()
TORCH = "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64 complex128".split()


@pytest.fixture(scope="module")
def echo(warm):
    from tests.engine.conftest import Student

    one = Student(warm, ECHO)
    yield one["echo"]
    one.session.close()


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_plain_values_come_back_equal_and_of_the_same_type(echo, value):
    back = echo(value)
    assert back == value
    assert type(back) is type(value)


def test_nan_stays_nan(echo):
    assert math.isnan(echo(math.nan))


def test_named_arguments(echo):
    assert echo(a=1, b=[2]) == {"a": 1, "b": [2]}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (2, 3, 4)], ids=str)
def test_arrays(echo, dtype, shape):
    array = np.arange(math.prod(shape)).reshape(shape).astype(dtype)
    back = echo(array)
    assert type(back) is np.ndarray and back.dtype == array.dtype and back.shape == shape
    np.testing.assert_array_equal(back, array)
    back[...] = 0  # it is writable, and no view of anything


@pytest.mark.parametrize(
    "array",
    [np.array(["a", "bcd"]), np.array(["2026-01-01"], dtype="datetime64[D]"), np.arange(12.0).reshape(3, 4).T[::2],
     np.arange(3, dtype=">i4"), np.asfortranarray(np.eye(3))],
    ids=["text", "dates", "strided", "big-endian", "fortran"],
)  # fmt: skip
def test_unusual_arrays(echo, array):
    back = echo(array)
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize("dtype", DTYPES)
def test_numpy_scalars_keep_their_type(echo, dtype):
    value = np.dtype(dtype).type(1)
    back = echo(value)
    assert type(back) is type(value) and back == value


@pytest.mark.parametrize("dtype", TORCH)
@pytest.mark.parametrize("shape", [(), (0,), (2, 3)], ids=str)
def test_tensors(echo, dtype, shape):
    tensor = torch.ones(shape).to(getattr(torch, dtype))
    back = echo(tensor)
    assert type(back) is torch.Tensor and back.dtype == tensor.dtype and back.shape == tensor.shape
    assert torch.equal(back, tensor)


def test_transposed_and_expanded_tensors(echo):
    for tensor in (torch.arange(6.0).reshape(2, 3).T, torch.ones(1).expand(4)):
        assert torch.equal(echo(tensor), tensor)


def test_dtypes_as_values(echo):
    assert echo(torch.float32) is torch.float32
    assert echo(np.dtype("float32")) == np.dtype("float32")


def test_subclasses_lose_their_behaviour(student):
    names = student("class Evil(float):\n    def __eq__(self, other): return True\ndef f(): return Evil(3.0)")
    value = names["f"]()
    assert type(value) is float and value == 3.0 and value != 4.0


def test_answers_are_values(student):
    names = student("answer = 0.25\nletter = 'B'\norder = ['A', 'B']\nnothing = None")
    assert (names["answer"], names["letter"], names["order"], names["nothing"]) == (0.25, "B", ["A", "B"], None)
    with pytest.raises(KeyError):
        names["undefined"]


# --- random numbers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_a_generator_arrives_in_the_state_it_was_sent(student, kind):
    draw = student("def draw(rng): return rng.normal(size=3)")["draw"]
    rng = np.random.Generator(getattr(np.random, kind)(5))
    expected = np.random.Generator(getattr(np.random, kind)(5)).normal(size=3)
    np.testing.assert_array_equal(draw(rng), expected)


def test_a_generator_sent_twice_gives_new_numbers(student):
    draw = student("def draw(rng): return rng.random()")["draw"]
    for rng in (np.random.default_rng(0), random.Random(0), np.random.RandomState(0)):
        assert draw(rng) != draw(rng)


def test_a_student_cannot_set_the_graders_generator(student):
    draw = student("def draw(rng):\n    rng.bit_generator.state = np.random.PCG64(0).state\nimport numpy as np")["draw"]
    ours, untouched = np.random.default_rng(3), np.random.default_rng(3)
    draw(ours)
    untouched.bit_generator.random_raw()
    assert ours.random() == untouched.random()


def test_torch_generator(student):
    draw = student("import torch\ndef draw(g): return torch.rand(2, generator=g)")["draw"]
    expected = torch.rand(2, generator=torch.Generator().manual_seed(4))
    assert torch.equal(draw(torch.Generator().manual_seed(4)), expected)


# --- functions --------------------------------------------------------------------------------------------------------


def test_functions_that_take_functions(student):
    rollout = student("def rollout(policy, n): return [policy(i, scale=2) for i in range(n)]")["rollout"]
    assert rollout(lambda state, scale: state * scale, 4) == [0, 2, 4, 6]


def test_functions_across_and_back(student):
    names = student("def call(f, g): return f(g, 1)\ndef inner(x): return x + 1\ndef same(f): return f")
    inner = names["inner"]
    assert names["call"](lambda g, x: g(x) + 1, lambda x: 10 * x) == 11

    def ours(x):
        return x

    assert names["same"](ours) is ours
    assert names["same"](inner)(1) == 2


def test_calls_nest(student):
    names = student("def down(f, n): return 0 if n == 0 else 1 + f(n - 1)")
    down = names["down"]

    def back(n):
        return down(back, n)

    assert down(back, 10) == 10


def test_errors_of_the_tests_functions_reach_the_student(student):
    names = student("def careful(f):\n    try: return f()\n    except ValueError as problem: return str(problem)")

    def refuse():
        raise ValueError("no")

    assert names["careful"](refuse) == "no"


def test_exposed_objects_offer_what_is_listed_and_nothing_else(student):
    class Corridor:
        secret = 42

        def reset(self):
            self.at = 0
            return self.at

        def step(self, move):
            self.at += move
            return self.at, float(self.at == 3)

    walk = student(
        "def walk(env):\n    state, total = env.reset(), 0\n    while not total:\n        state, total = env.step(1)\n"
        "    return state, env.size, hasattr(env, 'secret')"
    )["walk"]
    assert walk(Exposed(Corridor(), methods=("reset", "step"), values={"size": 4})) == (3, 4, False)


def test_an_object_that_is_not_exposed_is_the_tests_mistake(student):
    f = student("def f(x): return 1")["f"]
    with pytest.raises(MistakeInTest, match="Exposed"):
        f(object())


@pytest.mark.parametrize(
    "code", ["yield 1", "return map(abs, [1])", "return zip([1])", "return {1: 2}.keys()", "return iter([1])"]
)
def test_generators_and_views_are_refused_with_advice(student, code):
    f = student(f"def f(): {code}")["f"]
    with pytest.raises(TypeError, match="list"):
        f()


# --- objects ----------------------------------------------------------------------------------------------------------

AGENT = """
class Agent:
    def __init__(self, n, seed=0):
        self.table = [0.0] * n
    def update(self, i, value):
        self.table[i] += value
        return self
    @property
    def best(self):
        return max(self.table)
    def __len__(self): return len(self.table)
    def __getitem__(self, i): return self.table[i]
    def __eq__(self, other): return True
    __hash__ = None
"""


def test_classes_and_their_objects(student):
    Agent = student(AGENT)["Agent"]
    agent = Agent(3, seed=1)
    assert isinstance(agent, Handle) and not callable(agent) and callable(Agent)
    assert agent.type_names[:2] == ("Agent", "object")
    same = agent.update(1, 2.5)
    assert (agent.best, same.best, len(agent), agent[1]) == (2.5, 2.5, 3, 2.5)
    agent.table = [7.0]
    assert agent.best == 7.0
    assert agent != same and agent != 3  # equality is ours, not theirs
    with pytest.raises(AttributeError, match="missing"):
        _ = agent.missing
    with pytest.raises(TypeError, match="list or array"):
        list(agent)


MODEL = """
import torch
class Policy(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layer = torch.nn.Linear(3, 2)
    def forward(self, x):
        return torch.log_softmax(self.layer(x), dim=-1)
"""


def test_torch_modules_are_handles(student):
    policy = student(MODEL)["Policy"]()
    assert isinstance(policy, CallableHandle) and "Module" in policy.type_names
    weight, bias = policy.parameters()
    assert isinstance(weight, torch.nn.Parameter) and weight.requires_grad and weight.shape == (2, 3)
    assert [name for name, _ in policy.named_parameters()] == ["layer.weight", "layer.bias"]
    assert set(policy.state_dict()) == {"layer.weight", "layer.bias"}
    x = torch.randn(5, 3)
    assert torch.allclose(policy(x), torch.log_softmax(x @ weight.T + bias, -1))
    assert policy.layer.weight.shape == (2, 3)


def test_gradients_of_parameters_can_be_read(student):
    policy = student(MODEL)["Policy"]()
    assert all(parameter.grad is None for parameter in policy.parameters())
    x = torch.randn(5, 3)
    policy(x)[:, 0].sum().backward()
    reference = torch.nn.Linear(3, 2)
    reference.load_state_dict({"weight": policy.layer.weight.detach(), "bias": policy.layer.bias.detach()})
    torch.log_softmax(reference(x), -1)[:, 0].sum().backward()
    for ours, theirs in zip(reference.parameters(), policy.parameters(), strict=True):
        assert torch.allclose(ours.grad, theirs.grad)
    policy.zero_grad()
    assert all(parameter.grad is None for parameter in policy.parameters())


def test_gradients_of_arguments(student):
    names = student("import torch\ndef loss(a, b): return -torch.nn.functional.logsigmoid(a - b).mean(), a.detach()")
    a, b = (torch.randn(4, requires_grad=True) for _ in range(2))
    value, detached = names["loss"](2 * a, b)  # one argument is itself computed
    assert not detached.requires_grad
    (3 * value).backward()
    a2, b2 = (t.detach().clone().requires_grad_() for t in (a, b))
    (-3 * torch.nn.functional.logsigmoid(2 * a2 - b2).mean()).backward()
    assert torch.allclose(a.grad, a2.grad) and torch.allclose(b.grad, b2.grad)


def test_a_loss_cut_off_from_its_arguments_has_no_gradient(student):
    loss = student("def loss(a): return (a.detach() ** 2).sum()")["loss"]
    value = loss(torch.ones(2, requires_grad=True))
    assert not value.requires_grad


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", [ValueError, TypeError, KeyError, IndexError, ZeroDivisionError, NotImplementedError, AssertionError]
)
def test_builtin_errors_arrive_as_themselves(student, kind):
    f = student(f"def f(x):\n    raise {kind.__name__}('bad ' + str(x))")["f"]
    with pytest.raises(kind, match="bad 3"):
        f(3)


def test_own_errors_keep_their_name_and_base(student):
    f = student("class TooShort(ValueError): pass\ndef f(): raise TooShort('2 < 3')")["f"]
    with pytest.raises(ValueError) as caught:
        f()
    assert type(caught.value).__name__ == "TooShort"


def test_the_message_names_the_students_line(student):
    from autograder.marking import describe_error

    f = student("import numpy as np\n\ndef f(x):\n    y = np.linalg.inv(np.zeros((2, 2)))\n    return y")["f"]
    with pytest.raises(Exception) as caught:
        f(1)
    message = describe_error(caught.value)
    assert "LinAlgError: Singular matrix" in message
    assert "in the line `y = np.linalg.inv(np.zeros((2, 2)))`" in message


def test_exits_are_ordinary_errors_here(student):
    for text in ("raise SystemExit(0)", "raise KeyboardInterrupt", "raise BaseException('x')"):
        with pytest.raises(Exception):  # noqa: B017  (anything but a BaseException, which would stop the grader)
            student(f"def f(): {text}")["f"]()


# --- life and death ---------------------------------------------------------------------------------------------------


def test_a_process_that_died_is_started_anew_for_the_next_test(student):
    names = student("import os\ndef bad(): os._exit(3)\ndef good(): return 1")
    bad, good = names["bad"], names["good"]
    with pytest.raises(ProcessEnded, match="ended its own process"):
        bad()
    assert good() == 1
    assert names["good"]() == 1


def test_a_cell_at_which_the_process_died_is_not_repeated(student):
    names = student("x = 1")
    with pytest.raises(ProcessEnded):
        names.run("import os; os._exit(0)")
    names.run("y = x + 1")
    assert names["y"] == 2


def test_a_slow_call_is_interrupted_and_the_process_lives_on(student):
    from autograder.engine.limits import Limits

    names = student("def slow():\n    while True: pass\ndef good(): return 1", limits=Limits(call_seconds=1))
    good = names["good"]
    with pytest.raises(TimeoutError, match="longer than 1 second"):
        names["slow"]()
    assert good() == 1 and names.session.generation == 1


def test_a_test_in_which_everything_fails_ends_early(student):
    bad = student("import os\ndef bad(): os._exit(3)")["bad"]
    for _ in range(3):
        with pytest.raises(ProcessEnded, match="ended its own process"):
            bad()
    with pytest.raises(ProcessEnded, match="too often"):
        bad()


def test_every_process_starts_from_the_same_random_state(student):
    code = "import random, numpy as np, torch\nx = (random.random(), np.random.rand(), torch.rand(1).item())"
    assert student(code)["x"] == student(code)["x"]


def test_a_flood_of_callbacks_ends_at_the_deadline(student):
    from autograder.engine.limits import Limits

    names = student(
        "def flood(f):\n    while True:\n        try:\n            f(1)\n        except BaseException: pass",
        limits=Limits(call_seconds=1),
    )
    with pytest.raises((ProcessEnded, TimeoutError), match="longer than 1 second"):
        names["flood"](lambda x: x)


def test_files_written_during_a_flood_of_callbacks_are_noticed(student):
    from autograder.engine.limits import Limits

    names = student(
        "def flood(f):\n    for i in range(10**6):\n        open(f'file{i}', 'w').close(); f(i)",
        limits=Limits(call_seconds=60, scratch_files=50),
    )
    with pytest.raises(ProcessEnded, match="files"):
        names["flood"](lambda x: x)
