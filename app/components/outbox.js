// The outbox: what the hand did and Python has not confirmed yet. It belongs to the page and not to
// one painter, as Streamlit may replace that at any moment, and it outlives a reload.
const KEPT = "aixcell-painter";
const shared = (globalThis.aixcellPainter ??= {
  outbox: JSON.parse(sessionStorage.getItem(KEPT) ?? "[]"), // not confirmed yet
  traces: [], // drawn by the hand, not yet part of an overlay
  next: Date.now(), // numbers go on rising after a reload
  last: null, // the image of the last one
  redrawn: 0,
  tellings: 0, // messages to Python
  chosen: null, // class that a key chose, until Python has heard of it
  tool: "brush", // in the hand
  told: null, // tool that the toolbar showed last
  current: null,
  pictures: new Map(),
  overlays: new Map(),
});

// Puts a gesture in; returns its number.
function posted(gesture) {
  shared.next = Math.max(shared.next + 1, Date.now());
  const told = { number: shared.next, ...gesture };
  shared.outbox.push(told);
  shared.last = told.image[1];
  if (told.points) shared.traces.push(told);
  kept();
  return told.number;
}

// Forgets what is on the disk by now.
function confirmed(done) {
  shared.outbox = shared.outbox.filter((each) => each.number > done);
  kept();
}

function kept() {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(shared.outbox));
  } catch {
    // No room: what is drawn stays in the memory of the page.
  }
}

// All that waits, and what the page holds and need not be sent again; numbered, as Python reads the
// last one more than once.
function letter() {
  const held = {};
  for (const name of shared.pictures.keys()) held[name] = 1;
  for (const [token, overlay] of shared.overlays) held[token] = overlay.revision;
  return { telling: ++shared.tellings, gestures: shared.outbox.slice(), held };
}
