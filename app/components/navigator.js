// The navigator: a large image, as much of it and as sharp as the screen can show.
//
// The whole is one small picture; where the eye comes nearer, Python is asked for the rectangle that
// is seen, at the size it is seen, and it is drawn on top. A click says where to mark.
const PATIENCE_MS = 160; // the hand rests: what is seen now is asked for
const LEAST_PX = 240; // height of a strip's canvas: room for the hand
const MAP_PX = 130; // longer side of the small map in the corner
const HELD = 24; // rectangles that are kept for the way back
const navigators = new WeakMap();

export default function (component) {
  const root = component.parentElement;
  let navigator = navigators.get(root);
  if (!navigator || navigator.frame !== root.querySelector(".navigator")) {
    navigator = new Navigator(root);
    navigators.set(root, navigator);
  }
  navigator.update(component);
}

class Navigator {
  constructor(root) {
    this.frame = root.querySelector(".navigator");
    this.canvas = root.querySelector("canvas");
    this.status = root.querySelector(".navigator-status");
    this.context = this.canvas.getContext("2d");
    this.pictures = new Map(); // name -> picture, window and look
    this.view = { x: 0, y: 0, scale: 0 };
    for (const [target, name, act] of [
      [this.canvas, "pointerdown", (event) => this.down(event)],
      [this.canvas, "pointermove", (event) => this.move(event)],
      [this.canvas, "pointerup", (event) => this.up(event)],
      [this.canvas, "wheel", (event) => this.wheel(event)],
      [this.frame, "keydown", (event) => this.key(event)],
    ]) {
      target.addEventListener(name, act, { passive: false });
    }
  }

  update(component) {
    const { data } = component;
    if (this.data?.image !== data.image) {
      this.view.scale = 0;
      this.pictures.clear();
    }
    this.tell = (name, value) => component.setStateValue(name, value);
    this.data = data;
    for (const each of [data.whole, data.detail, data.marks]) if (each) this.hold(each);
    this.fit();
    this.draw();
  }

  hold({ name, url, window, look }) {
    if (this.pictures.has(name)) return;
    if (!url) return void (this.wants = setTimeout(() => this.ask(), PATIENCE_MS));
    const picture = new Image();
    picture.onload = () => this.draw();
    picture.src = url;
    this.pictures.set(name, { picture, window, look });
    const { whole, marks } = this.data;
    for (const key of [...this.pictures.keys()].slice(0, -HELD)) {
      if (key !== whole.name && key !== marks?.name) this.pictures.delete(key);
    }
  }

  fit() {
    const { rows, columns, height: most } = this.data;
    const width = Math.max(200, this.frame.clientWidth);
    const height = Math.min(most, Math.max(LEAST_PX, Math.round((width * rows) / columns)));
    if (this.canvas.width !== width || this.canvas.height !== height) {
      Object.assign(this.canvas, { width, height });
      this.view.scale = 0;
    }
    if (!this.view.scale) {
      const scale = Math.min(width / columns, height / rows);
      this.view = { x: (width - columns * scale) / 2, y: (height - rows * scale) / 2, scale };
    }
  }

  // From the screen to pixels of the image.
  point(event) {
    const box = this.canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) * this.canvas.width) / box.width;
    const y = ((event.clientY - box.top) * this.canvas.height) / box.height;
    return [(x - this.view.x) / this.view.scale, (y - this.view.y) / this.view.scale];
  }

  down(event) {
    event.preventDefault();
    this.frame.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.hand = { at: [event.clientX, event.clientY], moved: 0 };
  }

  move(event) {
    if (!this.hand) return;
    const [x, y] = this.hand.at;
    this.hand.moved += Math.abs(event.clientX - x) + Math.abs(event.clientY - y);
    this.hand.at = [event.clientX, event.clientY];
    this.turn(this.view.x + event.clientX - x, this.view.y + event.clientY - y, this.view.scale);
  }

  up(event) {
    const clicked = this.hand && this.hand.moved < 5;
    this.hand = null;
    if (!clicked || !this.data.part) return;
    const [x, y] = this.point(event);
    this.tell("picked", { image: this.data.image, column: Math.round(x), row: Math.round(y) });
  }

  wheel(event) {
    event.preventDefault();
    const box = this.canvas.getBoundingClientRect();
    const factor = Math.min(Math.max(Math.exp(-event.deltaY / 400), 0.5), 2);
    this.zoom(factor, event.clientX - box.left, event.clientY - box.top);
  }

  zoom(factor, x = this.canvas.width / 2, y = this.canvas.height / 2) {
    const least = Math.min(this.canvas.width / this.data.columns, this.canvas.height / this.data.rows) / 2;
    const scale = Math.min(Math.max(this.view.scale * factor, least), 32);
    const times = scale / this.view.scale;
    this.turn(x - (x - this.view.x) * times, y - (y - this.view.y) * times, scale);
  }

  turn(x, y, scale) {
    this.view = { x, y, scale };
    this.draw();
    clearTimeout(this.wants);
    this.wants = setTimeout(() => this.ask(), PATIENCE_MS);
  }

  key(event) {
    const step = this.canvas.height / 4;
    const ways = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in ways) {
      this.turn(this.view.x + ways[event.key][0], this.view.y + ways[event.key][1], this.view.scale);
    } else if (event.key === "+" || event.key === "-") {
      this.zoom(event.key === "+" ? 1.5 : 1 / 1.5);
    } else if (event.key === "0") {
      this.view.scale = 0;
      this.fit();
      this.draw();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  // Tells what is seen, where the whole's picture is too coarse for it, and what need not come again.
  ask() {
    const { columns, rows, whole } = this.data;
    const { x, y, scale } = this.view;
    const bound = (value, most) => Math.min(Math.max(value, 0), most);
    const [left, right] = [bound(-x / scale, columns), bound((this.canvas.width - x) / scale, columns)];
    const [top, bottom] = [bound(-y / scale, rows), bound((this.canvas.height - y) / scale, rows)];
    const isCoarse = scale * Math.max(columns, rows) > whole.side && right > left && bottom > top;
    const window = isCoarse ? [top, left, bottom, right].map(Math.round) : null;
    const side = Math.round(Math.max(right - left, bottom - top) * scale);
    this.tell("seen", { image: this.data.image, window, side, held: [...this.pictures.keys()] });
  }

  draw() {
    const { context, view, canvas, data } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(view.scale, 0, 0, view.scale, view.x, view.y);
    context.imageSmoothingEnabled = view.scale < 2;
    const whole = this.pictures.get(data.whole.name)?.picture ?? this.before;
    if (whole?.complete) context.drawImage((this.before = whole), 0, 0, data.columns, data.rows);
    const isSharp = (each) => each.picture.complete && each.window && each.look === data.whole.name;
    for (const { picture, window } of [...this.pictures.values()].filter(isSharp)) {
      const [top, left, bottom, right] = window;
      context.drawImage(picture, left, top, right - left, bottom - top);
    }
    const marks = data.marks && this.pictures.get(data.marks.name)?.picture;
    if (marks?.complete) context.drawImage(marks, 0, 0, data.columns, data.rows);
    if (data.part) this.frameOf(data.part, 2.5 / view.scale);
    this.map(whole);
    this.status.textContent = `${Math.round(view.scale * 100)} %`;
    const sharp = this.pictures.get(data.detail?.name);
    this.status.dataset.image = data.image;
    this.status.dataset.drawn = whole?.complete ? "yes" : "";
    this.status.dataset.sharp = sharp?.picture.complete ? data.detail.name : "";
  }

  // Where on the whole one is, in a corner.
  map(whole) {
    const { context, view, canvas, data } = this;
    const fits = Math.min(canvas.width / data.columns, canvas.height / data.rows);
    if (!whole?.complete || view.scale < 1.5 * fits) return;
    const scale = MAP_PX / Math.max(data.columns, data.rows);
    context.setTransform(scale, 0, 0, scale, canvas.width - data.columns * scale - 10, 10);
    context.drawImage(whole, 0, 0, data.columns, data.rows);
    if (data.part) this.frameOf(data.part, 1.5 / scale);
    context.lineWidth = 1.5 / scale;
    context.strokeStyle = "#fff";
    context.strokeRect(0, 0, data.columns, data.rows);
    const [left, top] = [Math.max(0, -view.x / view.scale), Math.max(0, -view.y / view.scale)];
    const right = Math.min(data.columns, (canvas.width - view.x) / view.scale);
    const bottom = Math.min(data.rows, (canvas.height - view.y) / view.scale);
    context.strokeRect(left, top, right - left, bottom - top);
  }

  frameOf([top, left, rows, columns], wide) {
    const { context } = this;
    context.lineWidth = 2 * wide;
    context.strokeStyle = "rgba(0, 0, 0, .6)";
    context.strokeRect(left, top, columns, rows);
    context.lineWidth = wide;
    context.strokeStyle = this.data.color;
    context.strokeRect(left, top, columns, rows);
  }
}
