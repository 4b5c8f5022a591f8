// Charts over time: one axis of time, one moment at which all are read. A curve holds its value until
// its next point: reading it at a moment takes the last point before, never the nearest one.

function makeChart(chart) {
  const strategies = [...new Set(chart.panels.map((panel) => panel.strategy))];
  const titles = [...new Set(chart.panels.map((panel) => panel.title))];
  const first = strategies.includes(data.most_harmful) ? data.most_harmful : strategies[0];
  const state = { title: titles[0], strategy: first, hidden: new Set(), banded: null, drawn: null };
  const plot = element("div", { class: "plot", role: "img", "aria-label": "" });
  const legend = element("ul", { class: "legend" });
  const bands = element("p", { class: "small bands" });
  const turns = element("ol", { class: "turns small" });
  const caption = element("figcaption", { class: "small" });
  const slider = element("input", { type: "range", min: 0, max: 1000, step: 1 });
  const moment = element("span");
  const numbers = element("details", { class: "no-print" }, element("summary", {}, say("Numbers")));
  const finding = element("h3");
  const figure = element("figure", { id: `chart-${chart.id}` }, finding);

  const panel = () =>
    chart.panels.find((one) => one.title === state.title && one.strategy === state.strategy) ||
    chart.panels[0];

  function chooser(label, options, chosen) {
    const select = element("select");
    for (const option of options) select.append(element("option", { value: option }, strategyName(option)));
    if (options.includes(data.most_harmful)) select.value = data.most_harmful;
    select.addEventListener("change", () => {
      chosen(select.value);
      state.hidden.clear();
      show();
    });
    return element("label", {}, label, select);
  }
  const controls = element("div", { class: "controls no-print" });
  if (titles.length > 1) controls.append(chooser(say("Show"), titles, (title) => (state.title = title)));
  if (strategies.length > 1) {
    const chosen = (strategy) => (state.strategy = strategy);
    controls.append(chooser(say("Strategy"), strategies, chosen));
  }
  controls.append(...pictureButtons(() => ({
    name: chart.id, title: panel().finding, subtitle: `${panel().title}: ${unitText()}`,
    note: [bandWords(true).map(([, , text]) => text).join("; "), noteText().trim(),
      panel().turns.map((turn, row) => `${row + 1}: ${turn.text}`).join(". ")].filter(Boolean).join(". "),
    body: (width, height) => linePlot(panel(), clock, { width, height, hasLabels: true }, state.hidden, bandedLine()).svg,
  }), chart.title));
  figure.append(
    controls, plot, turns, legend, bands,
    element("label", { class: "small soft" }, say("Read all charts at"), " ", moment, slider),
    caption, numbers
  );

  // Of several lines with wide bands one shows its own: the one pointed at last, at first that of the title.
  function bandedLine() {
    const wide = panel().lines.filter((line) => hasWide(line) && !state.hidden.has(line.name)).map((line) => line.name);
    if (wide.length < 2) return null;
    return [state.banded, panel().told, strategyName(data.most_harmful)].find((name) => wide.includes(name)) || wide[0];
  }

  function pointAt(name) {
    if (state.banded === name || !panel().lines.some((line) => line.name === name && hasWide(line))) return;
    state.banded = name;
    draw();
    showBands();
  }

  function draw() {
    const isPaper = root.classList.contains("on-paper");
    const width = isPaper ? 680 : Math.max(plot.clientWidth, 240);
    const height = isPaper ? 236 : Math.max(plot.clientHeight, 180);
    state.drawn = linePlot(panel(), clock, { width, height, hasLabels: width >= 640 }, state.hidden, bandedLine());
    plot.replaceChildren(state.drawn.svg);
    state.drawn.placeCursor(clock.second);
  }

  const areBusinesses = () => Boolean(panel().of);
  const allWords = (range) => (areBusinesses() ? say("{range} with all that is not known but their number", { range })
    : say("{range} with all that is not known", { range }));

  const givenWords = (given, [range]) => (range ? say("as given {given}, {range} by luck", { given, range }) : say("as given {given}", { given }));

  // A value, and its ranges in words.
  function valueParts(line, second) {
    const row = rowAt(line.t, second);
    if (row < 0) return [say("not known"), []];
    const { is_share: isShare } = panel();
    const span = (low, high) => (low === high ? [] : [spanText(low, high, isShare)]);
    const luck = line.low ? span(line.low[row], line.high[row]) : [];
    const all = line.all ? span(line.all[0][row], line.all[2][row]) : [];
    const given = numberText(line.mean[row], isShare);
    const isApart = all.length || luck.length || given !== numberText(told(line)[row], isShare);
    const said = line.of_draws ? [...all.map((range) => allWords(range)), ...(isApart ? [givenWords(given, luck)] : [])]
      : line.all ? [...luck.map((range) => say("{range} by luck", { range })), ...all.map((range) => allWords(range))] : luck;
    return [numberText(told(line)[row], isShare), said, told(line)[row]];
  }

  function valueText(line, second) {
    const [text, said, number] = valueParts(line, second);
    const value = panel().nouns ? countText(number, text, panel().nouns) : text;
    return value + (said.length ? ` (${said.join("; ")})` : "");
  }

  function read() {
    moment.textContent = `${dateText(clock.second)}`;
    slider.value = Math.round((1000 * clock.second) / data.horizon_s);
    slider.setAttribute("aria-valuetext", dateText(clock.second));
    state.drawn.placeCursor(clock.second);
    legend.querySelectorAll("output").forEach((output, row) => {
      output.textContent = valueText(panel().lines[row], clock.second);
    });
  }

  function showLegend() {
    legend.replaceChildren(
      ...panel().lines.map((line, row) => {
        const box = element("input", { type: "checkbox" });
        box.checked = !state.hidden.has(line.name);
        box.addEventListener("change", () => {
          if (box.checked) state.hidden.delete(line.name);
          else state.hidden.add(line.name);
          draw();
          showBands();
        });
        const swatch = shape("svg", { width: 26, height: 10, "aria-hidden": "true" });
        const stroke = shape("line", { x1: 0, x2: 26, y1: 5, y2: 5, "stroke-width": 3, "stroke-dasharray": lineDash(row) });
        stroke.style.stroke = `var(--line-${row % 8})`;
        swatch.append(stroke);
        const name = line.of === null || !panel().shows_size
          ? line.name : say("{name} (businesses: {n})", { name: line.name, n: wholeNumber(line.of) });
        const shown = element("span", { class: "name" }, name);
        const item = element("li", {}, element("label", {}, box, swatch, shown, element("output")));
        item.addEventListener("pointerenter", () => pointAt(line.name));
        item.addEventListener("focusin", () => pointAt(line.name));
        return item;
      })
    );
  }

  // isSaved: in a picture nobody can point at another name.
  function bandWords(isSaved = false) {
    const banded = bandedLine();
    const values = { bands: areBusinesses() ? data.bands.all_of_businesses : data.bands.all, name: banded };
    const all = banded === null ? values.bands : isSaved ? say("{bands}; shown of {name} alone", values)
      : say("{bands}; shown: {name} (point at another name for its own)", values);
    const shown = panel().lines.map((line, row) => ({ line, row })).filter(({ line }) => !state.hidden.has(line.name));
    const lucky = shown.filter(({ line }) => hasLuck(line) && showsLuck(line, banded));
    const wide = shown.filter(({ line }) => hasWide(line) && (banded === null || line.name === banded));
    const luck = lucky.length > 1
      ? say("{bands}; where they lie over each other, their colours mix", { bands: data.bands.luck }) : data.bands.luck;
    const medians = shown.some(({ line }) => line.of_draws && (banded === null || line.name === banded));
    const given = banded === null ? say("line: median of the draws; thin dashed line: mean as given")
      : say("lines: medians of the draws; thin dashed line: mean as given, of the line whose bands are shown");
    return [[medians ? [{ row: null }] : [], 0, given],
      [lucky, luckOpacity(shown.map(({ line }) => line), banded), luck], [wide, ALL_OPACITY, all]]
      .map(([lines, opacity, text]) => [lines.map(({ row }) => row), opacity, text]).filter(([rows]) => rows.length);
  }

  function showBands() {
    bands.replaceChildren(
      ...bandWords().map(([rows, opacity, text]) => {
        // In the colours that are drawn, side by side.
        const swatches = rows.map((row) => {
          const swatch = element("i", { "aria-hidden": "true", class: row === null ? "given" : "" });
          if (row !== null) swatch.style.background = `color-mix(in srgb, var(--line-${row % 8}) ${100 * opacity}%, transparent)`;
          return swatch;
        });
        return element("span", {}, ...swatches, text);
      })
    );
  }

  function showNumbers() {
    numbers.querySelectorAll(".scroll, .more").forEach((old) => old.remove());
    if (!numbers.open) return;
    const head = element("tr", {}, element("th", { scope: "col" }, say("Time")));
    for (const line of panel().lines) head.append(element("th", { scope: "col", class: "number" }, line.name));
    const body = element("tbody");
    for (let step = 0; step <= 20; step += 1) {
      const second = Math.min(Math.round((step / 20) * data.horizon_s), data.horizon_s - 1);
      const row = element("tr", {}, element("th", { scope: "row" }, dateText(second)));
      for (const line of panel().lines) {
        const [value, said] = valueParts(line, second);
        row.append(element("td", { class: "number" }, value, ...said.map((range) => element("span", { class: "range" }, range))));
      }
      body.append(row);
    }
    const label = say("{title}, at 21 moments: {unit}", { title: panel().title, unit: unitText() });
    const table = element("table", {}, element("caption", {}, label), element("thead", {}, head), body);
    const scroll = element("div", { class: "scroll", role: "region", "aria-label": label, tabindex: 0 }, table);
    numbers.append(scroll);
    tellOfMore(scroll);
  }
  numbers.addEventListener("toggle", showNumbers);

  const unitText = () => {
    const { unit, strategy } = panel();
    return strategy ? say("{unit}, under {strategy}", { unit, strategy: strategyName(strategy) }) : unit;
  };

  function noteText() {
    const kinds = new Set(panel().marks.map((mark) => mark.is_published));
    const marks = kinds.size > 1 ? ` ${say("Round marks: totals published at the time (filled), or derived from publications (open).")}`
      : kinds.has(true) ? ` ${say("Round marks: totals published at the time.")}`
        : kinds.size ? ` ${say("Round marks: totals derived from publications.")}` : "";
    const days = panel().marks.some((mark) => mark.to > mark.t)
      ? ` ${say("Flat marks: totals of that day, at an hour that is not told.")}` : "";
    const hasDraws = panel().lines.some((line) => line.all);
    const turned = !panel().turns.length ? ""
      : ` ${hasDraws && panel().turns.some((turn) => turn.is_counted) ? say("Triangles: the numbered events of the list above, at their times; what it counts is as given.") : say("Triangles: the numbered events of the list above, at their times.")}`;
    const n = panel().of ? numberText(panel().of) : "";
    const of = hasDraws
      ? say("Businesses in all, at the values as given: {n}.", { n }) : say("Businesses in all: {n}.", { n });
    return `${n ? ` ${of}` : ""}${marks}${days}${turned}${panel().note || ""}`;
  }

  function show() {
    finding.textContent = panel().finding;
    caption.textContent = `${panel().title}: ${unitText()}.${noteText()}`;
    const names = panel().lines.map((line) => line.name).join(", ");
    plot.setAttribute("aria-label", say("{title} over time: {names}. The numbers can be read with the slider below.", { title: panel().title, names }));
    turns.replaceChildren(...panel().turns.map((turn) => element("li", {}, turn.text)));
    showLegend();
    showBands();
    draw();
    read();
    showNumbers();
  }

  slider.setAttribute("aria-label", say("{title}: moment at which to read the lines", { title: chart.title }));
  slider.addEventListener("input", () => setMoment((slider.value / 1000) * data.horizon_s));
  byId("charts").append(figure);
  show();
  followPointer(plot, () => state.drawn);
  onMoment.push(read);
  onWindow.push(draw);
  redraws.push(draw);
  followSize(plot, draw);
}

// Draw again whenever a place has got another width.
function followSize(plot, draw) {
  let width = plot.clientWidth;
  new ResizeObserver(() => {
    if (plot.clientWidth === width) return;
    width = plot.clientWidth;
    draw();
  }).observe(plot);
}

function saveCurves() {
  // As in the run folder: a text that a spreadsheet would take for a formula gets an apostrophe.
  const shown = (cell) => (typeof cell === "string" ? cell.replace(/(^|;)('*[" \u00a0\u3000]*[=+@＝＋－＠-])/g, "$1'$2") : cell);
  const quoted = (cell) => (cell === null || cell === undefined ? "" : `"${String(shown(cell)).replaceAll('"', '""')}"`);
  const rows = [["chart", "panel", "strategy", "line", "t_s", "mean", "low", "high", "all_low", "all_median", "all_high", "unit"]];
  for (const chart of data.charts) {
    for (const panel of chart.panels) {
      for (const line of panel.lines) {
        line.t.forEach((t, row) =>
          rows.push([
            chart.id, panel.title, panel.strategy, line.name, t, line.mean[row],
            line.low && line.low[row], line.high && line.high[row],
            ...(line.all ? line.all.map((end) => end[row]) : [null, null, null]), panel.unit,
          ])
        );
      }
    }
  }
  save("curves-shown.csv", rows.map((row) => row.map(quoted).join(",")).join("\r\n"), "text/csv");
}
