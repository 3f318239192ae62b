"""Which layers stand, what happens where they do not, and that an ordinary user has them too."""

import os
import subprocess
import sys

import pytest

from autograder.engine.boxed import confine, landlock, namespaces
from autograder.engine.limits import Limits
from autograder.engine.warm import Warm
from tests import ordinary
from tests.engine.classroom import COURSE, Classroom

# A host like a container of JupyterHub: no namespaces, and with more arguments no Landlock either.
POOR_HOST = """\
import errno, sys
import pyseccomp
host = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
for name in {denied!r}:
    host.add_rule(pyseccomp.ERRNO(errno.{error}), name)
host.load()
import runpy
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
GRADE = """\
import sys
from autograder.engine.boxed.confine import NotConfined
from autograder.engine.run import grade_class
if __name__ == "__main__":
    try:
        summary = grade_class(sys.argv[1], "small", allow_unconfined=len(sys.argv) > 2)
    except NotConfined as problem:
        sys.exit(str(problem))
    print(" ".join(summary.layers))
"""
NO_NAMESPACES = ("unshare", "mount", "umount2", "pivot_root", "setns")
NO_LANDLOCK = ("landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self")


LOOK_AROUND = """
def can_read(path):
    try:
        with open(path, 'rb') as file: file.read(1)
    except OSError:
        return False
    return True
seen = [path for path in places if can_read(path)]
import utils.check
ours = can_read(utils.check.__file__)
try:
    import utils.solutions
    seen.append('solutions')
except ImportError: pass
path = sys.path
environment = sorted(os.environ)
written = []
for place in ('here', '/tmp/x', os.path.dirname(utils.check.__file__) + '/x'):
    try:
        open(place, 'w').close(); written.append(place)
    except OSError: pass
"""


def test_this_host_offers_enough():
    layers = confine.offered()
    assert confine.missing(layers) == []


def test_what_is_missing_is_said():
    assert "read the solutions" in confine.missing(["rlimits", "seccomp"])[0]
    assert "network" in confine.missing(["rlimits", "landlock 7"])[0]
    assert confine.missing(["seccomp", "namespaces"]) == []
    with pytest.raises(confine.NotConfined, match="--allow-unconfined") as caught:
        confine.require(["session", "rlimits"])
    assert "\n" not in str(caught.value)


def test_hidden_places_inside_readable_trees_stay_closed(tmp_path):
    for name in ("lib/ours/hidden_tests", "lib/ours/open", "lib/other"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "file.py").write_text("")
    root = os.path.realpath(tmp_path)
    rules = dict(landlock.reading_rules([f"{root}/lib"], [f"{root}/lib/ours/hidden_tests"]))
    assert rules == {
        f"{root}/lib": landlock.LIST, f"{root}/lib/ours": landlock.LIST, f"{root}/lib/ours/open": landlock.READ,
        f"{root}/lib/other": landlock.READ,
    }  # fmt: skip


@pytest.mark.parametrize("spaces", [True, False], ids=["namespaces", "landlock-only"])
def test_a_submission_sees_the_student_side_and_nothing_else(spaces, tmp_path):
    from tests.engine.conftest import Student

    if spaces and not namespaces.allowed():
        pytest.skip("this host has no user namespaces")
    secret = tmp_path / "gradebook.db"
    secret.write_text("secret")
    warm = Warm(namespaces=spaces)
    try:
        student = Student(warm, "import os, sys, glob", limits=Limits())
        places = [secret, "/etc/passwd", COURSE / "autograder/marking.py", COURSE / "utils/solutions/ch00.py"]
        places += [COURSE / "source/ch00_reward_modeling/ch00_reward_modeling.ipynb", "/proc/1/environ"]
        student.run(f"places = {[str(place) for place in places]!r}")
        student.run(LOOK_AROUND)
        assert student["seen"] == []
        assert student["ours"] is True
        assert student["written"] == ["here"]
        assert not any(str(COURSE) == entry for entry in student["path"])
        assert "AUTOGRADER_SEED" not in student["environment"]
        student.session.close()
    finally:
        warm.close()


def _grade_on(host, denied, error, folder, *options):
    classroom = Classroom(folder, "small")
    classroom.submit("someone")
    (folder / "host.py").write_text(POOR_HOST.format(denied=denied, error=error))
    (folder / "grade.py").write_text(GRADE)
    command = [sys.executable, str(folder / "host.py"), str(folder / "grade.py"), str(folder), *options]
    environment = os.environ | {"PYTHONPATH": str(COURSE)}
    return classroom, subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)


def test_in_a_pod_landlock_and_seccomp_suffice(tmp_path):
    classroom, done = _grade_on("pod", NO_NAMESPACES, "EPERM", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "landlock" in done.stdout and "seccomp" in done.stdout and "namespaces" not in done.stdout
    assert classroom.total("someone") == 10


def test_on_a_host_without_walls_grading_stops_with_one_line(tmp_path):
    classroom, done = _grade_on("bare", NO_NAMESPACES + NO_LANDLOCK, "ENOSYS", tmp_path)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1 and "--allow-unconfined" in done.stderr
    assert classroom.rows() == []


@pytest.mark.slow
def test_on_a_host_without_walls_it_goes_on_when_told_to(tmp_path):
    classroom, done = _grade_on("bare", NO_NAMESPACES + NO_LANDLOCK, "ENOSYS", tmp_path, "--allow-unconfined")
    assert done.returncode == 0, done.stderr
    assert "landlock" not in done.stdout
    assert classroom.total("someone") == 10


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.skipif(bool(ordinary.missing()), reason=ordinary.missing() or "-")
def test_the_corpus_gains_nothing_as_an_ordinary_user_either():
    with ordinary.users("user") as (_, [user]):
        command = [sys.executable, "-m", "pytest", "-q", "-o", "addopts=", "-m", "not slow", "tests/attacks"]
        done = user.run(command, cwd=COURSE, environment=ordinary.for_pytest(user), check=False, capture_output=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    print(done.stdout[-300:])
