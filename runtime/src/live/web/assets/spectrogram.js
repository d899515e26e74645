// The spectrogram that scrolls by, and the level.

import { drawing } from "./canvas.js";

const element = (id) => document.getElementById(id);
const SECONDS = 10;
const PER_SECOND = 100;
const COLUMNS = SECONDS * PER_SECOND;
// dB; what is quieter is an empty meter.
const QUIETEST = -60;

// From black over violet and orange to a light yellow, evenly brighter; as in the report.
const STOPS = [[8, 6, 20], [85, 20, 110], [185, 55, 85], [248, 140, 40], [252, 252, 180]];
const HEAT = Uint32Array.from({ length: 256 }, (_, value) => {
  const at = (value / 255) * (STOPS.length - 1);
  const low = Math.min(Math.floor(at), STOPS.length - 2);
  const mix = (c) => Math.round(STOPS[low][c] + (at - low) * (STOPS[low + 1][c] - STOPS[low][c]));
  return (255 << 24) | (mix(2) << 16) | (mix(1) << 8) | mix(0);
});

// A ring: the next column goes to `head`, which is also where the oldest is.
const ring = document.createElement("canvas");
ring.width = COLUMNS;
ring.height = 1;
let context = ring.getContext("2d", { willReadFrequently: true });
let head = 0;

drawing(element("spectrogram"), (target, width, height) => {
  const scale = width / COLUMNS;
  const old = COLUMNS - head;
  if (old > 0) target.drawImage(ring, head, 0, old, ring.height, 0, 0, old * scale, height);
  if (head > 0) target.drawImage(ring, 0, 0, head, ring.height, old * scale, 0, head * scale, height);
});

/** A message of columns: kind, bands, columns, and then a byte for each band of each column. */
export function addColumns(message) {
  const [, bands, count] = message;
  if (bands > 0 && ring.height !== bands) {
    // Empties the ring, too.
    ring.height = bands;
    context = ring.getContext("2d", { willReadFrequently: true });
  }
  const image = bands > 0 ? paint(message.subarray(3), bands, count) : null;
  const first = Math.min(count, COLUMNS - head);
  put(image, 0, first, head);
  put(image, first, count - first, 0);
  head = (head + count) % COLUMNS;
}

function paint(values, bands, count) {
  const image = new ImageData(count, bands);
  const pixels = new Uint32Array(image.data.buffer);
  for (let column = 0; column < count; column++) {
    for (let band = 0; band < bands; band++) {
      pixels[(bands - 1 - band) * count + column] = HEAT[values[column * bands + band]];
    }
  }
  return image;
}

/** Without an image there was no sound: what was there is wiped. */
function put(image, from, count, at) {
  if (count <= 0) return;
  if (image) context.putImageData(image, at - from, 0, from, 0, count, ring.height);
  else context.clearRect(at, 0, count, ring.height);
}

export function showLevel(level) {
  const meter = element("level");
  const heard = level !== null;
  const shown = heard ? Math.max(level, QUIETEST) : QUIETEST;
  element("level-bar").style.width = `${(1 - shown / QUIETEST) * 100}%`;
  const text = heard ? `${Math.round(level)} dB`.replace("-", "−") : "no sound";
  element("level-shown").textContent = text;
  meter.setAttribute("aria-valuenow", Math.round(shown));
  meter.setAttribute("aria-valuetext", text);
}
