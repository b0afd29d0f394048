// Keys: what each stands for.
const TOOLS = {
  b: "brush", e: "eraser", p: "polygon", w: "click", x: "box", v: "select", c: "cut", t: "teach",
  g: "ground", a: "accept", r: "reject",
};
const COMMANDS = {
  Delete: "delete", Backspace: "delete", m: "merge", h: "fill_holes", o: "smooth", "+": "grow",
  "-": "shrink",
};
const OUTLINE = { Enter: "close", Escape: "drop", Backspace: "back", Delete: "back" };

// The key by what it writes, in small letters. Where that is no Latin letter (another alphabet, or an
// input method that takes the keys), by what is printed at its place on most keyboards.
function named({ key, code }) {
  const isForeign = key === "Process" || key === "Unidentified" || (key.length === 1 && key > "~");
  const place = isForeign && /^(?:Key|Digit)(.)$/.exec(code);
  const name = place ? place[1] : key;
  return name.length === 1 ? name.toLowerCase() : name;
}

// Returns { tool }, { gesture }, { view } or { outline }; null: the key means nothing here.
function meaning(event, { isOutlining }) {
  const key = named(event);
  const isCommand = event.ctrlKey || event.metaKey;
  if (isCommand && (key === "z" || key === "y")) {
    const redoes = key === "y" || event.shiftKey;
    if (isOutlining && !redoes) return { outline: "back" };
    return { gesture: { what: redoes ? "redo" : "undo" } };
  }
  if (isCommand || event.altKey) return null;
  if (isOutlining && key in OUTLINE) return { outline: OUTLINE[key] };
  if (key in TOOLS) return { tool: TOOLS[key] };
  if (key in COMMANDS) return { gesture: { what: COMMANDS[key] } };
  if (key >= "1" && key <= "9") return { gesture: { what: "class", at: Number(key) - 1 } };
  if (key === "0") return { view: "whole" };
  if (key === "s") return { view: "bare" };
  return null;
}
