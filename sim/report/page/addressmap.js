// The map of the address space: frames hold only the pixels that change from the one before.

function makeMap() {
  const map = data.map;
  const canvas = byId("map-canvas");
  const slider = byId("map-time");
  const chooser = byId("map-strategy");
  const play = byId("map-play");
  if (chooser) chooser.value = data.most_harmful;
  const n = map.side * map.side;
  const network16 = new Uint16Array(n);
  const taken = bytes(map.way.taken);
  for (let network = 1, pixel = map.way.first; network < n; network += 1) {
    const before = network - 1;
    pixel += map.way.steps[(taken[before >> 2] >> (2 * (before & 3))) & 3];
    network16[pixel] = network;
  }
  const owner = new Int16Array(n).fill(-1);
  const owned = words(map.owner.pixel);
  bytes(map.owner.provider).forEach((provider, row) => (owner[owned[row]] = provider));
  const decoded = new Map();

  function strategy() {
    const name = chooser ? chooser.value : Object.keys(map.strategies)[0];
    if (!decoded.has(name)) {
      const { frames, fronts } = map.strategies[name];
      const changes = frames.map((frame) => ({
        pixel: words(frame.pixel), level: bytes(frame.level), n: frame.n, by: frame.by,
      }));
      decoded.set(name, { frames: changes, fronts });
    }
    return decoded.get(name);
  }

  const state = { levels: new Uint8Array(n), frame: -1, strategy: null };
  function goTo(frame) {
    const mine = strategy();
    if (state.strategy !== mine || frame < state.frame) {
      state.levels.fill(0);
      state.frame = -1;
      state.strategy = mine;
    }
    while (state.frame < frame) {
      state.frame += 1;
      const change = mine.frames[state.frame];
      change.pixel.forEach((pixel, row) => (state.levels[pixel] = change.level[row]));
    }
  }

  function rgb(name) {
    const hex = token(name);
    return [1, 3, 5].map((place) => parseInt(hex.slice(place, place + 2), 16));
  }

  const small = element("canvas", { width: map.side, height: map.side });
  function paint() {
    const [empty, held, listed] = ["map-empty", "map-owner", "map-listed"].map(rgb);
    const picture = new ImageData(map.side, map.side);
    for (let pixel = 0; pixel < n; pixel += 1) {
      const ground = owner[pixel] < 0 ? empty : held;
      const level = state.levels[pixel];
      // One address in a square is to be seen: listed squares begin at a third of the full colour.
      const weight = level ? 0.35 + (0.65 * level) / 255 : 0;
      for (let part = 0; part < 3; part += 1) {
        picture.data[4 * pixel + part] = ground[part] + weight * (listed[part] - ground[part]);
      }
      picture.data[4 * pixel + 3] = 255;
    }
    small.getContext("2d").putImageData(picture, 0, 0);
    const pen = canvas.getContext("2d");
    const size = canvas.width;
    pen.imageSmoothingEnabled = false;
    pen.drawImage(small, 0, 0, size, size);
    pen.strokeStyle = token("map-grid");
    pen.lineWidth = 1;
    pen.font = "17px system-ui, sans-serif";
    pen.textBaseline = "top";
    const step = size / 16;
    for (let line = 1; line < 16; line += 1) {
      pen.beginPath();
      pen.moveTo(line * step, 0);
      pen.lineTo(line * step, size);
      pen.moveTo(0, line * step);
      pen.lineTo(size, line * step);
      pen.stroke();
    }
    const second = map.t[state.frame];
    const scale = size / map.side;
    const isAlone = (pixel) => {
      const [x, y] = [pixel % map.side, Math.floor(pixel / map.side)];
      for (let row = Math.max(y - 1, 0); row <= Math.min(y + 1, map.side - 1); row += 1) {
        for (let column = Math.max(x - 1, 0); column <= Math.min(x + 1, map.side - 1); column += 1) {
          const other = row * map.side + column;
          if (other !== pixel && state.levels[other]) return false;
        }
      }
      return true;
    };
    for (const front of state.strategy.fronts) {
      if (front.from > second || (front.to !== null && front.to <= second)) continue;
      pen.beginPath();
      pen.arc((front.x + 0.5) * scale, (front.y + 0.5) * scale, 6, 0, 7);
      pen.fillStyle = token("ink");
      pen.fill();
      pen.strokeStyle = token("paper");
      pen.lineWidth = 2;
      pen.stroke();
    }
    // A square of which little is listed and that has no other beside it is too small to be seen as it is.
    pen.fillStyle = token("map-listed");
    pen.strokeStyle = token("paper");
    pen.lineWidth = 1.5;
    pen.lineJoin = "miter"; // not as the drawing before left it
    for (let pixel = 0; pixel < n; pixel += 1) {
      if (!state.levels[pixel] || !isAlone(pixel)) continue;
      const [x, y] = [(pixel % map.side) * scale, Math.floor(pixel / map.side) * scale];
      pen.fillRect(x + scale / 2 - 5, y + scale / 2 - 5, 10, 10);
      pen.strokeRect(x + scale / 2 - 5, y + scale / 2 - 5, 10, 10);
    }
    // Numbers come last, with a rim of the ground: no dot and no colour hides one.
    pen.lineJoin = "round";
    pen.lineWidth = 4;
    pen.strokeStyle = token("map-empty");
    pen.fillStyle = token("soft");
    map.network8.forEach((row, y) => row.forEach((network, x) => {
      pen.strokeText(network, x * step + 4, y * step + 4);
      pen.fillText(network, x * step + 4, y * step + 4);
    }));
    for (const [name, colour] of [["key-listed", "map-listed"], ["key-owner", "map-owner"]]) {
      for (const key of document.getElementsByClassName(name)) key.style.background = token(colour);
    }
  }

  function show() {
    goTo(Number(slider.value));
    paint();
    const frame = state.strategy.frames[state.frame];
    const when = dateText(map.t[state.frame]);
    slider.setAttribute("aria-valuetext", when);
    const n = plainNumber(frame.n, 0);
    byId("map-readout").textContent = n === "1"
      ? say("{time}: 1 address listed in replicate {replicate}, the target's own counted.", { time: when, replicate: map.replicate })
      : say("{time}: {n} addresses listed in replicate {replicate}, the target's own counted.", { time: when, n, replicate: map.replicate });
    const rows = map.providers
      .map((name, row) => [name, frame.by[row]])
      .filter(([, count]) => count > 0)
      .sort((one, other) => other[1] - one[1]);
    const known = rows.reduce((sum, [, count]) => sum + count, 0);
    const shown = rows.slice(0, 8);
    const rest = frame.n - shown.reduce((sum, [, count]) => sum + count, 0);
    if (rest > 0) shown.push([known < frame.n ? say("others, and not attributed") : say("others"), rest]);
    byId("map-providers").replaceChildren(
      ...shown.map(([name, count]) =>
        element("tr", {}, element("th", { scope: "row" }, name), element("td", { class: "number" }, plainNumber(count, 0)))
      )
    );
  }

  function point(event) {
    const place = (at, size) => Math.min(map.side - 1, Math.max(0, Math.floor((at / size) * map.side)));
    const pixel = place(event.offsetY, canvas.clientHeight) * map.side + place(event.offsetX, canvas.clientWidth);
    const network = network16[pixel];
    const level = state.levels[pixel];
    const share = level === 255 ? say("wholly listed") : level ? say("{share} listed", { share: numberText(level / 255, true) }) : say("not listed");
    const whose = owner[pixel] < 0 ? "" : `; ${map.providers[owner[pixel]]}`;
    byId("map-pointer").textContent = `${network >> 8}.${network & 255}.0.0/16: ${share}${whose}`;
  }

  let timer = null;
  function stop() {
    clearInterval(timer);
    timer = null;
    play.textContent = say("Play");
    play.setAttribute("aria-pressed", "false");
  }
  play.addEventListener("click", () => {
    if (timer !== null) return stop();
    if (slider.value === slider.max) slider.value = 0;
    play.textContent = say("Stop");
    play.setAttribute("aria-pressed", "true");
    timer = setInterval(() => {
      if (slider.value === slider.max) return stop();
      slider.value = Number(slider.value) + 1;
      return show();
    }, 350);
    return undefined;
  });
  // The map beside what is listed and whose, in the colours of paper while it is drawn.
  function picture(width, height) {
    paint();
    const parts = [shape("image", { href: canvas.toDataURL("image/png"), width: height, height })];
    setTimeout(paint);
    [...byId("map-providers").rows].forEach((row, place) => {
      const y = 24 + 22 * place;
      parts.push(shape("text", { x: height + 30, y }, row.cells[0].textContent));
      parts.push(shape("text", { x: width, y, "text-anchor": "end" }, row.cells[1].textContent));
    });
    return shape("svg", { "font-size": 14 }, ...parts);
  }
  play.after(...pictureButtons(() => ({
    name: "map", title: byId("map-readout").textContent,
    subtitle: say("The IPv4 space, one square for each {n} addresses; dark where listed, by provider", { n: plainNumber(65536, 0) }),
    note: say("Laid on a Hilbert curve."), body: picture,
  }), say("the map")));
  slider.addEventListener("input", show);
  if (chooser) chooser.addEventListener("change", show);
  canvas.addEventListener("pointermove", point);
  redraws.push(paint);
  show();
}
