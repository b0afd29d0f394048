// The painter: shows a picture with what is marked, and sends what the hand did.
//
// It decides nothing: strokes, boxes and keys go to Python, which answers with a new overlay. What
// is not confirmed yet stays in `pending` and is sent again with the next one, so that a stroke in
// the middle of a rerun is not lost.
const painters = new WeakMap();
const KEYS = {
  b: "brush", e: "eraser", w: "click", x: "box", v: "select", c: "cut", t: "teach", g: "ground",
};
const COMMANDS = {
  Delete: "delete", Backspace: "delete", m: "merge", h: "fill_holes", o: "smooth", "+": "grow",
  "-": "shrink",
};

export default function (component) {
  const root = component.parentElement;
  let painter = painters.get(root);
  if (!painter || painter.frame !== root.querySelector(".painter")) {
    const pending = painter ? painter.pending : [];
    painter = new Painter(root);
    painter.pending = pending;
    painters.set(root, painter);
  }
  painter.update(component);
}

class Painter {
  constructor(root) {
    this.frame = root.querySelector(".painter");
    this.canvas = root.querySelector("canvas");
    this.status = root.querySelector(".painter-status");
    this.context = this.canvas.getContext("2d");
    this.picture = null;
    this.overlay = null;
    this.pending = [];
    this.next = Date.now(); // numbers go on rising after a reload
    this.view = { x: 0, y: 0, scale: 0 };
    this.stroke = null;
    this.tool = "brush";
    this.opacity = 1;
    for (const [target, name, act] of [
      [this.canvas, "pointerdown", (event) => this.down(event)],
      [this.canvas, "pointermove", (event) => this.move(event)],
      [this.canvas, "pointerup", (event) => this.up(event)],
      [this.canvas, "pointercancel", (event) => this.up(event)],
      [this.canvas, "wheel", (event) => this.wheel(event)],
      [this.canvas, "contextmenu", (event) => event.preventDefault()],
      [this.frame, "keydown", (event) => this.key(event)],
    ]) {
      target.addEventListener(name, act, { passive: false });
    }
  }

  update(component) {
    const data = component.data;
    this.send = (value) => component.setStateValue("gestures", value);
    this.data = data;
    if (data.tool !== this.told) this.tool = this.told = data.tool;
    if (data.picture && data.picture !== this.pictureSource) {
      this.load("picture", data.picture);
      component.setStateValue("holds", data.name); // it need not be sent again
    }
    if (data.overlay !== this.overlaySource) this.load("overlay", data.overlay);
    this.pending = this.pending.filter((each) => each.number > data.done);
    this.fit();
    this.draw();
  }

  load(name, source) {
    this[`${name}Source`] = source;
    const image = new Image();
    image.onload = () => {
      if (this[`${name}Source`] !== source) return; // a newer one is on its way
      this[name] = image;
      this.draw();
    };
    image.src = source;
  }

  fit() {
    const width = Math.max(200, this.frame.clientWidth);
    const height = Math.min(this.data.height, Math.round((width * this.data.rows) / this.data.columns));
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
      this.view.scale = 0;
    }
    if (!this.view.scale) {
      const scale = Math.min(width / this.data.columns, height / this.data.rows);
      this.view = { x: (width - this.data.columns * scale) / 2, y: (height - this.data.rows * scale) / 2, scale };
    }
  }

  // From the screen to pixels of the image; a pixel's centre lies at whole numbers.
  point(event) {
    const box = this.canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) * this.canvas.width) / box.width;
    const y = ((event.clientY - box.top) * this.canvas.height) / box.height;
    return [(x - this.view.x) / this.view.scale - 0.5, (y - this.view.y) / this.view.scale - 0.5];
  }

  down(event) {
    event.preventDefault();
    this.frame.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    const pans = event.button === 1 || event.button === 2;
    this.stroke = { pans, from: [event.clientX, event.clientY], points: [this.point(event)], shift: event.shiftKey };
  }

  move(event) {
    if (!this.stroke) return;
    if (this.stroke.pans) {
      this.view.x += event.clientX - this.stroke.from[0];
      this.view.y += event.clientY - this.stroke.from[1];
      this.stroke.from = [event.clientX, event.clientY];
    } else {
      for (const each of event.getCoalescedEvents?.() ?? [event]) this.stroke.points.push(this.point(each));
    }
    this.draw();
  }

  up() {
    const stroke = this.stroke;
    this.stroke = null;
    if (!stroke || stroke.pans) return;
    this.say({ what: this.tool, points: thinned(stroke.points, 0.4), shift: stroke.shift });
  }

  wheel(event) {
    event.preventDefault();
    const box = this.canvas.getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    const factor = Math.min(Math.max(Math.exp(-event.deltaY / 400), 0.5), 2);
    const scale = Math.min(Math.max(this.view.scale * factor, 0.02), 64);
    this.view.x = x - ((x - this.view.x) * scale) / this.view.scale;
    this.view.y = y - ((y - this.view.y) * scale) / this.view.scale;
    this.view.scale = scale;
    this.draw();
  }

  key(event) {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if ((event.ctrlKey || event.metaKey) && (key === "z" || key === "y")) {
      this.say({ what: key === "y" || event.shiftKey ? "redo" : "undo" });
    } else if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    } else if (key in KEYS) {
      this.tool = KEYS[key];
    } else if (key in COMMANDS) {
      this.say({ what: COMMANDS[key] });
    } else if (key >= "1" && key <= "9") {
      this.say({ what: "class", at: Number(key) - 1 });
    } else if (key === "0") {
      this.view.scale = 0;
      this.fit();
    } else if (key === "s") {
      this.opacity = this.opacity ? 0 : 1;
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    this.draw();
  }

  say(gesture) {
    this.next = Math.max(this.next + 1, Date.now());
    this.pending.push({ number: this.next, width: this.data.width, ...gesture });
    this.send(this.pending.slice());
    this.draw();
  }

  draw() {
    const { context, view, canvas } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(view.scale, 0, 0, view.scale, view.x, view.y);
    context.imageSmoothingEnabled = view.scale < 2;
    const size = [0, 0, this.data.columns, this.data.rows];
    if (this.picture) context.drawImage(this.picture, ...size);
    context.globalAlpha = this.opacity;
    if (this.overlay) context.drawImage(this.overlay, ...size);
    context.globalAlpha = 0.6;
    const waiting = this.pending.filter((each) => each.points);
    for (const each of waiting) this.trace(each.what, each.points, each.width);
    if (this.stroke && !this.stroke.pans) this.trace(this.tool, this.stroke.points, this.data.width);
    context.globalAlpha = 1;
    const left = this.pending.length;
    this.status.textContent = `${this.data.tools[this.tool] ?? this.tool} · ${left ? "saving" : "saved"}`;
    this.status.dataset.saved = left ? "no" : "yes";
    this.status.dataset.drawn = this.next;
  }

  trace(tool, points, width) {
    const { context } = this;
    const [first, last] = [points[0], points[points.length - 1]];
    context.strokeStyle = this.data.colors[tool] ?? this.data.colors.brush;
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    if (tool === "box") {
      context.lineWidth = 2 / this.view.scale;
      context.rect(first[0] + 0.5, first[1] + 0.5, last[0] - first[0], last[1] - first[1]);
    } else {
      const wide = ["brush", "eraser", "teach", "ground"].includes(tool);
      context.lineWidth = wide ? width : 2 / this.view.scale;
      context.moveTo(first[0] + 0.5, first[1] + 0.5);
      for (const [x, y] of points) context.lineTo(x + 0.5, y + 0.5);
      context.lineTo(last[0] + 0.5, last[1] + 0.501);
    }
    context.stroke();
  }
}

// Leaves out points nearer than `least` pixels to the last one kept; both ends stay.
function thinned(points, least) {
  const kept = [points[0]];
  for (const point of points.slice(1, -1)) {
    const [x, y] = kept[kept.length - 1];
    if (Math.hypot(point[0] - x, point[1] - y) >= least) kept.push(point);
  }
  if (points.length > 1) kept.push(points[points.length - 1]);
  return kept.map(([x, y]) => [Math.round(x * 100) / 100, Math.round(y * 100) / 100]);
}
