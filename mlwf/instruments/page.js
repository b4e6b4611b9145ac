// What only the browser knows, for the kernel: theme, pixel ratio, room and address. And what ipywidgets leaves out, for those
// who can't see: a name and a spoken value for each slider's handle.
const NARROW_BELOW_PX = 600;
const PREPARED_AFTER_MS = 100;

function isDark() {
  const sample = document.createElement("span");
  sample.style.color = "var(--jp-layout-color0, #fff)";
  document.body.append(sample);
  const [red, green, blue] = getComputedStyle(sample).color.match(/[\d.]+/g).map(Number);
  sample.remove();
  return 0.3 * red + 0.59 * green + 0.11 * blue < 128;
}

function prepareControls() {
  // In Notebook 7 an arrow key would unfold a heading of the notebook instead of moving the slider that has the focus.
  for (const control of document.querySelectorAll(".widget-slider .noUi-handle, .widget-radio-box input"))
    control.dataset.lmSuppressShortcuts = "true";
  nameSliders();
}

function nameSliders() {
  for (const slider of document.querySelectorAll(".widget-slider:not([data-mlwf-named])")) {
    const handle = slider.querySelector(".noUi-handle");
    const label = slider.querySelector(".widget-label");
    const value = slider.querySelector(".widget-readout");
    if (!handle || !label || !value) continue;
    slider.dataset.mlwfNamed = "";
    const name = label.textContent.trim();
    handle.setAttribute("aria-label", name);
    value.setAttribute("aria-label", `${name}, value`);
    if (value.isContentEditable) value.setAttribute("role", "textbox");
    const speak = () => handle.setAttribute("aria-valuetext", value.textContent.trim());
    new MutationObserver(speak).observe(value, { childList: true, characterData: true, subtree: true });
    speak();
  }
}

function selectAll(event) {
  if (event.target.matches?.(".mlwf-link")) event.target.select();
}

function render({ model, el }) {
  function look() {
    const dark = isDark();
    document.documentElement.classList.toggle("mlwf-dark", dark);
    const width = el.clientWidth;
    if (!width) return; // not on the page at the moment
    const now = { dark, pixel_ratio: window.devicePixelRatio, narrow: width < NARROW_BELOW_PX };
    if (JSON.stringify(now) === JSON.stringify(model.get("look"))) return;
    model.set("look", now);
    model.save_changes();
  }
  model.set("address", location.origin + location.pathname);
  model.set("query", location.search);
  model.save_changes();
  look();
  prepareControls();

  const room = new ResizeObserver(look);
  room.observe(el);
  const theme = new MutationObserver(look);
  theme.observe(document.body, { attributes: true });
  // Not at each change, of which a slider's move makes many, but once they rest.
  let timer = 0;
  const sliders = new MutationObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(prepareControls, PREPARED_AFTER_MS);
  });
  sliders.observe(document.body, { childList: true, subtree: true });
  // Zooming, and dragging the window to another screen.
  window.addEventListener("resize", look);
  document.addEventListener("focusin", selectAll);
  return () => {
    for (const observer of [room, theme, sliders]) observer.disconnect();
    clearTimeout(timer);
    window.removeEventListener("resize", look);
    document.removeEventListener("focusin", selectAll);
  };
}

export default { render };
