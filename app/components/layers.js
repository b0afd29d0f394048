// What lies below the hand: the picture, and the overlay that is put together from rectangles.

// The picture to draw: while another look of the same image is on its way, the one before.
function backdrop(painter) {
  const image = String(painter.data.image);
  const picture = shared.pictures.get(painter.data.name);
  if (picture?.complete) painter.behind = { picture, image };
  return painter.behind?.image === image ? painter.behind.picture : null;
}

// Puts the rectangle into the overlay; one that lacks what came before it is left out.
async function applied(overlay, patch, revision) {
  if (overlay.revision < patch.since) return;
  const image = new Image();
  image.src = patch.png;
  await image.decode();
  const [top, left, bottom, right] = patch.window;
  if (!patch.since) {
    overlay.canvas.width = right;
    overlay.canvas.height = bottom;
  }
  const context = overlay.canvas.getContext("2d");
  context.clearRect(left, top, right - left, bottom - top);
  context.drawImage(image, left, top);
  overlay.revision = revision;
}
