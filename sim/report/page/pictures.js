// Figures saved one by one, each with its title and its source line: SVG and PNG for an article.

const PICTURE = { width: 1200, height: 675, edge: 36 };

// What is drawn meanwhile has the colours of paper, whatever the reader's theme.
function onPaper(draw) {
  const was = root.classList.contains("on-paper");
  root.classList.add("on-paper");
  try {
    return draw();
  } finally {
    root.classList.toggle("on-paper", was);
  }
}

// Words in lines of at most n letters.
function wrapped(text, n) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines[lines.length - 1];
    if (last && last.length + word.length >= n) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines;
}

function textLines(text, n, x, y, size, attributes = {}) {
  const lines = wrapped(text, n);
  const made = shape("text", { x, y, "font-size": size, ...attributes });
  lines.forEach((line, row) => made.append(shape("tspan", { x, dy: row ? size * 1.3 : 0 }, line)));
  return { made, height: lines.length * size * 1.3 };
}

// A figure in its frame. body: makes an SVG of a width and height; words: title, subtitle, notes.
function framed({ title, subtitle, note, body }) {
  const { width, height, edge } = PICTURE;
  const room = width - 2 * edge;
  const head = textLines(title, 64, edge, edge + 24, 28, { "font-weight": 700 });
  const below = textLines(subtitle, 130, edge, edge + 16 + head.height, 18, { fill: token("soft") });
  const source = textLines(`${note} ${data.source}`.trim(), 158, edge, 0, 13, { fill: token("soft") });
  const top = edge + head.height + (subtitle ? below.height : 0) + 4;
  const bottom = height - edge - source.height + 8;
  source.made.setAttribute("y", bottom + 14);
  const scale = 1.3; // letters in a picture are read smaller than on the page
  const inner = body(room / scale, (bottom - top - 10) / scale);
  const group = shape("g", { transform: `translate(${edge},${top}) scale(${scale})` }, ...inner.childNodes);
  for (const name of ["font-size", "font-family", "fill"]) {
    if (inner.hasAttribute(name)) group.setAttribute(name, inner.getAttribute(name));
  }
  return shape(
    "svg", { xmlns: SPACE, viewBox: `0 0 ${width} ${height}`, width, height, "font-family": FONT, fill: token("ink") },
    shape("title", {}, title), shape("rect", { width, height, fill: token("paper") }),
    head.made, ...(subtitle ? [below.made] : []), group, source.made
  );
}

// An SVG of the page with its styles written into it, of any size.
const STYLES = ["fill", "fill-opacity", "opacity", "stroke", "stroke-width", "stroke-dasharray", "font-size", "font-weight", "text-anchor"];
function standing(svg) {
  const copy = svg.cloneNode(true);
  const originals = [svg, ...svg.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((one, row) => {
    const style = getComputedStyle(originals[row]);
    for (const name of STYLES) one.setAttribute(name, style.getPropertyValue(name));
    one.removeAttribute("class");
  });
  return copy;
}

function standingIn(svg) {
  return (width, height) => {
    const copy = standing(svg);
    const box = svg.viewBox.baseVal;
    const scale = Math.min(width / box.width, height / box.height);
    const group = shape("g", { transform: `scale(${scale})` }, ...copy.childNodes);
    return shape("svg", { "font-family": FONT }, group);
  };
}

function saveSvg(name, svg) {
  save(`${name}.svg`, new XMLSerializer().serializeToString(svg), "image/svg+xml");
}

function savePng(name, svg) {
  const { width, height } = PICTURE;
  const image = new Image();
  image.addEventListener("load", () => {
    const canvas = element("canvas", { width: 2 * width, height: 2 * height });
    canvas.getContext("2d").drawImage(image, 0, 0, 2 * width, 2 * height);
    canvas.toBlob((blob) => save(`${name}.png`, blob, "image/png"));
  });
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(svg))}`;
}

// Two buttons. figure: gives name, title, subtitle, note and body at the moment of the click.
function pictureButtons(figure, what) {
  return [["PNG", savePng], ["SVG", saveSvg]].map(([kind, write]) => {
    const button = element("button", { type: "button", "aria-label": say("Save {kind}: {what}", { kind, what }) }, say("Save {kind}", { kind }));
    button.addEventListener("click", () => {
      const said = figure();
      write(said.name, onPaper(() => framed(said)));
    });
    return button;
  });
}

// The picture under the headline, which is in the page without a script.
function makeFirstPicture() {
  const svg = document.querySelector("figure.first svg");
  if (!svg) return;
  const figure = svg.closest("figure");
  const said = (tag) => figure.querySelector(tag).textContent;
  figure.append(element("div", { class: "controls no-print" }, ...pictureButtons(() => ({
    name: "answer", title: said("h3"), subtitle: byId("answer-in-words").textContent,
    note: said("figcaption"), body: standingIn(svg),
  }), say("the first picture"))));
}
