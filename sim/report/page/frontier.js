// Effect on the target against harm to bystanders, a point for each strategy.

function frontierPlot(points, width, height) {
  const [left, right, top, bottom] = [58, width - 16, 26, height - 44];
  const [soft, rule] = ["soft", "rule"].map(token);
  const highest = (name) => Math.max(0, ...points.flatMap((one) => [one[name], one[`${name}_high`] || 0]));
  const [across, up] = [numberTicks(highest("efficacy"), width < 520 ? 3 : 6), numberTicks(highest("collateral"), 5)];
  const x = linear([0, across[across.length - 1]], [left, right]);
  const y = linear([0, up[up.length - 1]], [bottom, top]);
  const [xAxis, yAxis] = [across, up].map((ticks) => numberScale(ticks, "", false));
  const named = (row, scale) => data.tradeoff_axes[row] + (scale.unit ? `, ${scale.unit}` : "");
  const parts = [
    shape("text", { x: 2, y: 12, fill: soft }, named(1, yAxis)),
    shape("text", { x: right, y: height - 6, "text-anchor": "end", fill: soft }, named(0, xAxis)),
  ];
  for (const tick of across) {
    parts.push(shape("line", { x1: x(tick), x2: x(tick), y1: top, y2: bottom, stroke: tick ? rule : soft }));
    parts.push(shape("text", { x: x(tick), y: bottom + 17, "text-anchor": "middle", fill: soft }, xAxis.text(tick)));
  }
  for (const tick of up) {
    parts.push(shape("line", { x1: left, x2: right, y1: y(tick), y2: y(tick), stroke: tick ? rule : soft }));
    parts.push(shape("text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end", fill: soft }, yAxis.text(tick)));
  }
  const spots = points.map((one) => ({ x: x(one.efficacy), y: y(one.collateral), name: strategyName(one.strategy) }));
  const places = labelPlaces(spots, [left, right, top, bottom]);
  points.forEach((one, row) => {
    const colour = token(one.is_dominated ? "line-6" : "line-0");
    const spot = spots[row];
    const bar = (low, high, scale, ends) => {
      if (low === null || high === null) return;
      parts.push(shape("line", { ...ends(scale(low), scale(high)), stroke: colour, "stroke-width": 1.2 }));
    };
    bar(one.efficacy_low, one.efficacy_high, x, (x1, x2) => ({ x1, x2, y1: spot.y, y2: spot.y }));
    bar(one.collateral_low, one.collateral_high, y, (y1, y2) => ({ y1, y2, x1: spot.x, x2: spot.x }));
    // A ring around a point that lies behind it hides it not.
    parts.push(shape("circle", {
      cx: spot.x, cy: spot.y, r: one.is_dominated ? 7.5 : 4.5, stroke: colour, "stroke-width": 2, class: "point",
      fill: one.is_dominated ? "none" : colour,
    }));
    const place = places[row];
    // A name that found no room beside its point is tied to it.
    if (Math.abs(place.down) > 1) {
      const [x2, y2] = [spot.x + 7 * place.across, spot.y + 9 * place.down];
      parts.unshift(shape("line", { x1: spot.x, y1: spot.y, x2, y2, stroke: soft, "stroke-width": 0.8, class: "tie" }));
    }
    parts.push(shape("text", {
      x: spot.x + 9 * place.across, y: baseOf(spot.y, place.down), class: "name",
      "text-anchor": place.across > 0 ? "start" : "end",
      // A rim of the ground, so that no line of another name crosses the letters.
      "paint-order": "stroke", stroke: token("paper"), "stroke-width": 4, "stroke-linejoin": "round",
    }, spot.name));
  });
  return drawing(width, height, ...parts);
}

function drawFrontier() {
  const plot = byId("frontier");
  if (!plot) return;
  const points = data.tradeoff.filter((one) => one.efficacy !== null && one.collateral !== null);
  function draw() {
    const isPaper = root.classList.contains("on-paper");
    const [width, height] = isPaper ? [680, 236] : [plot.clientWidth, plot.clientHeight];
    plot.replaceChildren(frontierPlot(points, width, height));
  }
  plot.parentElement.prepend(element("div", { class: "controls no-print" }, ...pictureButtons(() => ({
    name: "effect-and-harm", title: say("What each strategy denied the target, and cost bystanders"),
    subtitle: say("{up} against {across}", { up: data.tradeoff_axes[1], across: data.tradeoff_axes[0] }),
    note: say("Filled: beaten by no other. Open: another denies no less and harms no more. Lines: by luck alone."),
    body: (width, height) => frontierPlot(points, width, height),
  }), say("effect and harm"))));
  redraws.push(draw);
  followSize(plot, draw);
  draw();
}

// Where each name stands beside its point: the place at which it meets the fewest others.
const PLACES = [[1, -1], [1, 1], [-1, -1], [-1, 1], [1, -3], [1, -5], [1, -7], [-1, -3], [-1, -5]];
// Where its letters stand: clear of the lines through its point.
const baseOf = (y, down) => y + 9 * down + (down < 0 ? 0 : 8);
function labelPlaces(spots, [left, right, top, bottom]) {
  const taken = spots.map(({ x, y }) => [x - 8, y - 8, x + 8, y + 8]);
  return spots.map(({ x, y, name }, row) => {
    const long = 6.6 * name.length + 10;
    let best = { cost: Infinity };
    for (const [across, down] of PLACES) {
      const start = across > 0 ? x + 6 : x - 6 - long;
      const above = baseOf(y, down) - 12;
      const box = [start, above, start + long, above + 16];
      const meets = (other) =>
        box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3];
      const isOutside = box[2] > right + 8 || box[0] < left - 56 || box[3] > bottom + 4 || box[1] < top - 12;
      const cost = taken.filter((other, k) => k !== row && meets(other)).length + 10 * isOutside;
      if (cost < best.cost) best = { cost, box, across, down };
    }
    taken.push(best.box);
    return best;
  });
}
