// Lines over time as SVG: each holds its value until its next, in its bands, its name at its end.
// A drawing carries its own colours, so that it can be saved as it is.

const SPACE = "http://www.w3.org/2000/svg";
const FONT = "system-ui, 'Segoe UI', 'Noto Sans', Arial, sans-serif";
const DASHES = ["", "7 4", "2 3", "7 3 2 3"];
// Whether a line has a band that can be seen: where all are alike, it has no width.
const isWide = (low, high) => low.some((one, row) => one !== high[row]);
const hasLuck = (line) => Boolean(line.low) && isWide(line.low, line.high);
const hasWide = (line) => Boolean(line.all) && isWide(line.all[0], line.all[2]);
// Of the fills of the two bands.
const ALL_OPACITY = 0.12;
// Several bands lie over each other: fainter, so that lines and edges stay seen through them.
const showsLuck = (line, banded) => !line.of_draws || banded === null || line.name === banded;
const luckOpacity = (lines, banded = null) =>
  (lines.filter((line) => hasLuck(line) && showsLuck(line, banded)).length > 1 ? 0.18 : 0.3);
// What a line is: the draws' median where they are kept of it, with the mean as given beside it.
const told = (line) => (line.of_draws ? line.all[1] : line.mean);
const GIVEN_DASH = "4 3";
const LABEL_ROOM = 210;
const LABEL_LINE = 15;
const LABEL_LETTERS = locale === "ru" ? 20 : 24; // Cyrillic letters are wider

const lineColour = (row) => token(`line-${row % 8}`);
const lineDash = (row) => DASHES[(row + Math.floor(row / 8)) % DASHES.length];

function shape(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== "") made.setAttribute(name, value);
  }
  made.append(...children); // texts become text nodes: a name is never markup
  return made;
}

function drawing(width, height, ...children) {
  return shape("svg", {
    viewBox: `0 0 ${width} ${height}`, width, height, "font-family": FONT, "font-size": 12,
    fill: token("ink"), "aria-hidden": "true",
  }, ...children);
}

function shortened(text, n) {
  return text.length > n ? `${text.slice(0, n - 1)}\u2026` : text;
}

// Names at the ends of lines: whole, in as many lines as they need, or cut to one line each where
// they would not all find room.
function namesInLines(names, room) {
  const whole = names.map((name) => wrapped(name, LABEL_LETTERS).map((part) => shortened(part, LABEL_LETTERS)));
  const height = whole.reduce((sum, lines) => sum + LABEL_LINE * lines.length, 0);
  return height <= room + LABEL_LINE ? whole : names.map((name) => [shortened(name, LABEL_LETTERS)]);
}

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

// Stretches of a window in which a step curve is known, each with its corners.
function stretches(times, values, from, to) {
  const found = [];
  let open = null;
  for (let row = Math.max(rowAt(times, from), 0); row < times.length && times[row] < to; row += 1) {
    const start = Math.max(times[row], from);
    const end = Math.min(row + 1 < times.length ? times[row + 1] : Infinity, to);
    if (values[row] === null) {
      open = null;
      continue;
    }
    if (open === null) found.push((open = []));
    open.push([start, values[row]], [end, values[row]]);
  }
  return found;
}

function pathOf(corners, x, y) {
  return corners.map(([t, value], row) => `${row ? "L" : "M"}${x(t).toFixed(1)},${y(value).toFixed(1)}`).join("");
}

function areasOf(line, low, high, window, x, y) {
  const lower = stretches(line.t, low, window.from, window.to);
  return stretches(line.t, high, window.from, window.to)
    .map((corners, row) => `${pathOf(corners, x, y)}${pathOf(lower[row].slice().reverse(), x, y).replace("M", "L")}Z`)
    .join("");
}

// Highest value that is drawn in a window.
function highestOf(lines, marks, window) {
  let highest = 0;
  for (const line of lines) {
    const first = Math.max(rowAt(line.t, window.from), 0);
    for (const values of [line.mean, line.high, line.all && line.all[2]]) {
      if (!values) continue;
      for (let row = first; row < values.length && line.t[row] < window.to; row += 1) {
        highest = Math.max(highest, values[row] || 0);
      }
    }
  }
  for (const mark of marks) {
    if (mark.t >= window.from && mark.t <= window.to) highest = Math.max(highest, mark.value);
  }
  return highest;
}

// A published total: a round mark at its moment, or a flat one over its day where no hour is told.
// Nothing where it lies outside the window.
function markOf(mark, window, x, middle) {
  if (mark.to < window.from || mark.t > window.to) return [];
  const [ink, paper] = [token("ink"), token("paper")];
  const style = { class: "mark", stroke: ink, "stroke-width": 1.5, fill: mark.is_published ? ink : paper };
  const n = mark.value === undefined ? "" : `${numberText(mark.value)}, `;
  const says = (text) => shape("title", {}, `${n}${text}`);
  if (mark.to === mark.t) return [shape("circle", { cx: x(mark.t), cy: middle, r: 4, ...style }, says(dateText(mark.t)))];
  const [from, to] = [Math.max(mark.t, window.from), Math.min(mark.to, window.to)].map(x);
  const width = Math.max(to - from, 7);
  const day = dateText(mark.t).replace(/, [0-9:]+$/, "");
  return [shape("rect", { x: from, y: middle - 2, width, height: 4, ...style }, says(say("{day}, at an hour that is not told", { day })))];
}

// A panel in a window of its time: the drawing, and where a second lies in it.
//
// size: width and height in pixels, and whether names stand at the ends of lines.
// hidden: names of lines that are not drawn; each keeps its colour.
// banded: name of the line whose wide band is drawn, and beside a median its mean as given with the
// band by luck: of several, bands over each other hide all.
function linePlot(panel, window, size, hidden = new Set(), banded = null) {
  const { width, height, hasLabels } = size;
  const margin = { left: 52, right: hasLabels ? LABEL_ROOM : 14, top: panel.turns.length ? 36 : 24, bottom: 26 };
  const [left, right] = [margin.left, width - margin.right];
  const [top, bottom] = [margin.top, height - margin.bottom];
  const [ink, soft, rule] = ["ink", "soft", "rule"].map(token);
  const shown = panel.lines.map((line, row) => ({ line, row })).filter(({ line }) => !hidden.has(line.name));
  const ticks = numberTicks(highestOf(shown.map(({ line }) => line), panel.marks, window), height < 260 ? 4 : 5);
  const scale = numberScale(ticks, panel.unit, panel.is_share);
  const x = linear([window.from, window.to], [left, right]);
  const y = linear([0, ticks[ticks.length - 1]], [bottom, top]);
  const parts = [shape("text", { x: 2, y: 11, fill: soft, class: "unit" }, scale.unit)];
  for (const tick of ticks) {
    const at = y(tick).toFixed(1);
    parts.push(shape("line", { x1: left, x2: right, y1: at, y2: at, stroke: tick ? rule : soft }));
    parts.push(shape("text", { x: left - 6, y: Number(at) + 4, "text-anchor": "end", fill: soft }, scale.text(tick)));
  }
  const moments = timeTicks(data.start_ms + 1000 * window.from, data.start_ms + 1000 * window.to, (right - left) / 90);
  for (const { at, text } of moments) {
    const place = x((at - data.start_ms) / 1000);
    parts.push(shape("line", { x1: place, x2: place, y1: bottom, y2: bottom + 5, stroke: soft }));
    const anchor = place > right - 18 ? "end" : "middle";
    parts.push(shape("text", { x: place, y: bottom + 19, "text-anchor": anchor, fill: soft }, text));
  }
  const turns = panel.turns.map((turn, row) => ({ ...turn, row })).filter(({ t }) => t >= window.from && t <= window.to);
  const numbers = spread(turns.map(({ t }) => x(t)), turns.map(() => 14), left, right);
  turns.forEach((turn, k) => {
    const place = x(turn.t).toFixed(1);
    const title = shape("title", {}, turn.text);
    parts.push(
      shape("line", { x1: place, x2: place, y1: top, y2: bottom, stroke: soft, "stroke-width": 1, "stroke-opacity": 0.6 }),
      shape("path", { d: `M${place},${bottom}l-4,7h8Z`, fill: ink }),
      shape("text", { x: numbers[k].toFixed(1), y: top - 4, "text-anchor": "middle", fill: ink, "font-weight": 600, class: "turn" }, `${turn.row + 1}`, title)
    );
  });
  const ends = [];
  for (const { line, row } of shown) {
    const colour = lineColour(row);
    const area = (low, high, opacity, name) => parts.push(shape("path", {
      d: areasOf(line, low, high, window, x, y), fill: colour, "fill-opacity": opacity, class: name,
      // Edges of bands tell them apart where they lie over each other.
      stroke: colour, "stroke-opacity": name === "all" ? 0.35 : 0.5, "stroke-width": name === "all" ? 1 : 0.75,
    }));
    const isBanded = banded === null || line.name === banded;
    if (hasWide(line) && isBanded) area(line.all[0], line.all[2], ALL_OPACITY, "all");
    if (hasLuck(line) && showsLuck(line, banded)) area(line.low, line.high, luckOpacity(shown.map((one) => one.line), banded), "luck");
    if (line.of_draws && isBanded) {
      parts.push(shape("path", {
        d: stretches(line.t, line.mean, window.from, window.to).map((corners) => pathOf(corners, x, y)).join(""),
        class: "given", fill: "none", stroke: ink, "stroke-width": 1, "stroke-dasharray": GIVEN_DASH, "stroke-linejoin": "round",
      }));
    }
  }
  for (const { line, row } of shown) {
    const known = stretches(line.t, told(line), window.from, window.to);
    parts.push(shape("path", {
      d: known.map((corners) => pathOf(corners, x, y)).join(""), class: "mean", fill: "none",
      stroke: lineColour(row), "stroke-width": 2, "stroke-dasharray": lineDash(row), "stroke-linejoin": "round",
    }));
    const last = known.length ? known[known.length - 1] : null;
    ends.push(last ? y(last[last.length - 1][1]) : bottom);
  }
  for (const mark of panel.marks) parts.push(...markOf(mark, window, x, y(mark.value)));
  if (hasLabels) {
    const names = namesInLines(shown.map(({ line }) => line.name), bottom - top);
    spread(ends, names.map((lines) => LABEL_LINE * lines.length), top, bottom).forEach((place, row) => {
      const { line, row: colour } = shown[row];
      const label = shape("text", { x: right + 30, fill: lineColour(colour), "font-weight": 600, class: "label" });
      const first = place + 4 - (LABEL_LINE * (names[row].length - 1)) / 2;
      names[row].forEach((part, k) => label.append(shape("tspan", { x: right + 30, y: first + LABEL_LINE * k }, part)));
      label.append(shape("title", {}, line.name));
      // A name is tied to the end of its line, and has a piece of it: lines may end in one point.
      const stroke = lineColour(colour);
      parts.push(
        shape("line", { x1: right + 1, x2: right + 12, y1: ends[row], y2: place, stroke, "stroke-width": 1, class: "key" }),
        shape("line", { x1: right + 12, x2: right + 26, y1: place, y2: place, stroke, "stroke-width": 2.5, "stroke-dasharray": lineDash(colour) }),
        label
      );
    });
  }
  const cursor = shape("line", { y1: top, y2: bottom, stroke: soft, "stroke-dasharray": "2 3", class: "cursor", visibility: "hidden" });
  return {
    svg: drawing(width, height, ...parts, cursor),
    left, right, top, bottom,
    placeCursor(second) {
      const isIn = second >= window.from && second <= window.to;
      cursor.setAttribute("visibility", isIn ? "visible" : "hidden");
      const place = x(isIn ? second : window.from).toFixed(1);
      cursor.setAttribute("x1", place);
      cursor.setAttribute("x2", place);
    },
    secondAt: linear([left, right], [window.from, window.to]),
  };
}
