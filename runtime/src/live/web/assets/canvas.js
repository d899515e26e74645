// What all drawings share: sharp canvases, colours of the style sheet, and one place that redraws.

const reduced = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");
// With reduced motion, drawings that scroll move once a second.
const CALM = 1000;

const drawings = [];
let colours = {};
let asked = false;
let lastDrawn = 0;

function readColours() {
  const style = getComputedStyle(document.documentElement);
  const names = ["card", "ink", "muted", "line", "main", "audio", "camera"];
  colours = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

function drawAll() {
  asked = false;
  lastDrawn = performance.now();
  for (const drawing of drawings) drawing();
}

/** Redraws everything soon. */
export function redraw() {
  if (asked) return;
  asked = true;
  const wait = reduced.matches ? Math.max(0, lastDrawn + CALM - performance.now()) : 0;
  if (wait > 0) setTimeout(() => requestAnimationFrame(drawAll), wait);
  else requestAnimationFrame(drawAll);
}

/** Has `draw(context, width, height, colours)` called for a canvas whenever something is new, in pixels of the
 *  style sheet. */
export function drawing(canvas, draw) {
  const context = canvas.getContext("2d");
  let width = 0;
  let height = 0;
  const paint = () => {
    if (width === 0) return;
    const scale = devicePixelRatio || 1;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    draw(context, width, height, colours);
  };
  new ResizeObserver(() => {
    const scale = devicePixelRatio || 1;
    width = canvas.clientWidth;
    height = canvas.clientHeight;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    paint();
  }).observe(canvas);
  drawings.push(paint);
  return paint;
}

readColours();
dark.addEventListener("change", () => {
  readColours();
  redraw();
});
