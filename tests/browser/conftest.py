"""Chromium, the two published editions and their servers."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from autograder import course
from tests.browser import places
from tests.browser.notebook_page import NotebookPage
from tests.chapters import CHAPTERS

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SCREENSHOTS = course.COURSE / "build" / "screenshots"


@pytest.fixture(scope="module")
def chromium():
    """Chromium itself; each page is opened in a profile of its own."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing: `make system` installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium):
    """A page in a fresh profile: no cookie, no stored setting."""
    context = chromium.new_context(viewport={"width": 1280, "height": 1400})
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def edition(request):
    """Name of the edition; modules that run on both parametrize it."""
    return getattr(request, "param", "class")


@pytest.fixture(scope="module")
def published(request, edition, tmp_path_factory):
    """The published edition, in a folder outside the repository, and the Python of its environment."""
    root = tmp_path_factory.mktemp(f"{edition}-edition")
    assert not root.is_relative_to(course.COURSE)
    slow = request.node.get_closest_marker("slow") is not None
    folder = (places.publish if slow else places.write)(edition, root / "course")
    return folder, places.make_environment(root / "environment", folder)


@pytest.fixture(scope="module")
def server(published, tmp_path_factory):
    """JupyterLab on the published edition, started by the edition's own `utils.lab`."""
    folder, python = published
    with places.serving(python, folder, tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def open_chapter(page, server):
    """Function that opens a chapter by its number; the kernels that were started are ended afterwards."""

    def open_one(number, **options):
        name = CHAPTERS[number].notebook
        return NotebookPage(page, server, f"release/{name}/{name}.ipynb", **options)

    yield open_one
    page.close()
    places.end_kernels(server)


@pytest.fixture(scope="session")
def screenshots():
    """Where pictures for people are kept."""
    return Path(os.environ.get("COURSE_SCREENSHOTS", SCREENSHOTS))
