// What is known of the days, on the time of the charts: dated records, published totals, and the rest.

const MOST_LANES = 4;

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
    // Totals published one after the other stand above each other, so that each is seen.
    const inside = row.marks.filter(([at]) => at >= clock.from && at <= clock.to)
      .map(([at, isPublished]) => ({ place: x(at), isPublished })).sort((one, other) => one.place - other.place);
    const ends = [];
    for (const mark of inside) {
      const free = ends.findIndex((end) => end + 8 <= mark.place);
      mark.lane = free >= 0 ? free : ends.length < MOST_LANES ? ends.length : ends.indexOf(Math.min(...ends));
      ends[mark.lane] = mark.place;
    }
    const height = Math.max(13, 9 * ends.length);
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
    for (const { place, isPublished, lane } of inside) {
      const cy = top + (height * (lane + 0.5)) / Math.max(ends.length, 1);
      parts.push(shape("circle", { cx: place, cy, r: 3.5, stroke: isPublished ? token("paper") : ink, "stroke-width": 1.2, fill: isPublished ? ink : token("paper") }));
    }
    top += height + 21;
  });
  const bottom = top - 16;
  const moments = timeTicks(data.start_ms + 1000 * clock.from, data.start_ms + 1000 * clock.to, (right - left) / 90);
  for (const { at, text } of moments) {
    const place = x((at - data.start_ms) / 1000);
    parts.push(shape("line", { x1: place, x2: place, y1: bottom, y2: bottom + 5, stroke: soft }));
    const anchor = place > right - 18 ? "end" : place < left + 18 ? "start" : "middle";
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
