"""The documentation as the tests see it: its pages, and what a page asks its reader to do.

Commands stand in blocks that are marked ``console``::

    $ make lint  # exits with 2
    source/ch03_dpo_loss/ch03_dpo_loss.ipynb: cell 59: ...

A line with a dollar sign is a command; the lines below it are output that must appear, in this order. Other output may
stand between them; ``...`` stands for anything. The comment says which exit code is right when it is not 0. Each block
starts in the course's folder; `cd` holds until the end of the block.

What a reader does by hand stands in comments that no reader sees: ``<!-- test: COMMAND -->`` is run, and
``<!-- part: declaration -->`` puts the code block below it into the scaffold of the exercise that the page began.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from autograder import course

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"^<!-- (test|part): (.*?) -->$", flags=re.MULTILINE | re.DOTALL)
PROGRAMS = r"(?:\.venv/bin/)?(?:make|python|nbgrader|jupyter|pip|pytest|dask|ruff|git)"
INLINE = re.compile(rf"`({PROGRAMS} [^`]+)`")


@dataclass
class Command:
    """One command, what it must print, and its exit code."""

    line: str
    expected: list = field(default_factory=list)
    code: int = 0
    hidden: bool = False


@dataclass(frozen=True)
class Part:
    """A part of an exercise that the reader writes."""

    name: str
    text: str


def pages():
    """Every page, by its path from the course's folder on."""
    found = [course.COURSE / "README.md", *sorted((course.COURSE / "docs").rglob("*.md"))]
    return {path.relative_to(course.COURSE).as_posix(): path.read_text(encoding="utf-8") for path in found}


def steps(text):
    """What a page asks to do, in order.

    Returns
    -------
    list of list of Command or Part
        One list for each block.
    """
    found = {}
    for fence in FENCE.finditer(text):
        if fence[1] == "console":
            found[fence.start()] = _commands(fence[2])
    for comment in COMMENT.finditer(text):
        if comment[1] == "test":
            found[comment.start()] = [Command(comment[2], hidden=True)]
        else:
            block = FENCE.search(text, comment.end())
            found[comment.start()] = [Part(comment[2], block[2].removesuffix("\n"))]
    return [found[start] for start in sorted(found)]


def _commands(block):
    commands = []
    for line in block.rstrip("\n").split("\n"):
        if line.startswith("$ "):
            marked = re.fullmatch(r"(.*?)(?:  # exits with (\d+))?", line[2:])
            commands.append(Command(marked[1], code=int(marked[2] or 0)))
        else:
            commands[-1].expected.append(line)
    return commands


def commands(text):
    """All commands of a page that its readers see."""
    return [step for block in steps(text) for step in block if isinstance(step, Command) and not step.hidden]


def missing_output(expected, printed):
    """The first expected line that does not appear behind those before it; None when all do."""
    lines = iter(printed.split("\n"))
    for line in expected:
        if line == "...":
            continue
        wanted = re.compile(".*".join(map(re.escape, line.split("..."))) + r"\s*")
        if not any(wanted.fullmatch(found) for found in lines):
            return line
    return None


def inline_commands(text):
    """Commands that a page names in running text and tables."""
    prose = FENCE.sub("", text)
    return [re.sub(r"\s+", " ", command) for command in INLINE.findall(prose)]


def stray_commands(text):
    """Lines of code blocks that look like a command and are not in a console block."""
    blocks = [body for language, body in FENCE.findall(text) if language in ("", "bash", "sh", "shell", "text")]
    prose = FENCE.sub("", text)
    indented = re.findall(r"^ {4}.*$", prose, flags=re.MULTILINE)
    lines = [line for body in blocks for line in body.split("\n")] + indented
    return [line.strip() for line in lines if re.match(rf"\s*(?:\$ )?{PROGRAMS} ", line)]


def links(text):
    """Targets of a page's links and pictures."""
    return re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", text))


def headings(text):
    """Anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", FENCE.sub("", text), flags=re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]


def named_paths(text):
    """Files and folders of the course that a page names in code."""
    prose = FENCE.sub("", text)
    tops = "source|release|utils|autograder|tests|docs"
    named = re.findall(rf"`((?:{tops})/[^`\s]*)`", prose)
    named += re.findall(r"`((?:Makefile|README\.md|[a-z_]+\.(?:py|toml|yml|lock)))`", prose)
    return [path for path in named if not re.search(r"NN|STUDENT|CHAPTER|ID|\*|<|\{", path)]


def resolve(page, target):
    """File that a link on a page leads to, and its anchor."""
    path, _, anchor = target.partition("#")
    return (course.COURSE / page).parent / path if path else course.COURSE / page, anchor


__all__ = ["Command", "Part", "Path"]
