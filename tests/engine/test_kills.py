"""kill -9 of the whole process group at random moments of a class run loses nothing."""

import pytest

from tests.engine.kills import run


def test_a_few_kills(tmp_path):
    assert run(tmp_path, kills=2, seed=7, kills_per_class=2) >= 2


@pytest.mark.slow
def test_a_hundred_kills(tmp_path):
    assert run(tmp_path, kills=100, seed=2) >= 100
