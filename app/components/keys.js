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

// Returns { tool }, { gesture }, { view } or { outline }; null: the key means nothing here.
function meaning(event, { isOutlining }) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
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
