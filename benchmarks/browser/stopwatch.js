// Times one press or one drag inside the page. The same rule for every contender: the clock starts at the time stamp of the
// input event; each part of the page is looked at as a frame begins; a part that is new then is painted by that frame, and
// counts as shown once the page has done that frame's work: styles, layout and painting.
(() => {
  if (window.stopwatch) return;

  // "a >>> b" looks for b inside a and inside its shadow root.
  const find = (where) =>
    where.split(" >>> ").reduce(
      (roots, step) => roots.flatMap((root) => [...(root.shadowRoot ?? root).querySelectorAll(step)]),
      [document],
    );

  // What a part shows, as text; null while it shows nothing.
  const looks = {
    image: (found) => (found.every((img) => img.complete && img.naturalWidth) ? found.map((img) => img.getAttribute("src")) : null),
    curve: (found) => found.map((path) => path.getAttribute("d")),
    text: (found) => found.map((element) => element.textContent),
  };
  // Searches anew only when an element has gone: in each frame, a search would cost some of the time that is measured.
  const look = (part) => {
    if (!part.found?.length || !part.found.every((element) => element.isConnected)) part.found = find(part.where);
    const seen = part.found.length ? looks[part.kind](part.found) : null;
    return seen && seen.join("\n") || null;
  };

  // Chromium does a frame's callbacks and its painting in one task, so that what is posted from a callback comes after both.
  const afterThisFrame = (then) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => { port1.close(); then(); };
    port2.postMessage(null);
  };

  // Resolves to the milliseconds after the next key press at which each part was shown.
  const nextPress = (parts, patience) =>
    new Promise((resolve, reject) => {
      const watched = parts.map((part) => ({ ...part, before: null, changed: false, shown: null }));
      let start = null;
      const late = setTimeout(() => {
        start = Infinity;
        const missing = watched.filter((part) => part.shown === null).map((part) => part.name);
        reject(new Error(`no new ${missing.join(", ")}`));
      }, patience);
      const tick = () => {
        if (start === Infinity) return;
        for (const part of watched.filter(({ changed }) => !changed)) {
          const seen = look(part);
          part.changed = seen !== null && seen !== part.before;
          if (part.changed) afterThisFrame(() => { part.shown = performance.now() - start; settle(); });
        }
        if (watched.some(({ changed }) => !changed)) requestAnimationFrame(tick);
      };
      const settle = () => {
        if (watched.some(({ shown }) => shown === null)) return;
        clearTimeout(late);
        resolve(Object.fromEntries(watched.map((part) => [part.name, part.shown])));
      };
      const onKey = (event) => {
        for (const part of watched) part.before = look(part);
        start = event.timeStamp;
        requestAnimationFrame(tick);
      };
      window.addEventListener("keydown", onKey, { capture: true, once: true });
    });

  // Counts the frames with a new picture from now on, until one came after the last move and `rest` milliseconds brought no
  // other; without one, until `patience` is over.
  const watchDrag = (picture, rest, patience) => new Promise((resolve) => {
    let before = look(picture), lastMove = null;
    const shown = [];
    const onMove = (event) => { if (event.buttons) lastMove = event.timeStamp; };
    window.addEventListener("pointermove", onMove, { capture: true });
    const tick = () => {
      const now = performance.now(), seen = look(picture);
      if (seen !== null && seen !== before) {
        before = seen;
        afterThisFrame(() => shown.push(performance.now()));
      }
      const final = shown.at(-1) ?? 0;
      if (lastMove === null || (final > lastMove ? now - final < rest : now - lastMove < patience)) {
        return requestAnimationFrame(tick);
      }
      window.removeEventListener("pointermove", onMove, { capture: true });
      resolve({ frames: shown.length, final: final - lastMove });
    };
    requestAnimationFrame(tick);
  });

  const state = {};
  window.stopwatch = {
    arm: (parts, patience) => { state.press = nextPress(parts, patience); state.press.catch(() => {}); },
    press: () => state.press,
    startDrag: (...how) => { state.drag = watchDrag(...how); },
    drag: () => state.drag,
  };
})();
