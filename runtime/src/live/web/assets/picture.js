// What the camera sees, with a frame around what the model looks at.

import { drawing } from "./canvas.js";

const element = (id) => document.getElementById(id);
// Of the space that the picture gets; a narrower one stands in the middle of it.
const NARROWEST = 4 / 3;
let looked = null;
let bitmap = null;
let present = false;
let decoding = false;

const paint = drawing(element("camera"), (context, width, height) => {
  if (!bitmap || !present) return;
  const scale = Math.min(width / bitmap.width, height / bitmap.height);
  const [w, h] = [bitmap.width * scale, bitmap.height * scale];
  const [left, top] = [(width - w) / 2, (height - h) / 2];
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, left, top, w, h);
  if (looked) drawFrame(context, left, top, w, h);
});

/** The largest centred rectangle of the encoder's shape inside the crop. */
function seen(left, top, width, height) {
  const { crop, aspect } = looked;
  const [cw, ch] = [crop.width * width, crop.height * height];
  const w = Math.min(cw, ch * aspect);
  const h = w / aspect;
  return [left + crop.x * width + (cw - w) / 2, top + crop.y * height + (ch - h) / 2, w, h];
}

function drawFrame(context, left, top, width, height) {
  const [x, y, w, h] = seen(left, top, width, height);
  context.fillStyle = "rgb(8 7 15 / 38%)";
  context.beginPath();
  context.rect(left, top, width, height);
  context.rect(x, y, w, h);
  context.fill("evenodd");
  const inset = 10;
  const arm = Math.min(w, h) * 0.12;
  const [x0, y0, x1, y1] = [x + inset, y + inset, x + w - inset, y + h - inset];
  context.beginPath();
  for (const [cx, cy, dx, dy] of [[x0, y0, 1, 1], [x1, y0, -1, 1], [x1, y1, -1, -1], [x0, y1, 1, -1]]) {
    context.moveTo(cx + dx * arm, cy);
    context.lineTo(cx, cy);
    context.lineTo(cx, cy + dy * arm);
  }
  context.lineCap = context.lineJoin = "round";
  for (const [style, line] of [["rgb(8 7 15 / 55%)", 6], ["#fff", 3]]) {
    context.strokeStyle = style;
    context.lineWidth = line;
    context.stroke();
  }
}

export function setLooked(hasCamera, part) {
  element("picture").parentElement.hidden = !hasCamera;
  looked = part;
}

/** A JPEG file; left out while the one before is still being decoded. */
export async function showPicture(bytes) {
  if (decoding) return;
  decoding = true;
  try {
    const next = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
    bitmap?.close();
    bitmap = next;
    element("picture").style.aspectRatio = Math.max(bitmap.width / bitmap.height, NARROWEST);
    paint();
  } finally {
    decoding = false;
  }
}

export function showPresence({ picture, sensors }) {
  present = picture;
  const camera = sensors.camera;
  const veil = element("veil");
  veil.hidden = picture;
  veil.textContent = camera === null ? "No camera in use" : "No picture from the camera";
  element("hint").hidden = !picture || looked === null;
  element("picture").dataset.picture = picture;
  if (!picture) paint();
}
