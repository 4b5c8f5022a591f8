// Effect on the target against harm to bystanders, a point for each strategy.

function drawFrontier() {
  const plot = byId("frontier");
  if (!plot) return;
  const points = data.tradeoff.filter((one) => one.efficacy !== null && one.collateral !== null);
  const bar = (values, low, high) => ({
    type: "data", symmetric: false, thickness: 1.2, width: 4,
    array: values.map((value, row) => (high[row] === null ? 0 : Math.max(0, high[row] - value))),
    arrayminus: values.map((value, row) => (low[row] === null ? 0 : Math.max(0, value - low[row]))),
  });
  function draw() {
    const places = labelPlaces(points, plot.clientWidth - 80, plot.clientHeight - 60);
    const kinds = [
      { isDominated: false, colour: token("line-0"), symbol: "circle" },
      { isDominated: true, colour: token("line-6"), symbol: "circle-open" },
    ];
    const column = (mine, name) => mine.map((one) => one[name]);
    const traces = kinds.map(({ isDominated, colour, symbol }) => {
      const mine = points.filter((one) => one.is_dominated === isDominated);
      const x = column(mine, "efficacy");
      const y = column(mine, "collateral");
      return {
        x, y, mode: "markers+text", text: column(mine, "strategy").map(escapeText),
        textposition: mine.map((one) => places.get(one)),
        textfont: { color: token("ink") }, hoverinfo: "skip", showlegend: false, cliponaxis: false,
        marker: { size: 10, color: colour, symbol },
        error_x: { ...bar(x, column(mine, "efficacy_low"), column(mine, "efficacy_high")), color: colour },
        error_y: { ...bar(y, column(mine, "collateral_low"), column(mine, "collateral_high")), color: colour },
      };
    });
    const axis = (title) => ({
      title: { text: title, standoff: 8 }, rangemode: "tozero", gridcolor: token("rule"),
      zerolinecolor: token("rule"), tickformat: "~s", fixedrange: true,
    });
    const layout = {
      ...plotSize(),
      margin: { l: 64, r: 16, t: 12, b: 48 }, dragmode: false, hovermode: false,
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "system-ui, sans-serif", size: 12, color: token("ink") },
      xaxis: axis(data.tradeoff_axes[0]), yaxis: axis(data.tradeoff_axes[1]),
    };
    Plotly.react(plot, traces, layout, { displayModeBar: false, responsive: true });
  }
  redraws.push(draw);
  draw();
}

// Corner of each point in which its name meets the fewest names and points, in one pass.
function labelPlaces(points, width, height) {
  const top = (name) => Math.max(...points.map((one) => one[name]), 1e-9);
  const [right, high] = [top("efficacy"), top("collateral")];
  const spots = points.map((one) => ({
    x: (one.efficacy / right) * width, y: height - (one.collateral / high) * height,
  }));
  const taken = spots.map(({ x, y }) => [x - 8, y - 8, x + 8, y + 8]);
  const places = new Map();
  points.forEach((one, row) => {
    const { x, y } = spots[row];
    const long = 7 * one.strategy.length + 10;
    let best = { cost: Infinity };
    for (const [up, across] of [["top", "right"], ["bottom", "right"], ["top", "left"], ["bottom", "left"]]) {
      const left = across === "right" ? x : x - long;
      const above = up === "top" ? y - 18 : y;
      const box = [left, above, left + long, above + 18];
      const meets = (other) =>
        box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3];
      const isOutside = box[2] > width + 16 || box[0] < 0 || box[3] > height + 4;
      const cost = taken.filter((other, k) => k !== row && meets(other)).length + 10 * isOutside;
      if (cost < best.cost) best = { cost, box, place: `${up} ${across}` };
    }
    taken.push(best.box);
    places.set(one, best.place);
  });
  return places;
}

// Plotly reads a few tags in texts; a name has none.
function escapeText(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
