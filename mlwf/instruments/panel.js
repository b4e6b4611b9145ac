// An instrument's picture and the figures beside it. All of it comes in one message: small messages sent ahead of the picture
// would hold it back for some 40 ms.
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
  let address = "";
  let shown = null;
  let read = "";
  let timer = 0;

  function show() {
    const bytes = model.get("picture");
    picture.hidden = bytes.byteLength === 0;
    if (bytes !== shown && bytes.byteLength) {
      const before = address;
      address = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
      picture.onload = () => URL.revokeObjectURL(before);
      picture.src = address;
      shown = bytes;
    }
    [picture.width, picture.height] = model.get("size");
    picture.style.maxWidth = `${picture.width}px`;
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
    URL.revokeObjectURL(address);
  };
}

export default { render };
