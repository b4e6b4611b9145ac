// Says that the kernel behind this page has ended or can't be reached: the controls would move, and nothing would follow.
const LOOK_EVERY_MS = 4000;
const PATIENCE_MS = 10_000;
const SAYS = {
  ended: "This page has ended: it rested for a long time, or its server let it go.",
  away: "The server of this page does not answer. It is being tried again; what you change meanwhile may be lost.",
};
const config = JSON.parse(document.getElementById("jupyter-config-data").textContent);
const place = document.getElementById("kernel-state");
let state = "";
let timer = 0;

async function find() {
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const answer = await fetch(`${config.baseUrl}api/kernels/${config.kernelId}`, { cache: "no-store", signal });
    return answer.status === 404 ? "ended" : answer.ok ? "" : "away";
  } catch {
    return "away";
  }
}

function show(found) {
  if (found === state) return;
  state = found;
  place.textContent = SAYS[state] ?? "";
  place.hidden = !state;
  const ended = state === "ended";
  document.getElementById("rendered_cells").inert = ended;
  if (!ended) return;
  const again = document.createElement("a");
  // The lab's own link, if the reader has come as far as that; else the one that they came by.
  again.href = document.querySelector(".mlwf-link")?.value || location.href.split("#")[0];
  again.textContent = "Start again";
  place.append(" ", again, " with your settings; your answers are gone.");
}

async function look() {
  clearTimeout(timer);
  if (!document.hidden) show(await find());
  if (state !== "ended") timer = setTimeout(look, LOOK_EVERY_MS);
}

document.addEventListener("visibilitychange", look);
look();
