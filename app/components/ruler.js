// The ruler: a picture and one straight line over it, whose ends Python gets in the image's pixels.
//
// The wheel enlarges around the pointer, the right button moves; the left button draws a new line,
// or takes an end of the line that is there. Arrow keys move the end that was held last.
const NEAR_PX = 12; // of the screen, from the pointer to an end
const MOST = 16; // screen pixels an image pixel, at most
const COLOR = "#FFD60A";
const rulers = new WeakMap();

export default function (component) {
  const root = component.parentElement;
  let ruler = rulers.get(root);
  if (!ruler || ruler.frame !== root.querySelector(".ruler")) {
    ruler = new Ruler(root);
    rulers.set(root, ruler);
  }
  ruler.update(component);
}

class Ruler {
  constructor(root) {
    this.frame = root.querySelector(".ruler");
    this.canvas = root.querySelector("canvas");
    this.status = root.querySelector(".ruler-status");
    this.context = this.canvas.getContext("2d");
    this.line = null;
    this.held = 2; // where the end that moves stands in `line`
    this.drag = null;
    for (const [target, name, act] of [
      [this.canvas, "pointerdown", (event) => this.down(event)],
      [this.canvas, "pointermove", (event) => this.move(event)],
      [this.canvas, "pointerup", () => this.up()],
      [this.canvas, "pointercancel", () => this.up()],
      [this.canvas, "wheel", (event) => this.wheel(event)],
      [this.canvas, "contextmenu", (event) => event.preventDefault()],
      [this.frame, "keydown", (event) => this.key(event)],
    ]) {
      target.addEventListener(name, act, { passive: false });
    }
    new ResizeObserver(() => this.data && this.fit()).observe(this.frame);
  }

  update(component) {
    const data = component.data;
    this.tell = (value) => component.setStateValue("drawn", value);
    if (this.name !== data.name) {
      this.line = null;
      if (!data.picture) return this.tell({ held: "", line: null }); // it was not sent again
      this.name = data.name;
      this.image = new Image();
      this.image.onload = () => this.fit();
      this.image.src = data.picture;
    }
    this.data = data;
    if (this.image.complete) this.fit();
  }

  fit() {
    const { rows, columns, height } = this.data;
    const width = Math.max(200, this.frame.clientWidth);
    const scale = Math.min(width / columns, height / rows);
    const size = [width, Math.max(80, Math.round(rows * scale))];
    if (this.canvas.width !== size[0] || this.canvas.height !== size[1] || this.shown !== this.name) {
      [this.canvas.width, this.canvas.height] = size;
      this.shown = this.name;
      this.whole = scale;
      this.view = { scale, x: (width - columns * scale) / 2, y: 0 };
    }
    this.draw();
  }

  draw() {
    const { context, canvas, view } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingEnabled = view.scale < 2;
    const { rows, columns } = this.data;
    context.drawImage(this.image, view.x, view.y, columns * view.scale, rows * view.scale);
    const px = this.length();
    this.status.textContent = px ? `${px.toFixed(px < 100 ? 1 : 0)} pixels` : "Draw a line";
    if (!px) return;
    const [ax, ay, bx, by] = this.line.map((at, i) => at * view.scale + (i % 2 ? view.y : view.x));
    const long = Math.hypot(bx - ax, by - ay) || 1;
    const [nx, ny] = [(-(by - ay) / long) * 9, ((bx - ax) / long) * 9];
    context.beginPath();
    for (const [fx, fy, tx, ty] of [
      [ax, ay, bx, by], [ax - nx, ay - ny, ax + nx, ay + ny], [bx - nx, by - ny, bx + nx, by + ny],
    ]) {
      context.moveTo(fx, fy);
      context.lineTo(tx, ty);
    }
    for (const [color, wide] of [["rgba(0,0,0,.7)", 5], [COLOR, 2]]) {
      context.strokeStyle = color;
      context.lineWidth = wide;
      context.stroke();
    }
  }

  length() {
    const line = this.line;
    return line ? Math.hypot(line[2] - line[0], line[3] - line[1]) : 0;
  }

  // Where the pointer is, in the image's pixels, never outside of it.
  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const { x, y, scale } = this.view;
    const column = ((event.clientX - box.left) * this.canvas.width / box.width - x) / scale;
    const row = ((event.clientY - box.top) * this.canvas.height / box.height - y) / scale;
    const { rows, columns } = this.data;
    return [Math.min(Math.max(column, 0), columns), Math.min(Math.max(row, 0), rows)];
  }

  down(event) {
    event.preventDefault();
    this.frame.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    if (event.button !== 0) {
      this.drag = { kind: "pan", x: event.clientX, y: event.clientY };
      return;
    }
    const at = this.place(event);
    const near = (end) => this.line &&
      Math.hypot(at[0] - this.line[end], at[1] - this.line[end + 1]) * this.view.scale < NEAR_PX;
    this.held = near(0) ? 0 : 2;
    if (!near(0) && !near(2)) this.line = [...at, ...at];
    this.drag = { kind: "line" };
  }

  move(event) {
    if (!this.drag) return;
    if (this.drag.kind === "pan") {
      this.view.x += event.clientX - this.drag.x;
      this.view.y += event.clientY - this.drag.y;
      this.drag = { kind: "pan", x: event.clientX, y: event.clientY };
    } else {
      this.line.splice(this.held, 2, ...this.place(event));
    }
    this.draw();
  }

  up() {
    if (this.drag?.kind === "line") this.send();
    this.drag = null;
  }

  wheel(event) {
    event.preventDefault();
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const wanted = this.view.scale * Math.exp(-event.deltaY / 400);
    const scale = Math.min(Math.max(wanted, this.whole), MOST);
    const grown = scale / this.view.scale;
    this.view = { scale, x: x - (x - this.view.x) * grown, y: y - (y - this.view.y) * grown };
    if (scale === this.whole) this.shown = null; // the whole picture stands in the middle again
    this.fit();
  }

  key(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!step || !this.line) return;
    event.preventDefault();
    this.line[this.held] += step[0];
    this.line[this.held + 1] += step[1];
    this.draw();
    this.send();
  }

  send() {
    this.tell({ held: this.name, line: this.length() ? this.line.slice() : null });
  }
}
