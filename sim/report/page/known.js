// What is known of the days, on the time of the charts: dated records, published totals, and the rest.

const MOST_LANES = 4;
const LANE = 9; // height, and least distance of two marks beside each other

// Published totals in lanes, so that each is seen; those of which too many lie together are counted.
function lanesOf(all, x) {
  const least = 2 * LANE;
  const inside = all.map(([t, to, isPublished]) => ({ t, to, is_published: isPublished }))
    .filter((mark) => mark.to >= clock.from && mark.t <= clock.to)
    .map((mark) => ({ mark, from: x(Math.max(mark.t, clock.from)), to: x(Math.min(mark.to, clock.to)) }))
    .sort((one, other) => one.from - other.from);
  const groups = [];
  for (const one of inside) {
    const last = groups[groups.length - 1];
    if (last && one.from < last.to + LANE) {
      last.of.push(one);
      last.to = Math.max(last.to, one.to);
    } else groups.push({ of: [one], from: one.from, to: one.to });
  }
  const marks = [];
  const crowds = [];
  let n_lanes = 1;
  for (const { of, from, to } of groups) {
    const ends = [];
    for (const one of of) {
      const free = ends.findIndex((end) => end + LANE <= one.from);
      one.lane = free >= 0 ? free : ends.length;
      ends[one.lane] = Math.max(one.to, one.from);
    }
    if (ends.length > MOST_LANES) {
      crowds.push({ from, to: Math.max(to, from + least / 3), n: of.length });
      continue;
    }
    marks.push(...of);
    n_lanes = Math.max(n_lanes, ends.length);
  }
  return { marks, crowds, n_lanes };
}

function knownStrip(width) {
  const wide = width >= 640;
  const [left, right] = [52, width - (wide ? LABEL_ROOM : 14)];
  const x = linear([clock.from, clock.to], [left, right]);
  const [ink, soft, rule] = ["ink", "soft", "rule"].map(token);
  const hatch = shape(
    "pattern", { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    shape("line", { x1: 0, x2: 0, y1: 0, y2: 6, stroke: soft, "stroke-width": 1.5, "stroke-opacity": 0.55 })
  );
  const parts = [shape("defs", {}, hatch)];
  let top = 16;
  data.known.forEach((row) => {
    const { marks, crowds, n_lanes: nLanes } = lanesOf(row.marks, x);
    const height = Math.max(14, LANE * nLanes + 2);
    parts.push(shape("text", { x: left, y: top - 4, fill: soft }, row.name));
    parts.push(shape("rect", { x: left, y: top, width: right - left, height, fill: "url(#hatch)", stroke: rule }));
    for (const [kind, spans, opacity] of [["dated", row.spans, 1], ["unsure", row.unsure, 0.4]]) {
      for (const [from, to] of spans) {
        const [start, end] = [from, to].map((at) => x(Math.min(clock.to, Math.max(clock.from, at))));
        if (end <= start) continue;
        // On the ground: no hatching is seen through what is pale.
        parts.push(shape("rect", { x: start, y: top, width: end - start, height, fill: token("paper") }));
        parts.push(shape("rect", { x: start, y: top, width: end - start, height, fill: token("line-0"), "fill-opacity": opacity, class: kind }));
      }
    }
    for (const { mark, lane } of marks) parts.push(...markOf(mark, clock, x, top + (height * (lane + 0.5)) / nLanes));
    for (const { from, to, n } of crowds) {
      const end = Math.min(to, right);
      const says = say("{n} totals", { n });
      const at = { x: end + 5, y: top + height / 2 + 4 };
      parts.push(
        shape("rect", { x: from, y: top + 3, width: Math.max(end - from, 6), height: height - 6, fill: ink, class: "crowd" }),
        shape("text", { ...at, fill: ink, stroke: token("paper"), "stroke-width": 4, "paint-order": "stroke" }, says)
      );
    }
    top += height + 21;
  });
  const bottom = top - 16;
  const moments = timeTicks(data.start_ms + 1000 * clock.from, data.start_ms + 1000 * clock.to, (right - left) / 90);
  for (const { at, text } of moments) {
    const place = x((at - data.start_ms) / 1000);
    parts.push(shape("line", { x1: place, x2: place, y1: bottom, y2: bottom + 5, stroke: soft }));
    const anchor = place > right - 18 ? "end" : "middle";
    parts.push(shape("text", { x: place, y: bottom + 18, "text-anchor": anchor, fill: soft, class: "moment" }, text));
  }
  return drawing(width, bottom + 24, ...parts);
}

function drawKnown() {
  const figure = byId("known");
  if (!figure) return;
  const plot = figure.querySelector(".strip-plot");
  const draw = () => plot.replaceChildren(
    knownStrip(root.classList.contains("on-paper") ? 680 : Math.max(plot.clientWidth, 240))
  );
  draw();
  onWindow.push(draw);
  redraws.push(draw);
  followSize(plot, draw);
}
