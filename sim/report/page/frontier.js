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
    const size = plotSize();
    const [width, height] = [size.width || plot.clientWidth, size.height || plot.clientHeight];
    const names = labelPlaces(points, width - 80, height - 60).map(({ across, down }, row) => ({
      x: points[row].efficacy, y: points[row].collateral, text: escapeText(points[row].strategy),
      showarrow: false, xanchor: across > 0 ? "left" : "right", xshift: 6 * across,
      yshift: -9 * down,
    }));
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
        x, y, mode: "markers", hoverinfo: "skip", showlegend: false, cliponaxis: false,
        marker: { size: 10, color: colour, symbol },
        error_x: { ...bar(x, column(mine, "efficacy_low"), column(mine, "efficacy_high")), color: colour },
        error_y: { ...bar(y, column(mine, "collateral_low"), column(mine, "collateral_high")), color: colour },
      };
    });
    const axis = (title) => ({
      title: { text: title, standoff: 8 }, rangemode: "tozero", gridcolor: token("rule"),
      zerolinecolor: token("rule"), exponentformat: "B", separatethousands: true, fixedrange: true,
    });
    const layout = {
      ...size, annotations: names,
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

// Where each name stands beside its point: the place at which it meets the fewest others.
const PLACES = [[1, -1], [1, 1], [-1, -1], [-1, 1], [1, -3], [1, -5], [1, -7], [-1, -3], [-1, -5]];
function labelPlaces(points, width, height) {
  const top = (name) => Math.max(...points.map((one) => one[name]), 1e-9);
  const [right, high] = [top("efficacy"), top("collateral")];
  const spots = points.map((one) => ({
    x: (one.efficacy / right) * width, y: height - (one.collateral / high) * height,
  }));
  const taken = spots.map(({ x, y }) => [x - 8, y - 8, x + 8, y + 8]);
  return points.map((one, row) => {
    const { x, y } = spots[row];
    const long = 7 * one.strategy.length + 10;
    let best = { cost: Infinity };
    for (const [across, down] of PLACES) {
      const left = across > 0 ? x + 6 : x - 6 - long;
      const above = y + 9 * down - 8;
      const box = [left, above, left + long, above + 16];
      const meets = (other) =>
        box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3];
      const isOutside = box[2] > width + 24 || box[0] < -8 || box[3] > height + 4;
      const cost = taken.filter((other, k) => k !== row && meets(other)).length + 10 * isOutside;
      if (cost < best.cost) best = { cost, box, across, down };
    }
    taken.push(best.box);
    return best;
  });
}

// Plotly reads a few tags in texts; a name has none.
function escapeText(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
