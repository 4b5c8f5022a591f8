// Tables: sorting by a column, and showing one group of rows. Without this they show everything.

function makeSortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const axis = head.querySelector(".axis");
    if (axis) axis.remove();
    const button = element("button", { type: "button" }, head.textContent);
    head.replaceChildren(button, ...(axis ? [axis] : []));
    button.addEventListener("click", () => {
      const isRising = head.getAttribute("aria-sort") !== "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", isRising ? "ascending" : "descending");
      const key = (row) => {
        const cell = row.cells[column];
        if (row.className === "is-rest") return null;
        if (cell.dataset.sort === undefined) return cell.textContent;
        return cell.dataset.sort === "" ? null : Number(cell.dataset.sort);
      };
      const rows = [...table.tBodies[0].rows];
      rows.sort((one, other) => {
        const [a, b] = [key(one), key(other)];
        // What is not known comes last in both directions.
        if (a === null || b === null) return (a === null) - (b === null);
        const order = typeof a === "number" ? a - b : a.localeCompare(b, locale);
        return isRising ? order : -order;
      });
      table.tBodies[0].append(...rows);
    });
  });
}

function makeFilter(select) {
  const table = byId(select.dataset.filters);
  function show() {
    for (const row of table.tBodies[0].rows) {
      row.hidden = select.value !== "" && row.dataset.group !== select.value;
    }
    // Which of them a row is of, where rows of several stand under each other.
    for (const cell of table.querySelectorAll(".of-group")) cell.hidden = select.value !== "";
  }
  select.addEventListener("change", show);
  show();
}

// A line above what is wider than its place: that there is more of it, beyond its right edge.
function tellOfMore(scroll) {
  const line = element("p", { class: "more small soft no-print", "aria-hidden": "true" }, say("Wider than its place: move it sideways for the rest"));
  scroll.before(line);
  const look = () => line.classList.toggle("is-there", scroll.scrollWidth > scroll.clientWidth + 1);
  const watch = new ResizeObserver(look);
  watch.observe(scroll);
  watch.observe(scroll.firstElementChild);
  look();
}

for (const scroll of document.querySelectorAll(".scroll")) tellOfMore(scroll);
for (const table of document.querySelectorAll("table[data-sortable]")) makeSortable(table);
for (const select of document.querySelectorAll("select[data-filters]")) makeFilter(select);
makeWindowButtons();
for (const chart of data.charts) makeChart(chart);
makeFirstPicture();
drawKnown();
drawFrontier();
makeMap();
byId("needs-script").remove();
byId("save-curves").addEventListener("click", saveCurves);
