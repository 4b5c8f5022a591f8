// The one time of the page: the window that all charts show, and the moment at which all are read.

const clock = { from: 0, to: data.horizon_s, second: data.moment_s };
const onWindow = []; // callbacks that draw a chart anew
const onMoment = []; // callbacks that read a chart anew

function setWindow(from, to) {
  clock.from = Math.max(0, Math.round(from));
  clock.to = Math.min(data.horizon_s, Math.max(Math.round(to), clock.from + 60));
  for (const draw of onWindow) draw();
}

function setMoment(second) {
  clock.second = Math.max(0, Math.min(Math.round(second), data.horizon_s - 1));
  for (const read of onMoment) read();
}

function makeWindowButtons() {
  const row = byId("window");
  const choices = [
    [say("Whole run"), data.horizon_s],
    [say("First 3 days"), data.windows[3], 3, say("First 3 days, to the end of a session")],
    [say("First 14 days"), data.windows[14], 14, say("First 14 days, to the end of a session")],
  ].filter(([, end]) => end !== undefined);
  // Of one window there is nothing to choose.
  for (const [text, end, days, longer] of choices.length > 1 ? choices : []) {
    const said = days && end > days * 86400 ? longer : text;
    const button = element("button", { type: "button" }, said);
    button.addEventListener("click", () => setWindow(0, end));
    const mark = () => button.setAttribute("aria-pressed", String(clock.from === 0 && clock.to === end));
    onWindow.push(mark);
    mark();
    row.append(button);
  }
}

// The pointer over a drawing: moving reads a moment, dragging chooses a window, twice shows all.
function followPointer(plot, drawn) {
  let began = null;
  const at = (event) => {
    const { left, right, svg, secondAt } = drawn();
    const place = event.clientX - svg.getBoundingClientRect().left;
    return secondAt(Math.min(right, Math.max(left, place)));
  };
  plot.addEventListener("pointermove", (event) => {
    if (began === null) setMoment(at(event));
  });
  plot.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button === 0) began = event;
  });
  addEventListener("pointerup", (event) => {
    if (began === null) return;
    const [from, to] = [at(began), at(event)].sort((one, other) => one - other);
    const isDrag = Math.abs(event.clientX - began.clientX) > 8;
    began = null;
    if (isDrag) setWindow(from, to);
  });
  plot.addEventListener("dblclick", () => setWindow(0, data.horizon_s));
}
