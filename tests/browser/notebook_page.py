"""A notebook open in Chromium, driven as a student drives it: by menus, keys and clicks."""

import json
import re

# One slow machine with two busy cores must not fail a test: nothing here is timed, only waited for.
PATIENCE = 600_000  # ms

DEMO = ".jupyter-widgets.widget-vbox:has(> .widget-html img)"
ERRORS = '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"]'
STDERR = '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]'

# What a demo shows: its pictures and the lines of text under them.
SEEN = "demo => [...demo.querySelectorAll('.widget-html-content')].map(e => e.innerHTML).join('')"
# Whether a picture is loaded and holds more than one colour.
DRAWN = """img => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [img.naturalWidth, img.naturalHeight];
    if (!canvas.width || !canvas.height) return false;
    const context = canvas.getContext('2d');
    context.drawImage(img, 0, 0);
    const pixels = new Uint32Array(context.getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    return new Set(pixels).size > 20;
}"""


class Troubles(list):
    """What went wrong in a page, in the words of the browser or the kernel."""

    # Messages that are no fault of the course, each with its reason.
    HARMLESS = (
        # A page asks each new kernel for the widgets it holds already. One that has not imported ipywidgets yet says that
        # it does not know the question's target, and then that it does not know the channel of the question.
        r"No such comm target registered: jupyter\.widget\.control",
        r"No such comm: [0-9a-f-]{36}",
    )

    def watch(self, page):
        """Note from now on what the page's console, its requests and its kernels complain of."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.append(f"script error: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", lambda r: r.status >= 400 and self.append(f"{r.status} for {r.url}"))
        page.on("websocket", lambda socket: socket.on("framereceived", self._from_kernel))

    def _console(self, message):
        if message.type == "error":
            self._note(f"console: {message.text}")

    def _failed(self, request):
        if request.failure != "net::ERR_ABORTED":  # the page itself took its request back, as when one leaves it
            self.append(f"{request.failure} for {request.url}")

    def _from_kernel(self, frame):
        """An error in a widget's callback reaches the browser but is shown nowhere in the page."""
        text = frame if isinstance(frame, str) else frame.decode("utf-8", errors="replace")
        if re.search(r'"msg_type": ?"error"', text) or re.search(r'"name": ?"stderr"', text):
            self._note(f"kernel: {text[-2000:]}")

    def _note(self, text):
        if not any(re.search(known, text) for known in self.HARMLESS):
            self.append(text)


class NotebookPage:
    """A notebook of an edition in JupyterLab or Notebook 7.

    Parameters
    ----------
    page : playwright.sync_api.Page
    server : tests.browser.places.Server
    path : str
        The notebook's path below the edition.
    application : {"lab", "notebook"}
    """

    def __init__(self, page, server, path, application="lab"):
        self.page = page
        self.path = server.edition / path
        self.cells = json.loads(self.path.read_text(encoding="utf-8"))["cells"]
        self.troubles = Troubles()
        self.troubles.watch(page)
        name = re.sub(r"\W", "_", path)
        place = f"lab/workspaces/{name}/tree" if application == "lab" else "notebooks"
        page.goto(f"{server.base}/{place}/{path}?token={server.token}&reset", timeout=PATIENCE)
        page.wait_for_function(
            "n => document.querySelectorAll('.jp-Notebook .jp-Cell').length == n", arg=len(self.cells), timeout=PATIENCE
        )
        self.wait_until_idle()

    # --- the notebook as a whole ---

    def menu(self, title, item):
        """Choose an item of the menu bar."""
        self.page.click(f'.lm-MenuBar-itemLabel:text-is("{title}")')
        self.page.click(f'.lm-Menu-itemLabel:text-is("{item}")')

    def run_all(self):
        """Run > Run All Cells; wait until the last cell is done."""
        self.menu("Run", "Run All Cells")
        self.wait_until_idle()

    def wait_until_idle(self):
        """Wait until nothing runs or waits to be run, and that for more than a moment."""
        self.page.wait_for_function(
            """() => {
                const status = document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status;
                const waiting = [...document.querySelectorAll('.jp-Notebook .jp-InputPrompt')]
                    .some(prompt => prompt.textContent.includes('*'));
                const idle = status == 'idle' && !waiting;
                window.idleChecks = idle ? (window.idleChecks ?? 0) + 1 : 0;
                return window.idleChecks > 5;
            }""",
            polling=100,
            timeout=PATIENCE,
        )
        self.page.evaluate("window.idleChecks = 0")

    def not_run(self):
        """Sources of code cells that have no number yet, as when a cell before them failed."""
        return [
            "".join(cell["source"])
            for i, cell in enumerate(self.cells)
            if cell["cell_type"] == "code"
            and not re.search(r"\d", self.cell(i).locator(".jp-InputPrompt").inner_text())
        ]

    def failures(self):
        """Texts of all outputs that are errors or stand on stderr."""
        notebook = self.page.locator(".jp-Notebook")
        return notebook.locator(ERRORS).all_inner_texts() + notebook.locator(STDERR).all_inner_texts()

    # --- one cell ---

    def cell(self, position):
        """A cell by its place in the notebook, from 0."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(position)

    def position(self, grade_id):
        """Place of the cell with an nbgrader id."""
        ids = [cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in self.cells]
        return ids.index(grade_id)

    def write(self, position, source):
        """Type a source into a cell, in place of what stood there."""
        editor = self.cell(position).locator(".cm-content")
        editor.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.press("Delete")
        self.page.keyboard.insert_text(source)

    def run(self, position):
        """Run one cell with Shift+Enter."""
        self.cell(position).locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")
        self.wait_until_idle()

    def answer(self, grade_id, source):
        """Write an answer, run it and its check; return the text of the check's panel."""
        position = self.position(grade_id)
        self.write(position, source)
        self.run(position)
        self.run(self.position(f"{grade_id}_test"))
        return self.panel(self.position(f"{grade_id}_test"))

    def panel(self, position):
        """Text of the panel below a cell."""
        return self.cell(position).locator('[role="status"]').inner_text(timeout=PATIENCE)

    def ask(self, source):
        """Run a source in a new cell at the end, as a student tries something; return the cell."""
        cells = self.page.locator(".jp-Notebook .jp-Cell")
        count = cells.count()
        cells.last.locator(".jp-InputPrompt").click()
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("b")
        added = cells.nth(count)
        added.locator(".cm-content").click()
        self.page.keyboard.insert_text(source)
        self.page.keyboard.press("Control+Enter")
        self.wait_until_idle()
        return added.locator(".jp-Cell-outputArea")

    # --- demos ---

    def demos(self):
        """All demos, in their order."""
        return self.page.locator(DEMO).all()

    def until_changed(self, demo, before):
        """Wait until a demo shows something else than before."""
        self.page.wait_for_function(
            f"([demo, before]) => ({SEEN})(demo) != before", arg=[demo.element_handle(), before], timeout=PATIENCE
        )

    def until_drawn(self, picture):
        """Wait until a picture is loaded and is not blank."""
        self.page.wait_for_function(DRAWN, arg=picture.element_handle(), timeout=PATIENCE)

    # --- pictures for people ---

    def photograph(self, folder, name):
        """Save the notebook from top to bottom as pictures ``NAME_01.png`` and so on."""
        folder.mkdir(parents=True, exist_ok=True)
        panel = self.page.locator(".jp-WindowedPanel-outer")
        bottom = self.page.evaluate(
            """() => {
                const outer = document.querySelector('.jp-WindowedPanel-outer');
                const cells = document.querySelectorAll('.jp-Notebook .jp-Cell');
                const last = cells[cells.length - 1].getBoundingClientRect().bottom;
                return last + outer.scrollTop - outer.getBoundingClientRect().top;
            }"""
        )
        step = panel.bounding_box()["height"] - 40
        for number in range(1, 2 + int(bottom // step)):
            panel.evaluate("(outer, top) => outer.scrollTop = top", (number - 1) * step)
            self.page.wait_for_timeout(300)  # formulas and pictures that come into view are laid out
            panel.screenshot(path=folder / f"{name}_{number:02}.png")
