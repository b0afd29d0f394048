// The painter: shows a picture with what is marked, and sends what the hand did.
//
// It decides nothing: strokes, boxes and keys go to Python, which answers with the rectangle of the
// overlay that changed. Every gesture names the image it was made on and stays in the outbox until
// it is confirmed (outbox.js). `painter.py` puts this file behind the others it names.
const HELD = 3; // pictures and overlays that are kept for the way back
const LEAST_PX = 240; // height of a strip's canvas: room for the hand
const PATIENCE_MS = 1500; // a message may be overtaken by a page change and never be answered
const painters = new WeakMap();
const corners = (shared.corners ??= new Corners());

export default function (component) {
  const root = component.parentElement;
  let painter = painters.get(root);
  if (!painter || painter.frame !== root.querySelector(".painter")) {
    painter = new Painter(root);
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
    this.view = new View();
    this.stroke = null;
    this.pointer = null; // where the mouse is
    this.isBare = false; // nothing that is marked is shown
    for (const [target, name, act] of [
      [this.canvas, "pointerdown", (event) => this.down(event)],
      [this.canvas, "pointermove", (event) => this.move(event)],
      [this.canvas, "pointerup", (event) => this.up(event)],
      [this.canvas, "pointercancel", (event) => this.up(event)],
      [this.canvas, "lostpointercapture", (event) => this.up(event)],
      [this.canvas, "wheel", (event) => this.wheel(event)],
      [this.canvas, "contextmenu", (event) => event.preventDefault()],
      [this.frame, "keydown", (event) => this.key(event)],
    ]) {
      target.addEventListener(name, act, { passive: false });
    }
    this.watch = setInterval(() => this.remind(), PATIENCE_MS);
  }

  update(component) {
    const data = component.data;
    const isOther = this.data && String(this.data.image) !== String(data.image);
    if (isOther) {
      this.up(); // a stroke under way belongs to the image it was begun on
      this.view.scale = 0;
    }
    const isNew = !this.data;
    this.tell = (value) => component.setStateValue("hand", value);
    if (data.sight && data.sight.token !== this.data?.sight?.token) this.view.scale = 0;
    this.data = data;
    shared.current = this;
    confirmed(data.done);
    if (shared.chosen?.number <= data.done) shared.chosen = null; // Python tells it from now on
    // A key that Python has not heard of came after the toolbar.
    const isKeyed = shared.outbox.some((each) => each.what === "tool");
    if (!isKeyed && data.tool !== shared.told) this.take((shared.told = data.tool));
    if (corners.points.length && String(corners.about.image) !== String(data.image)) this.close();
    this.see(data);
    this.fit();
    this.draw();
    if (isNew && shared.outbox.length) this.send();
  }

  // Takes picture and overlay in; what is missing although Python left it out is asked for.
  see(data) {
    if (data.picture && !shared.pictures.has(data.name)) {
      const image = new Image();
      image.onload = () => this.draw();
      image.src = data.picture;
      shared.pictures.set(data.name, image);
    }
    if (!shared.overlays.has(data.overlay)) {
      const canvas = document.createElement("canvas");
      shared.overlays.set(data.overlay, { canvas, revision: 0, ready: Promise.resolve() });
    }
    const overlay = shared.overlays.get(data.overlay);
    const { patch, revision, done } = data;
    overlay.ready = overlay.ready
      .then(() => patch && revision > overlay.revision && applied(overlay, patch, revision))
      .then(() => {
        if (overlay.revision < revision) return this.send();
        shared.redrawn = Math.max(shared.redrawn, done);
        shared.traces = shared.traces.filter((each) => each.number > shared.redrawn);
        this.draw();
      });
    if (!shared.pictures.has(data.name)) this.send();
    for (const [kept, own] of [[shared.pictures, data.name], [shared.overlays, data.overlay]]) {
      for (const key of [...kept.keys()].slice(0, -HELD)) if (key !== own) kept.delete(key);
    }
  }

  remind() {
    if (!this.frame.isConnected) clearInterval(this.watch);
    else if (shared.current === this && shared.outbox.length && Date.now() - this.sent > PATIENCE_MS) this.send();
  }

  send() {
    this.sent = Date.now();
    this.tell(letter());
  }

  fit() {
    if (this.stroke && this.view.scale) return; // nothing moves under the hand; `up` comes back here
    const { canvas, data, view } = this;
    const before = { width: canvas.width, height: canvas.height };
    const width = Math.max(200, this.frame.clientWidth);
    const fits = Math.round((width * data.rows) / data.columns);
    const height = Math.min(data.height, Math.max(LEAST_PX, fits));
    if (before.width !== width || before.height !== height) {
      Object.assign(canvas, { width, height });
      view.resize(data, before, canvas);
    }
    if (view.scale) return;
    const { sight } = data;
    view.lay(data, sight && sight.token !== shared.left ? sight : null, canvas);
  }

  // The hand chose another part of the image: a painter that comes later does not turn back.
  leave() {
    shared.left = this.data.sight?.token;
  }

  down(event) {
    event.preventDefault();
    if (this.isOther(event) || event.button === 3 || event.button === 4) return; // back, forward
    this.up(); // one that was lost: the same pointer comes down again
    this.frame.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.stroke = {
      pointerId: event.pointerId,
      pans: event.button === 1 || event.button === 2,
      erases: event.button === 5, // a pen that was turned round
      from: this.view.at(this.canvas, event),
      points: [this.view.point(this.canvas, event)],
      shift: event.shiftKey,
    };
  }

  toolOf({ erases }) {
    return erases ? "eraser" : shared.tool;
  }

  // A palm beside the pen: while a stroke is under way, no other pointer does anything.
  isOther(event) {
    return this.stroke !== null && event.pointerId !== this.stroke.pointerId;
  }

  move(event) {
    if (this.isOther(event)) return;
    this.pointer = this.view.point(this.canvas, event);
    if (!this.stroke && !corners.points.length) return;
    if (!this.stroke) {
      // The line to the next corner follows the mouse.
    } else if (this.stroke.pans) {
      this.leave();
      const [[left, top], at] = [this.stroke.from, this.view.at(this.canvas, event)];
      this.view.pan(at[0] - left, at[1] - top);
      this.stroke.from = at;
    } else {
      for (const each of event.getCoalescedEvents?.() ?? [event]) this.stroke.points.push(this.view.point(this.canvas, each));
    }
    this.draw();
  }

  up(event) {
    if (event && this.isOther(event)) return;
    const stroke = this.stroke;
    this.stroke = null;
    if (!stroke) return;
    this.fit();
    if (stroke.pans) return this.draw();
    const what = this.toolOf(stroke);
    if (what === "polygon") {
      if (corners.click(stroke.points.at(-1), this.view.scale, this.about())) this.close();
      this.draw();
      return;
    }
    this.say({ what, points: thinned(stroke.points, 0.4), shift: stroke.shift });
  }

  // Sends the outline; one of fewer than three corners is dropped.
  close() {
    const outline = corners.closed();
    if (outline) this.say(outline);
  }

  take(tool) {
    if (tool !== shared.tool) this.close();
    shared.tool = tool;
  }

  // A key chose: Python hears of it, so that the toolbar shows what is in the hand.
  choose(tool) {
    this.take(tool);
    this.say({ what: "tool", tool });
  }

  wheel(event) {
    event.preventDefault();
    this.leave();
    this.view.zoom(this.canvas, event);
    this.draw();
  }

  key(event) {
    const told = meaning(event, { isOutlining: corners.points.length > 0 });
    if (!told) return;
    if (told.gesture) this.say(told.gesture);
    else if (told.tool) this.choose(told.tool);
    else if (told.outline === "close") this.close();
    else if (told.outline) corners.points = told.outline === "drop" ? [] : corners.points.slice(0, -1);
    else if (told.view === "bare") this.isBare = !this.isBare;
    else {
      this.leave();
      this.view.scale = 0;
      this.fit();
    }
    event.preventDefault();
    event.stopPropagation();
    this.draw();
  }

  // What every gesture tells. The class that a key chose counts at once, not when Python has answered.
  about() {
    const { image, class: told, width } = this.data;
    const isChosen = shared.chosen && String(shared.chosen.image) === String(image);
    return { image, class: isChosen ? shared.chosen.name : told, width };
  }

  say(gesture) {
    const about = this.about();
    if (gesture.what === "class") {
      about.class = this.data.classes[gesture.at]?.[0] ?? about.class;
      shared.chosen = { image: about.image, name: about.class };
    }
    const number = posted({ ...about, ...gesture });
    if (gesture.what === "class") shared.chosen.number = number;
    this.send();
    this.draw();
  }

  draw() {
    const { context, view, canvas, data } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    view.apply(context);
    const size = [0, 0, data.columns, data.rows];
    const picture = backdrop(this);
    const overlay = shared.overlays.get(data.overlay);
    if (picture) context.drawImage(picture, ...size);
    context.globalAlpha = this.isBare ? 0 : data.opacity;
    if (overlay?.revision) context.drawImage(overlay.canvas, ...size);
    context.globalAlpha = 0.6;
    const here = shared.traces.filter((each) => String(each.image) === String(data.image));
    for (const each of here) this.trace(each.what, each.points, each);
    const tool = this.stroke && !this.stroke.pans ? this.toolOf(this.stroke) : "polygon";
    if (tool !== "polygon") this.trace(tool, this.stroke.points, this.about());
    context.globalAlpha = 1;
    corners.draw(context, { color: this.ink("polygon", this.about().class), pointer: this.pointer, thin: 2 / view.scale });
    if (data.sight) ringed(context, data.sight, { color: data.colors.sight, thin: 2 / view.scale });
    const left = shared.outbox.length;
    const open = corners.points.length ? ` · ${corners.points.length} corners, Enter closes` : "";
    this.status.textContent = `${data.tools[shared.tool] ?? shared.tool}${open} · ${left ? "saving" : "saved"}`;
    this.status.dataset.saved = left ? "no" : "yes";
    this.status.dataset.corners = corners.points.length;
    this.status.dataset.drawn = shared.next;
    this.status.dataset.redrawn = shared.redrawn;
    this.status.dataset.opacity = data.opacity;
    this.status.dataset.image = data.image[1];
  }

  ink(tool, name) {
    const { colors, classes, class: chosen } = this.data;
    const own = new Map(classes);
    return colors[tool] ?? own.get(name) ?? own.get(chosen);
  }

  trace(tool, points, { width, class: name }) {
    this.context.strokeStyle = this.ink(tool, name);
    traced(this.context, tool, points, { width, thin: 2 / this.view.scale });
  }
}
