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
  }
  select.addEventListener("change", show);
  show();
}

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
