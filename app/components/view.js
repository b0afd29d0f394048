// The view: where the image lies on the canvas, and how large.
class View {
  x = 0;
  y = 0;
  scale = 0; // screen pixels a pixel of the image; 0: it is laid anew

  // Lays the whole image, or the place to look at, into the middle of the canvas.
  lay({ rows, columns }, sight, { width, height }) {
    const [x, y] = sight ? sight.at : [columns / 2 - 0.5, rows / 2 - 0.5];
    const whole = Math.min(width / columns, height / rows);
    this.scale = sight ? Math.min(Math.max(Math.min(width, height) / sight.span, whole), 64) : whole;
    this.x = width / 2 - (x + 0.5) * this.scale;
    this.y = height / 2 - (y + 0.5) * this.scale;
  }

  // From the screen to pixels of the image; a pixel's centre lies at whole numbers.
  point(canvas, event) {
    const box = canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) * canvas.width) / box.width;
    const y = ((event.clientY - box.top) * canvas.height) / box.height;
    return [(x - this.x) / this.scale - 0.5, (y - this.y) / this.scale - 0.5];
  }

  pan(right, down) {
    this.x += right;
    this.y += down;
  }

  // What lies under the mouse stays there.
  zoom(canvas, event) {
    const box = canvas.getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
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
