// Lets the tables sort: a click, Enter or Space on a column's title; a second one turns the order round.
// A cell's data-sort, or else its text, is what counts; dashes go last. Without this script the page says the same.
for (const table of document.querySelectorAll("table.sortable")) {
  const titles = [...table.tHead.rows[0].cells];
  const status = document.getElementById("sorted");
  titles.forEach((title, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...title.childNodes);
    title.append(button);
    button.addEventListener("click", () => {
      const numeric = title.classList.contains("n");
      const descending = title.hasAttribute("aria-sort") ? title.getAttribute("aria-sort") === "ascending" : numeric;
      const value = (row) => {
        const cell = row.cells[column];
        const text = cell.dataset.sort ?? cell.textContent.trim();
        return numeric ? (text === "" || text === "–" ? NaN : Number(text)) : text;
      };
      const order = (a, b) => {
        const [x, y] = [value(a), value(b)];
        if (numeric && (Number.isNaN(x) || Number.isNaN(y))) return Number.isNaN(x) - Number.isNaN(y);
        const sign = numeric ? x - y : x.localeCompare(y, undefined, { numeric: true });
        return descending ? -sign : sign;
      };
      const body = table.tBodies[0];
      body.append(...[...body.rows].sort(order));
      titles.forEach((other) => other.removeAttribute("aria-sort"));
      title.setAttribute("aria-sort", descending ? "descending" : "ascending");
      status.textContent = `Sorted by ${button.textContent.trim()}, ${descending ? "descending" : "ascending"}.`;
    });
  });
}
