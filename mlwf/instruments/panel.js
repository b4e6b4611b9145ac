// An instrument's picture and the figures beside it. All of it comes in one message, and is shown in one frame.
const SPOKEN_AFTER_MS = 500; // a screen reader is told once the slider rests, and not at every step
let panels = 0;

function add(parent, tag, className) {
  const element = document.createElement(tag);
  element.className = className;
  parent.append(element);
  return element;
}

function render({ model, el }) {
  el.classList.add("mlwf-panel");
  const picture = add(el, "img", "mlwf-picture");
  const spoken = add(el, "div", "mlwf-hidden");
  const readout = add(el, "div", "mlwf");
  spoken.id = `mlwf-spoken-${panels++}`;
  spoken.setAttribute("role", "status");
  picture.setAttribute("aria-describedby", spoken.id);
  picture.decoding = "sync";
  let read = "";
  let timer = 0;

  function show() {
    const source = model.get("picture");
    picture.hidden = !source;
    if (source && source !== picture.src) picture.src = source;
    const [width, height] = model.get("size");
    // Written only: to ask an image for its width would have the whole page laid out.
    picture.width = width;
    picture.height = height;
    picture.style.maxWidth = `${width}px`;
    picture.alt = model.get("name");
    if (read !== model.get("readout")) readout.innerHTML = read = model.get("readout");
    clearTimeout(timer);
    timer = setTimeout(speak, spoken.textContent ? SPOKEN_AFTER_MS : 0);
  }

  function speak() {
    if (spoken.textContent !== model.get("description")) spoken.textContent = model.get("description");
  }

  // What the status bar says comes along, so that it moves in the same frame. Only when it is news: a panel that is merely
  // shown again may be behind the others.
  function tell() {
    const status = model.get("status");
    if (status) for (const bar of document.querySelectorAll(".mlwf-status")) bar.innerHTML = status;
  }

  model.on("change", show);
  model.on("change:status", tell);
  show();
  return () => {
    clearTimeout(timer);
    model.off("change", show);
    model.off("change:status", tell);
  };
}

export default { render };
