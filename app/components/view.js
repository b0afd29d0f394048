// The view: where the image lies on the canvas, and how large.

// The scale at which the whole image fits.
function fitting({ rows, columns }, { width, height }) {
  return Math.min(width / columns, height / rows);
}

class View {
  x = 0;
  y = 0;
  scale = 0; // screen pixels a pixel of the image; 0: it is laid anew

  // Lays the whole image, or the place to look at, into the middle of the canvas.
  lay(image, sight, canvas) {
    const { width, height } = canvas;
    const [x, y] = sight ? sight.at : [image.columns / 2 - 0.5, image.rows / 2 - 0.5];
    const whole = fitting(image, canvas);
    this.scale = sight ? Math.min(Math.max(Math.min(width, height) / sight.span, whole), 64) : whole;
    this.x = width / 2 - (x + 0.5) * this.scale;
    this.y = height / 2 - (y + 0.5) * this.scale;
  }

  // The canvas has another size than before: what lies in its middle stays there, and as large as it
  // is; an image that was seen whole is seen whole again.
  resize(image, before, canvas) {
    if (!this.scale) return;
    const whole = fitting(image, canvas);
    const scale = this.scale > fitting(image, before) ? Math.max(this.scale, whole) : whole;
    this.x = canvas.width / 2 - ((before.width / 2 - this.x) * scale) / this.scale;
    this.y = canvas.height / 2 - ((before.height / 2 - this.y) * scale) / this.scale;
    this.scale = scale;
  }

  // From the screen to pixels of the canvas: the page may show it larger or smaller than it is.
  at(canvas, event) {
    const box = canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) * canvas.width) / box.width;
    const y = ((event.clientY - box.top) * canvas.height) / box.height;
    return [x, y];
  }

  // From the screen to pixels of the image; a pixel's centre lies at whole numbers.
  point(canvas, event) {
    const [x, y] = this.at(canvas, event);
    return [(x - this.x) / this.scale - 0.5, (y - this.y) / this.scale - 0.5];
  }

  pan(right, down) {
    this.x += right;
    this.y += down;
  }

  // What lies under the mouse stays there.
  zoom(canvas, event) {
    const [x, y] = this.at(canvas, event);
    const factor = Math.min(Math.max(Math.exp(-event.deltaY / 400), 0.5), 2);
    const scale = Math.min(Math.max(this.scale * factor, 0.02), 64);
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
  }

  // Lets what is drawn from now on be in pixels of the image.
  apply(context) {
    context.setTransform(this.scale, 0, 0, this.scale, this.x, this.y);
    context.imageSmoothingEnabled = this.scale < 2;
  }
}
