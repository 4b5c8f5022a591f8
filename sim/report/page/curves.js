// Charts over time. A curve holds its value until its next point: reading it at a moment takes the
// last point before, never the nearest one.

const DAY_MS = 86400000;
// Of the fills of the two bands, as the last two digits of a colour.
const LUCK_OPACITY = "4d";
const ALL_OPACITY = "1f";
const endMs = data.start_ms + 1000 * data.horizon_s;

// Last row whose time is not after a second; -1 before the first.
function rowAt(times, second) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= second) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function makeChart(chart) {
  const strategies = [...new Set(chart.panels.map((panel) => panel.strategy))];
  const titles = [...new Set(chart.panels.map((panel) => panel.title))];
  const first = strategies.includes(data.most_harmful) ? data.most_harmful : strategies[0];
  const state = { title: titles[0], strategy: first, second: null, hidden: new Set() };
  const plot = element("div", { class: "plot", role: "img", "aria-label": "" });
  const legend = element("ul", { class: "legend" });
  const bands = element("p", { class: "small bands" });
  const caption = element("figcaption", { class: "small" });
  const slider = element("input", { type: "range", min: 0, max: 1000, step: 1 });
  const moment = element("span");
  const numbers = element("details", { class: "no-print" }, element("summary", {}, "Numbers"));
  const figure = element("figure", { id: `chart-${chart.id}` }, element("h3", {}, chart.title));

  const panel = () =>
    chart.panels.find((one) => one.title === state.title && one.strategy === state.strategy) ||
    chart.panels[0];

  function chooser(label, options, chosen) {
    const select = element("select");
    for (const option of options) select.append(element("option", { value: option }, option));
    if (options.includes(data.most_harmful)) select.value = data.most_harmful;
    select.addEventListener("change", () => {
      chosen(select.value);
      state.hidden.clear();
      state.second = null;
      show();
    });
    return element("label", {}, label, select);
  }
  const controls = element("div", { class: "controls no-print" });
  if (titles.length > 1) controls.append(chooser("Show", titles, (title) => (state.title = title)));
  if (strategies.length > 1) {
    const chosen = (strategy) => (state.strategy = strategy);
    controls.append(chooser("Strategy", strategies, chosen));
  }
  for (const [text, days] of [["Whole run", null], ["First 3 days", 3], ["First 14 days", 14]]) {
    if (days !== null && days * DAY_MS >= endMs - data.start_ms) continue;
    const button = element("button", { type: "button" }, text);
    button.addEventListener("click", () => zoomTo(days));
    controls.append(button);
  }
  const picture = element("button", { type: "button" }, "Save picture");
  picture.addEventListener("click", () =>
    Plotly.downloadImage(plot, { format: "png", width: 1200, height: 600, scale: 2, filename: chart.id })
  );
  controls.append(picture);
  figure.append(
    controls, plot, legend, bands,
    element("label", { class: "no-print small soft" }, "Read at ", moment, slider),
    caption, numbers
  );

  function zoomTo(days) {
    const end = days === null ? endMs : data.start_ms + days * DAY_MS;
    Plotly.relayout(plot, { "xaxis.range": [data.start_ms, end], "yaxis.autorange": true });
  }

  function traces() {
    const drawn = [];
    const x = (line) => [...line.t.map((t) => data.start_ms + 1000 * t), endMs];
    const held = (values) => [...values, values[values.length - 1]];
    panel().lines.forEach((line, row) => {
      if (state.hidden.has(line.name)) return;
      const colour = lineColour(row);
      const base = { x: x(line), mode: "lines", hoverinfo: "skip", showlegend: false };
      const fill = (low, high, opacity, width = 0) => {
        const edge = { shape: "hv", width, color: `${colour}59` };
        drawn.push({ ...base, y: held(low), line: edge });
        drawn.push({ ...base, y: held(high), line: edge, fill: "tonexty", fillcolor: `${colour}${opacity}` });
      };
      // The wide band lies under the narrow one; its edges tell it from those of other lines.
      if (line.all) fill(line.all[0], line.all[2], ALL_OPACITY, 1);
      if (line.low) fill(line.low, line.high, LUCK_OPACITY);
      const stroke = { shape: "hv", width: 2, color: colour, dash: lineDash(row) };
      drawn.push({ ...base, y: held(line.mean), line: stroke, name: line.name });
    });
    const marks = panel().marks;
    if (marks.length) {
      drawn.push({
        x: marks.map((mark) => data.start_ms + 1000 * mark.t),
        y: marks.map((mark) => mark.value),
        mode: "markers", hoverinfo: "skip", showlegend: false,
        marker: {
          size: 8, color: token("ink"),
          symbol: marks.map((mark) => (mark.is_published ? "circle" : "circle-open")),
        },
      });
    }
    // Unseen points all along the axis: what the pointer finds is a moment, not a line's point.
    const n = 1000;
    const at = Array.from({ length: n + 1 }, (_, k) => data.start_ms + (k / n) * (endMs - data.start_ms));
    drawn.push({
      x: at, y: at.map(() => 0), yaxis: "y2", mode: "markers", marker: { opacity: 0, size: 1 },
      hoverinfo: "none", showlegend: false,
    });
    return drawn;
  }

  function layout() {
    const ink = token("ink");
    const rule = token("rule");
    const isNarrow = plot.clientWidth < 520;
    return {
      ...plotSize(),
      margin: { l: isNarrow ? 48 : 64, r: 10, t: 8, b: 44 },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "system-ui, sans-serif", size: 12, color: ink },
      hovermode: "x", hoverdistance: -1, spikedistance: -1,
      dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
      uirevision: state.title,
      xaxis: {
        type: "date", range: [data.start_ms, endMs], gridcolor: rule, linecolor: rule,
        zeroline: false, nticks: isNarrow ? 4 : 8,
        showspikes: true, spikemode: "across", spikesnap: "hovered data", spikethickness: 1,
        spikedash: "solid", spikecolor: token("soft"),
      },
      yaxis: {
        rangemode: "tozero", gridcolor: rule, zerolinecolor: rule, fixedrange: true,
        tickformat: panel().is_share ? ".0~%" : "", exponentformat: "B", separatethousands: true,
        title: { text: panel().unit, standoff: 8 },
      },
      yaxis2: { overlaying: "y", range: [-1, 1], visible: false, fixedrange: true },
      shapes: [{
        type: "line", xref: "x", yref: "paper", y0: 0, y1: 1,
        x0: data.start_ms + 1000 * state.second, x1: data.start_ms + 1000 * state.second,
        line: { color: token("soft"), width: 1, dash: "dot" },
      }],
    };
  }

  function draw() {
    const config = { displayModeBar: false, displaylogo: false, responsive: true };
    return Plotly.react(plot, traces(), layout(), config);
  }

  function valueText(line) {
    const row = rowAt(line.t, state.second);
    if (row < 0) return "not known";
    const { is_share: isShare } = panel();
    const span = (low, high) => (low === high ? [] : [spanText(low, high, isShare)]);
    const luck = line.low ? span(line.low[row], line.high[row]) : [];
    const all = line.all ? span(line.all[0][row], line.all[2][row]) : [];
    const said = line.all
      ? [...luck.map((text) => `${text} by luck`), ...all.map((text) => `${text} in all`)] : luck;
    return numberText(line.mean[row], isShare) + (said.length ? ` (${said.join("; ")})` : "");
  }

  function read() {
    moment.textContent = `${dateText(state.second)}`;
    slider.value = Math.round((1000 * state.second) / data.horizon_s);
    slider.setAttribute("aria-valuetext", dateText(state.second));
    legend.querySelectorAll("output").forEach((output, row) => {
      output.textContent = valueText(panel().lines[row]);
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
        });
        const dash = { solid: "", dash: "7 4", dot: "2 3", dashdot: "7 3 2 3" }[lineDash(row)];
        const space = "http://www.w3.org/2000/svg";
        const swatch = document.createElementNS(space, "svg");
        swatch.setAttribute("width", 26);
        swatch.setAttribute("height", 10);
        swatch.setAttribute("aria-hidden", "true");
        const stroke = document.createElementNS(space, "line");
        const place = { x1: 0, x2: 26, y1: 5, y2: 5, "stroke-width": 3, "stroke-dasharray": dash };
        for (const [name, value] of Object.entries(place)) stroke.setAttribute(name, value);
        stroke.style.stroke = `var(--line-${row % 8})`;
        swatch.append(stroke);
        const name = line.of === null || !panel().shows_size
          ? line.name : `${line.name} (n = ${numberText(line.of)})`;
        const shown = element("span", { class: "name" }, name);
        return element("li", {}, element("label", {}, box, swatch, shown, element("output")));
      })
    );
  }

  function showBands() {
    const drawn = [
      ["low", LUCK_OPACITY, data.bands.luck],
      ["all", ALL_OPACITY, data.bands.all],
    ].filter(([name]) => panel().lines.some((line) => line[name]));
    bands.replaceChildren(
      ...drawn.map(([, opacity, text]) => {
        const swatch = element("i", { "aria-hidden": "true" });
        swatch.style.background = `${lineColour(0)}${opacity}`;
        return element("span", {}, swatch, text);
      })
    );
  }

  function showNumbers() {
    const old = numbers.querySelector(".scroll");
    if (old) old.remove();
    if (!numbers.open) return;
    const head = element("tr", {}, element("th", { scope: "col" }, "Time"));
    for (const line of panel().lines) head.append(element("th", { scope: "col", class: "number" }, line.name));
    const body = element("tbody");
    const kept = state.second;
    for (let step = 0; step <= 20; step += 1) {
      state.second = Math.min(Math.round((step / 20) * data.horizon_s), data.horizon_s - 1);
      const row = element("tr", {}, element("th", { scope: "row" }, dateText(state.second)));
      for (const line of panel().lines) row.append(element("td", { class: "number" }, valueText(line)));
      body.append(row);
    }
    state.second = kept;
    const label = `${panel().title}, at 21 moments`;
    const table = element("table", {}, element("caption", {}, label), element("thead", {}, head), body);
    numbers.append(element("div", { class: "scroll", role: "region", "aria-label": label, tabindex: 0 }, table));
  }
  numbers.addEventListener("toggle", showNumbers);

  function show() {
    if (state.second === null) state.second = data.moment_s;
    const marks = panel().marks.length
      ? " Round marks: totals published at the time (filled), or derived from publications (open)." : "";
    const of = panel().of
      ? ` Out of ${numberText(panel().of)} businesses${panel().lines.some((line) => line.all) ? " at the values as given" : ""}.` : "";
    caption.textContent = `${panel().title}: ${panel().unit}.${of}${marks}${panel().note || ""}`;
    const names = panel().lines.map((line) => line.name).join(", ");
    plot.setAttribute("aria-label", `${panel().title} over time: ${names}. The numbers can be read with the slider below.`);
    showLegend();
    showBands();
    read();
    showNumbers();
    draw();
  }

  slider.setAttribute("aria-label", `${chart.title}: moment at which to read the lines`);
  slider.addEventListener("input", () => {
    state.second = Math.min(Math.round((slider.value / 1000) * data.horizon_s), data.horizon_s - 1);
    read();
    const at = data.start_ms + 1000 * state.second;
    Plotly.relayout(plot, { "shapes[0].x0": at, "shapes[0].x1": at });
  });
  byId("charts").append(figure);
  show();
  plot.on("plotly_hover", (event) => {
    state.second = Math.min(Math.round((new Date(`${event.points[0].x}Z`.replace(" ", "T")) - data.start_ms) / 1000), data.horizon_s - 1);
    read();
  });
  redraws.push(draw);
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
