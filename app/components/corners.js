// An outline that is set corner by corner and sent when it is closed. It belongs to the page, as
// the outbox does: a painter that is replaced meanwhile goes on with it.
const NEAR_PX = 6; // of the screen: this near to the first corner, a click closes the outline
const TWICE_MS = 400; // a second click at the same place within this time closes it as well

class Corners {
  points = [];
  about = null; // image, class and width it was begun with
  at = 0; // when the last corner was set

  // Takes a click; returns whether it closes the outline. `scale` is screen pixels a pixel.
  click(point, scale, about) {
    const near = (corner) => Math.hypot(point[0] - corner[0], point[1] - corner[1]) * scale <= NEAR_PX;
    const isTwice = this.points.length && near(this.points.at(-1)) && Date.now() - this.at < TWICE_MS;
    this.at = Date.now();
    if (this.points.length >= 3 && (isTwice || near(this.points[0]))) return true;
    if (isTwice) return false;
    if (!this.points.length) this.about = about;
    this.points.push(point);
    return false;
  }

  // Returns the gesture and is empty again; fewer than three corners are none.
  closed() {
    const set = this.points.splice(0);
    return set.length < 3 ? null : { ...this.about, what: "polygon", points: thinned(set, 0) };
  }

  draw(context, { color, pointer, thin }) {
    if (!this.points.length) return;
    const way = pointer ? [...this.points, pointer] : this.points;
    // A dark line below the coloured one: what is marked has the same colour.
    for (const [ink, wide] of [["rgba(0, 0, 0, .7)", 2.5 * thin], [color, thin]]) {
      context.strokeStyle = ink;
      traced(context, "corners", way, { thin: wide });
    }
    this.points.forEach(([x, y], at) => {
      for (const [ink, side] of [["rgba(0, 0, 0, .7)", 5 * thin], [at ? color : "#FFFFFF", 3.5 * thin]]) {
        context.fillStyle = ink;
        context.fillRect(x + 0.5 - side / 2, y + 0.5 - side / 2, side, side);
      }
    });
  }
}
