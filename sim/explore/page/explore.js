"use strict";
// Asks, waits, shows. The fragment of the address holds the whole setting.

const byId = (id) => document.getElementById(id);
const form = { scenario: byId("scenario"), replicates: byId("replicates"), draws: byId("draws"), seed: byId("seed"), strategies: byId("strategies") };
const WAIT_MS = 120; // after the last move of a lever
const state = { levers: [], given: {}, settings: {}, shown: null, running: null, timer: 0, most: {}, measuring: null, next: null };

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children); // texts become text nodes: a name is never markup
  return made;
}

// ---- asking

async function ask(path, body) {
  const options = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const answer = await fetch(path, options);
  if (answer.status === 204) return null;
  const found = await answer.json();
  if (!answer.ok) throw found.problems || ["the page did not answer"];
  return found;
}

async function* messages(number) {
  const answer = await fetch(`runs/${number}/messages`);
  if (!answer.ok) throw (await answer.json()).problems;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    held += value;
    const lines = held.split("\n");
    held = lines.pop();
    for (const line of lines) yield JSON.parse(line);
  }
}

function asked() {
  const strategies = form.strategies.value.split("\n").map((one) => one.trim()).filter(Boolean);
  return {
    scenario: form.scenario.value,
    strategies,
    settings: state.settings,
    n_replicates: Number(form.replicates.value),
    n_draws: Number(form.draws.value),
    root_seed: form.seed.value === "" ? null : Number(form.seed.value),
  };
}

async function compute() {
  clearTimeout(state.timer);
  cancel();
  const setting = asked();
  keep(setting);
  problems([]);
  const mine = { number: null, isOver: false };
  state.running = mine;
  byId("cancel").disabled = false;
  byId("status").textContent = "Computing …";
  byId("progress").hidden = false;
  byId("progress").value = 0;
  if (state.shown) showBefore(state.shown);
  byId("now-setting").textContent = inWords(setting);
  byId("now").classList.add("under-way");
  try {
    const { number } = await ask("runs", setting);
    mine.number = number;
    if (mine.isOver) return void ask(`runs/${number}/cancel`, {});
    for await (const message of messages(number)) {
      if (mine.isOver) return;
      await take(mine, setting, message);
    }
  } catch (said) {
    if (!mine.isOver) fail(Array.isArray(said) ? said : [String(said)]);
  } finally {
    if (state.running === mine) {
      rest();
      goOn();
    }
  }
}

// What waits for the first picture, so as not to hold it up.
function goOn() {
  const next = state.next;
  state.next = null;
  if (next) next();
}

async function take(mine, setting, { kind, value }) {
  if (kind === "picture") {
    const [done, all] = value.done;
    byId("status").textContent = `Computing: ${done} of ${all} runs …`;
    byId("progress").value = all ? done / all : 0;
    if (value.pictures.length) {
      showPictures("now", value.pictures);
      goOn();
    }
    if (value.maps.length) showMaps("now", value.maps);
    if (value.figures.rows.length) showFigures("now", value.figures, "So far, means of the scenario as given");
  } else if (kind === "refused") {
    fail(value.problems);
  } else if (kind === "stopped") {
    byId("status").textContent = "Cancelled.";
  } else if (kind === "done") {
    const answer = await ask(`runs/${mine.number}/answer`);
    if (mine.isOver) return;
    state.shown = { answer, setting, number: mine.number };
    show("now", state.shown);
    showMore(state.shown);
    byId("now").classList.remove("under-way");
    byId("status").textContent = "Done.";
    if (value.levers.length) setLevers(value.levers, setting.n_draws);
  }
}

function cancel() {
  const one = state.running;
  if (!one) return;
  one.isOver = true;
  if (one.number !== null) ask(`runs/${one.number}/cancel`, {}).catch(() => {});
  rest();
}

function rest() {
  state.running = null;
  byId("cancel").disabled = true;
  byId("progress").hidden = true;
}

function fail(said) {
  problems(said);
  byId("status").textContent = "";
}

function problems(said) {
  byId("problems").replaceChildren(...said.map((one) => element("li", {}, one)));
  byId("problems").hidden = said.length === 0;
}

// ---- showing

const counted = (n, noun) => `${n} ${noun}${Number(n) === 1 ? "" : "s"}`;

function inWords(setting) {
  const moved = Object.entries(setting.settings).map(([key, value]) => `${key} = ${value}`);
  const who = setting.strategies.length ? setting.strategies.join(", ") : "its own strategy";
  return [setting.scenario, who, moved.length ? moved.join("; ") : "levers as given",
    counted(setting.n_replicates, "replicate"), setting.n_draws ? counted(setting.n_draws, "draw") : "luck alone"].join(" · ");
}

const parser = new DOMParser();
function showPictures(where, pictures) {
  byId(`${where}-pictures`).replaceChildren(...pictures.map((one) => {
    // Drawn by this program, every text in it escaped; as XML nothing in it can run.
    const svg = parser.parseFromString(one.svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" '), "image/svg+xml");
    const head = element("h3", {}, pictures.length > 1 ? `${one.strategy}: ${one.title}` : one.title);
    return element("figure", {}, head, document.importNode(svg.documentElement, true),
      element("figcaption", { class: "small" }, one.note));
  }));
}

// The whole IPv4 space on the curve of the report's map: dark where listed.
function showMaps(where, maps) {
  byId(`${where}-maps`).replaceChildren(...maps.map((one) => {
    const head = element("h3", {}, maps.length > 1 ? `${one.strategy}: ${one.title}` : one.title);
    const canvas = element("canvas", { width: 3 * one.side, height: 3 * one.side, role: "img", "aria-label": `${one.title}. ${one.note}` });
    paintMap(canvas, one);
    return element("figure", {}, head, canvas, element("figcaption", { class: "small" }, one.note));
  }));
}

function paintMap(canvas, one) {
  const pen = canvas.getContext("2d");
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const scale = canvas.width / one.side;
  const step = canvas.width / one.network8.length;
  const level = bytes(one.level);
  const pixel = new Uint16Array(bytes(one.pixel).buffer);
  pen.fillStyle = colour("--map-empty");
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = colour("--map-listed");
  pixel.forEach((place, row) => {
    // One address in a square is to be seen: listed squares begin at a third of the full colour.
    pen.globalAlpha = 0.35 + (0.65 * level[row]) / 255;
    pen.fillRect((place % one.side) * scale, Math.floor(place / one.side) * scale, scale, scale);
  });
  pen.globalAlpha = 1;
  pen.strokeStyle = colour("--map-grid");
  pen.fillStyle = colour("--soft");
  pen.font = "13px system-ui, sans-serif";
  pen.textBaseline = "top";
  one.network8.forEach((row, y) => row.forEach((network, x) => {
    pen.strokeRect(x * step, y * step, step, step);
    pen.fillText(network, x * step + 3, y * step + 3);
  }));
}

function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function show(where, { answer, setting }) {
  byId(`${where}-setting`).textContent = inWords(setting);
  byId(`${where}-said`).replaceChildren(...answer.headline.map((one) => element("p", {}, one)));
  showPictures(where, answer.pictures);
  showMaps(where, answer.maps);
  showFigures(where, answer.figures, "Key figures");
}

// Key figures of a run, or what strategies cost bystanders and the target, side by side.
function showFigures(where, { heads, rows }, caption) {
  const cell = (text, column) => (column ? element("td", {}, text) : element("th", { scope: "row" }, text));
  const table = element("table", {},
    element("caption", {}, caption),
    element("thead", {}, element("tr", {}, ...heads.map((one) => element("th", { scope: "col" }, one)))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map(cell)))));
  const region = element("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": `Key figures, ${where}` }, table);
  byId(`${where}-figures`).replaceChildren(region);
}

function showBefore(shown) {
  byId("before").hidden = false;
  show("before", shown);
}

function showMore({ answer, number }) {
  byId("more").hidden = false;
  byId("title").textContent = answer.title;
  byId("verdict").textContent = answer.verdict;
  byId("repeat-before").textContent = answer.before;
  byId("command").textContent = answer.command;
  byId("yaml").download = answer.file;
  byId("yaml").textContent = answer.file;
  byId("yaml").href = `runs/${number}/files/scenario.yaml`;
  byId("manifest").href = `runs/${number}/files/manifest.json`;
  const frame = byId("report");
  if (!frame.hidden) frame.src = `runs/${number}/report`;
}

// ---- levers

const toDial = (lever, value) => (lever.is_log
  ? Math.log(value / lever.low) / Math.log(lever.high / lever.low)
  : (value - lever.low) / (lever.high - lever.low));
function fromDial(lever, dial) {
  const value = lever.is_log
    ? lever.low * (lever.high / lever.low) ** dial : lever.low + dial * (lever.high - lever.low);
  const rounded = lever.is_whole ? Math.round(value) : Number(value.toPrecision(4));
  return Math.min(Math.max(rounded, lever.low), lever.high);
}

// A column of a table has a factor, or a place between the ends of the range of each of its cells.
function inUnit(lever, value) {
  if (lever.scale === "times") return `× ${value}`;
  if (lever.scale === "value") return `${value} ${lever.unit}`;
  if (!value) return "as in the table";
  return `${Math.round(100 * Math.abs(value))} % of the way to the ${value < 0 ? "low" : "high"} end`;
}
const ends = (lever) => (lever.scale === "position"
  ? `every cell of the column from the low to the high end of its range (${lever.unit})`
  : `${lever.low} to ${lever.high}${lever.scale === "times" ? `, times every cell of the column (${lever.unit})` : ` ${lever.unit}`}; given ${lever.given}`);

function setLevers(given, nDraws) {
  // What is set is drawn no more; its lever stays.
  const held = state.levers.filter((one) => one.key in state.settings && !given.some((other) => other.key === one.key));
  const levers = given.length ? [...given, ...held] : given;
  state.levers = levers;
  const how = nDraws ? `by ${nDraws} draws of what is not known` : "by the draws of the run that was opened";
  byId("levers-note").textContent = levers.length
    ? `Chosen ${how}: the share of the variance of harm or effect (by rank) that each explains.`
    : "None of the assumptions that can be set here moves harm or effect.";
  byId("levers").replaceChildren(...levers.map((lever, row) => {
    const id = `lever-${row}`;
    const value = state.settings[lever.key] ?? lever.given;
    const output = element("output", { for: id }, lever.scale === "times" ? `× ${value}` : `${value}`);
    const input = element("input", { type: "range", id, min: 0, max: 1000, step: 1, "data-key": lever.key });
    input.value = 1000 * toDial(lever, value);
    input.setAttribute("aria-valuetext", inUnit(lever, value));
    input.addEventListener("input", () => {
      const now = fromDial(lever, input.value / 1000);
      output.textContent = lever.scale === "times" ? `× ${now}` : `${now}`;
      input.setAttribute("aria-valuetext", inUnit(lever, now));
      state.settings = { ...state.settings, [lever.key]: now };
      clearTimeout(state.timer);
      state.timer = setTimeout(compute, WAIT_MS);
    });
    const share = `${(100 * lever.share).toFixed(0)} %${lever.is_told ? "" : ", not told from chance"}`;
    return element("div", { class: "lever" },
      element("label", { for: id }, `${lever.meaning || lever.key} (${lever.key})`), input, output,
      element("p", { class: "small soft" }, `${ends(lever)}; explains ${share}`));
  }));
}

async function measure() {
  const setting = { ...asked(), settings: {}, n_draws: 0, n_replicates: 1 };
  const mine = {};
  state.measuring = mine;
  byId("levers-note").textContent = "Measuring what matters, by draws of what is not known …";
  try {
    const { number } = await ask("levers", setting);
    for await (const { kind, value } of messages(number)) {
      if (state.measuring !== mine) return;
      if (kind === "picture") byId("levers-note").textContent = `Measuring what matters: ${value.done[0]} of ${value.done[1]} runs …`;
      if (kind === "done") setLevers(value.levers, 64);
      if (kind === "refused") byId("levers-note").textContent = value.problems.join(" ");
      if (kind === "stopped") byId("levers-note").textContent = "Measuring was stopped.";
    }
  } catch (said) {
    byId("levers-note").textContent = Array.isArray(said) ? said.join(" ") : String(said);
  }
}

// ---- the address

function keep(setting) {
  history.replaceState(null, "", `#${encodeURIComponent(JSON.stringify(setting))}`);
}

function kept() {
  try {
    const found = JSON.parse(decodeURIComponent(location.hash.slice(1)));
    return found && typeof found === "object" ? found : null;
  } catch {
    return null;
  }
}

function fill(setting) {
  const lines = Array.isArray(setting.strategies) ? setting.strategies : [];
  form.scenario.value = setting.scenario;
  form.strategies.value = lines.join("\n");
  form.replicates.value = setting.n_replicates ?? 4;
  form.draws.value = setting.n_draws ?? 0;
  form.seed.value = setting.root_seed ?? "";
  state.settings = setting.settings && typeof setting.settings === "object" ? setting.settings : {};
}

async function describe() {
  const found = await ask(`scenario/${encodeURIComponent(form.scenario.value)}`);
  byId("title").textContent = found.title;
  byId("description").textContent = found.description;
}

async function begin() {
  const start = await ask("start");
  form.scenario.replaceChildren(...start.scenarios.map((one) => element("option", { value: one }, one)));
  form.replicates.max = start.most.n_replicates;
  form.draws.max = start.most.n_draws;
  byId("known-strategies").replaceChildren(...start.strategies.map((one) =>
    element("li", {}, element("code", {}, one.id), ` ${one.says}`)));
  fill(kept() || start.first);
  byId("changed").hidden = !start.changed;
  byId("changed").textContent = start.changed;
  if (start.levers.length && form.scenario.value === start.first.scenario) setLevers(start.levers, 0);
  else state.next = measure;
  compute();
  await describe();
}

byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  compute();
});
byId("cancel").addEventListener("click", () => {
  cancel();
  byId("status").textContent = "Cancelled.";
});
byId("reset").addEventListener("click", () => {
  state.settings = {};
  setLevers(state.levers, 64);
  compute();
});
byId("measure").addEventListener("click", measure);
byId("open-report").addEventListener("click", () => {
  const frame = byId("report");
  frame.hidden = false;
  frame.src = `runs/${state.shown.number}/report`;
});
form.scenario.addEventListener("change", async () => {
  fill({ scenario: form.scenario.value, n_replicates: Number(form.replicates.value), n_draws: Number(form.draws.value) });
  setLevers([], 0);
  state.next = measure;
  compute();
  await describe();
});
addEventListener("hashchange", () => {
  const setting = kept();
  if (setting && JSON.stringify(setting) !== JSON.stringify(asked())) {
    fill(setting);
    setLevers(state.levers, 64);
    compute();
  }
});
begin().catch((said) => fail(Array.isArray(said) ? said : [String(said)]));
