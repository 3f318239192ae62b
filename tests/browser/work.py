"""How a student works a chapter in the browser: run it, try its demos, answer wrongly, then rightly."""

from tests.browser.notebook_page import PATIENCE, SEEN
from tests.chapters import CHAPTERS, Right, Wrong, bank, setup_source
from utils.catalogue import grade_id, read_notebook
from utils.check import evaluate

BUTTONS = "button.jupyter-button"


def work(notebook, number, folder=None):
    """Work a chapter that has just been opened, and look for trouble after each step.

    Parameters
    ----------
    notebook : tests.browser.notebook_page.NotebookPage
    number : str
        The chapter, such as ``"ch00"``.
    folder : pathlib.Path, optional
        Where pictures of it are kept.
    """
    notebook.run_all()
    assert_clean(notebook)
    demos = notebook.demos()
    assert demos
    for demo in demos:
        work_demo(notebook, demo)
    assert_clean(notebook)

    firsts = first_of_each_type(notebook, number)
    assert {"Derive", "Trace", "Build", "Debug"} <= set(firsts)
    for exercise in firsts.values():
        panel = notebook.answer(grade_id(exercise), wrong_answer(number, exercise))
        assert f"Exercise {exercise}: not yet" in panel
    assert_clean(notebook)
    click_listing(notebook, firsts["Debug"])
    if folder is not None:
        notebook.photograph(folder, f"{number}_wrong")
    for exercise in firsts.values():
        panel = notebook.answer(grade_id(exercise), right_answer(number, exercise))
        assert f"Exercise {exercise}: right" in panel
    assert_clean(notebook)


def solve(notebook, number, folder=None):
    """Answer every exercise of a chapter rightly and run all of it: plots and training runs use the answers."""
    exercises = chapter_exercises(notebook)
    before = len(notebook.demos())
    for exercise in exercises:
        notebook.write(notebook.position(grade_id(exercise.id)), right_answer(number, exercise.id))
    notebook.run_all()
    assert_clean(notebook)
    for exercise in exercises:
        assert f"Exercise {exercise.id}: right" in notebook.panel(notebook.position(f"{grade_id(exercise.id)}_test"))
    assert "Every exercise of this chapter is solved." in notebook.panel(len(notebook.cells) - 1)
    demos = notebook.demos()
    assert len(demos) >= 2
    if len(demos) > before:  # some show what the reader's own model does
        for demo in demos:
            work_demo(notebook, demo)
        assert_clean(notebook)
    if folder is not None:
        notebook.photograph(folder, f"{number}_solved")


def assert_clean(notebook):
    """No error, nothing on stderr, every cell run, no complaint of browser or kernel."""
    assert notebook.failures() == []
    assert notebook.not_run() == []
    assert notebook.troubles == []


# --- exercises --------------------------------------------------------------------------------------------------------


def chapter_exercises(notebook):
    """Exercises of a chapter, from the notebook that is open."""
    return read_notebook(notebook.path)


def first_of_each_type(notebook, number):
    """From type to the number of the first exercise of that type."""
    found = {}
    for exercise in chapter_exercises(notebook):
        found.setdefault(exercise.type, exercise.id)
    return found


def right_answer(number, exercise):
    """The bank's first right answer to an exercise."""
    return next(entry.source for entry in bank(number)[exercise] if isinstance(entry, Right))


def wrong_answer(number, exercise):
    """The bank's first wrong answer that the visible check recognises as wrong."""
    for entry in bank(number)[exercise]:
        if isinstance(entry, Wrong):
            namespace = {"__name__": "__main__"}
            exec(setup_source(number), namespace)
            exec(entry.source, namespace)
            status, _ = evaluate(exercise, *(namespace[name] for name in CHAPTERS[number].exercises[exercise].names))
            if status == "wrong":
                return entry.source
    raise AssertionError(f"the bank has no answer to {exercise} that the check calls wrong")


def click_listing(notebook, exercise):
    """Click a line of a Debug exercise's listing: the sentence below it says what to write."""
    cell = notebook.cell(notebook.position(f"{grade_id(exercise)}_test"))
    line = cell.locator(BUTTONS).nth(1)
    line.click()
    cell.get_by_text("You chose line 2").wait_for(timeout=PATIENCE)


# --- demos ------------------------------------------------------------------------------------------------------------


def work_demo(notebook, demo):
    """Look at a demo's pictures, move each slider, fill each field, tick each box, choose from each list, press each
    button."""
    look_at(notebook, demo)
    seen = {demo.evaluate(SEEN)}

    def settle():
        notebook.wait_until_idle()
        seen.add(demo.evaluate(SEEN))

    for slider in demo.locator(".widget-slider").all():
        move(notebook, slider)
        settle()
    for field in demo.locator("input[type=number]").all():
        value, highest = float(field.input_value()), float(field.get_attribute("max") or "inf")
        field.fill(f"{value + 1 if value < highest else value - 1:g}")
        field.press("Enter")
        settle()
    for box in demo.locator("input[type=checkbox]").all():
        box.click()
        settle()
    for choice in demo.locator("select").all():
        options = choice.locator("option").evaluate_all("options => options.map(option => option.value)")
        choice.select_option(options[(options.index(choice.input_value()) + 1) % len(options)])
        settle()

    buttons = demo.locator(BUTTONS).all()
    for button in buttons:  # some do something only after the others, such as one that starts again
        for other in buttons:
            if other is not button:
                other.click()
                notebook.wait_until_idle()
        before = demo.evaluate(SEEN)
        button.click()
        notebook.until_changed(demo, before)
    assert buttons or len(seen) > 1, "no control changed anything"
    look_at(notebook, demo)


def look_at(notebook, demo):
    """Each picture of a demo is drawn and says in words what it shows."""
    for picture in demo.locator(".widget-html-content img").all():
        notebook.until_drawn(picture)
        assert len(picture.get_attribute("alt")) > 20


def move(notebook, slider):
    """Move a slider one step by an arrow key: the number beside it follows."""
    readout = slider.locator(".widget-readout")
    before = readout.inner_text()
    handle = slider.locator(".noUi-handle")
    handle.focus()
    at_the_end = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
    notebook.page.keyboard.press("ArrowLeft" if at_the_end else "ArrowRight")
    notebook.page.wait_for_function(
        "([readout, before]) => readout.innerText != before", arg=[readout.element_handle(), before], timeout=PATIENCE
    )
