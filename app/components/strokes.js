// Strokes: points in pixels of the image, thinned out before they are sent, traced until they are
// part of the overlay.
const WIDE = ["brush", "eraser", "teach", "ground"];

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

// Draws the way of the hand; `thin` is the width of a line of two pixels of the screen.
function traced(context, tool, points, { width, thin }) {
  const [first, last] = [points[0], points[points.length - 1]];
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = WIDE.includes(tool) ? width : thin;
  context.beginPath();
  if (tool === "box") {
    context.rect(first[0] + 0.5, first[1] + 0.5, last[0] - first[0], last[1] - first[1]);
  } else {
    context.moveTo(first[0] + 0.5, first[1] + 0.5);
    for (const [x, y] of points) context.lineTo(x + 0.5, y + 0.5);
    if (tool === "polygon") context.closePath();
    else context.lineTo(last[0] + 0.5, last[1] + 0.501);
  }
  context.stroke();
}

// Draws a ring around the place to look at.
function ringed(context, { at: [x, y], span }, { color, thin }) {
  context.beginPath();
  context.arc(x + 0.5, y + 0.5, Math.max(0.22 * span, 5 * thin), 0, 2 * Math.PI);
  for (const [stroke, width] of [["rgba(0, 0, 0, .6)", 2 * thin], [color, thin]]) {
    context.strokeStyle = stroke;
    context.lineWidth = width;
    context.stroke();
  }
}
