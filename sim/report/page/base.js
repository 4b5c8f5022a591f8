// What all parts of the page share: the data, colours of the reader's theme, numbers in words, and
// texts in the page's language. Each text is said as one literal: the page is given those it finds.

const data = JSON.parse(document.getElementById("report-data").textContent);
const root = document.documentElement;
const locale = root.lang;
const byId = (id) => document.getElementById(id);

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children); // texts become text nodes: a name is never markup
  return made;
}

function say(text, values = {}) {
  return (data.texts[text] || text).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// What a strategy is called for people; what is no label of one stays as it is.
function strategyName(label) {
  return Object.hasOwn(data.names, label) ? data.names[label] : label;
}

function plainNumber(value, digits) {
  return value.toLocaleString(locale, { maximumFractionDigits: digits, useGrouping: "always" });
}

// As the tables of the page round: a half to the even number.
function wholeNumber(value) {
  return value.toLocaleString(locale, { maximumFractionDigits: 0, roundingMode: "halfEven", useGrouping: "always" });
}

function token(name) {
  return getComputedStyle(root).getPropertyValue(`--${name}`).trim();
}

// Callbacks that draw again when the colours change: another theme, or paper.
const redraws = [];
function redrawAll() {
  for (const redraw of redraws) redraw();
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
function setPaper(isPaper) {
  if (root.classList.contains("on-paper") === isPaper) return;
  root.classList.toggle("on-paper", isPaper);
  for (const details of document.querySelectorAll("details")) {
    if (isPaper) {
      details.dataset.wasOpen = details.open;
      details.open = true;
    } else {
      details.open = details.dataset.wasOpen === "true";
    }
  }
  redrawAll();
}
addEventListener("beforeprint", () => setPaper(true));
addEventListener("afterprint", () => setPaper(false));
matchMedia("print").addEventListener("change", (event) => setPaper(event.matches));

function dateText(second) {
  // In Russian the year is a word, as it is where the page's sentences name a day.
  const local = new Date(data.start_ms + second * 1000);
  const day = local.toLocaleDateString(locale === "en" ? "en-GB" : locale, {
    day: "numeric", month: "long", year: "numeric", timeZone: "UTC",
  }).replace(/\sг\.$/, "\u00a0года");
  return `${day}, ${local.toISOString().slice(11, 16)}`;
}

function numberText(value, isShare) {
  if (value === null || value === undefined) return say("not known");
  if (isShare) return `${plainNumber(100 * value, 2)}\u00a0%`;
  if (Math.abs(value) >= 1e6) return `${plainNumber(value / 1e6, 2)}\u00a0${say("million")}`;
  return plainNumber(value, Math.abs(value) < 100 ? 1 : 0);
}

// A number as it is written, with what it counts in the form that goes with it.
function countText(value, written, nouns) {
  if (value === null || value === undefined) return written;
  const isScaled = written.endsWith(say("million"));
  const shown = Math.abs(value) < 100 ? Math.round(10 * value) / 10 : Math.round(value);
  const form = isScaled ? "many" : new Intl.PluralRules(locale).select(shown);
  return (nouns[form] || nouns.other).replace("{n}", written);
}

function spanText(low, high, isShare) {
  const ends = [low, high].map((end) => numberText(end, isShare));
  // One unit for both ends, where it is the same.
  const unit = ["%", say("million")].map((name) => `\u00a0${name}`).find((name) => ends[1].endsWith(name));
  if (unit && ends[0].endsWith(unit)) ends[0] = ends[0].slice(0, -unit.length);
  return ends.join(` ${say("to")} `);
}

function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function words(text) {
  const raw = bytes(text);
  const view = new DataView(raw.buffer);
  return Uint16Array.from({ length: raw.length / 2 }, (_, row) => view.getUint16(2 * row, true));
}

function save(name, content, type) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = element("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
