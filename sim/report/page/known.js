// What is known of the days, on the time of the charts: dated records, published totals, and the rest.

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
  data.known.forEach((row, place) => {
    const top = 34 * place + 16;
    parts.push(shape("text", { x: left, y: top - 4, fill: soft }, row.name));
    parts.push(shape("rect", { x: left, y: top, width: right - left, height: 13, fill: "url(#hatch)", stroke: rule }));
    for (const [from, to] of row.spans) {
      const [start, end] = [from, to].map((at) => x(Math.min(clock.to, Math.max(clock.from, at))));
      if (end > start) parts.push(shape("rect", { x: start, y: top, width: end - start, height: 13, fill: token("line-0"), class: "dated" }));
    }
    for (const [at, isPublished] of row.marks) {
      if (at < clock.from || at > clock.to) continue;
      parts.push(shape("circle", { cx: x(at), cy: top + 6.5, r: 4, stroke: ink, "stroke-width": 1.5, fill: isPublished ? ink : token("paper") }));
    }
  });
  const bottom = 34 * data.known.length - 1;
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
