// Scales and ticks of drawings: plain numbers in, plain numbers and words out.

const HOUR_MS = 3600000;
const DAY_MS = 24 * HOUR_MS;
const MONTHS = Array.from({ length: 12 }, (_, month) =>
  new Date(Date.UTC(2018, month, 1)).toLocaleDateString(locale, { month: "short", timeZone: "UTC" }));

function linear([from, to], [start, end]) {
  const slope = to === from ? 0 : (end - start) / (to - from);
  return (value) => start + (value - from) * slope;
}

// Round numbers from zero up to the first that is no less than the highest, in at most n steps.
function numberTicks(highest, n) {
  if (!(highest > 0)) return [0, 1];
  const least = highest / n;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = power * [1, 2, 2.5, 5, 10].find((one) => one * power >= least * (1 - 1e-9));
  const n_steps = Math.ceil(highest / step - 1e-9);
  return Array.from({ length: n_steps + 1 }, (_, row) => Number((row * step).toPrecision(12)));
}

// What an axis says of its numbers: one unit for all of them, so that each is short.
function numberScale(ticks, unit, isShare) {
  const top = ticks[ticks.length - 1];
  if (isShare) return { unit, text: (value) => `${plainNumber(Number((100 * value).toPrecision(6)), 6)}\u00a0%` };
  const [scale, name] = top >= 1e9 ? [1e9, say("billion")] : top >= 1e6 ? [1e6, say("million")] : [1, ""];
  return {
    unit: name && unit ? say("{scale} {unit}", { scale: name, unit }) : name || unit,
    text: (value) => plainNumber(value / scale, 6),
  };
}

// Moments at which a clock or a calendar turns, and what each is called; times are of the page's
// own clock, read as UTC.
function timeTicks(from, to, n) {
  const steps = [1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS);
  steps.push(...[1, 2, 4, 7, 14].map((days) => days * DAY_MS));
  const step = steps.find((one) => (to - from) / one <= n);
  if (step !== undefined) {
    const first = Math.ceil(from / step) * step;
    const ticks = [];
    // A day stands where it begins: at the end none does.
    for (let at = first; at < to; at += step) ticks.push({ at, text: momentText(at, step) });
    return ticks;
  }
  const length = (to - from) / (30.44 * DAY_MS);
  const months = [1, 2, 3, 6, 12, 24, 60, 120].find((one) => length / one <= n) || 240;
  const start = new Date(from);
  const ticks = [];
  for (let month = 0; ; month += 1) {
    const at = Date.UTC(start.getUTCFullYear(), month, 1);
    if (at >= to) return ticks;
    if (at < from || month % months !== 0) continue;
    // What lies before the first of them has a name where there is room for it.
    const isRoom = ticks.length === 0 && at - from > (0.45 * (to - from)) / n;
    if (isRoom) ticks.push({ at: from, text: momentText(Math.floor(from / DAY_MS) * DAY_MS, DAY_MS) });
    const date = new Date(at);
    const isYear = date.getUTCMonth() === 0;
    ticks.push({ at, text: isYear ? `${date.getUTCFullYear()}` : MONTHS[date.getUTCMonth()] });
  }
}

function momentText(at, step) {
  const date = new Date(at);
  const isDay = at % DAY_MS === 0;
  if (step < DAY_MS && !isDay) return date.toISOString().slice(11, 16);
  if (locale === "en") return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
  return date.toLocaleDateString(locale, { day: "numeric", month: "short", timeZone: "UTC" });
}

// Places of the middles of labels, in the sequence given, moved apart so that none covers another.
function spread(places, heights, from, to) {
  const order = places.map((place, row) => ({ place, half: heights[row] / 2, row }))
    .sort((one, other) => one.place - other.place);
  let last = -Infinity;
  for (const one of order) {
    one.place = Math.max(one.place, from, last + one.half);
    last = one.place + one.half;
  }
  let next = Infinity;
  for (const one of order.slice().reverse()) {
    one.place = Math.min(one.place, to, next - one.half);
    next = one.place - one.half;
  }
  const found = [];
  for (const { place, row } of order) found[row] = place;
  return found;
}
