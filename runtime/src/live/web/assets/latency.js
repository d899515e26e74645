// How old answers are, and what the time goes into.

import { drawing } from "./canvas.js";
import { millis } from "./words.js";

const element = (id) => document.getElementById(id);
const BINS_PER_OCTAVE = 4;
const TICKS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000];
const STAGES = ["waiting", "window", "health", "hearing", "seeing", "fusion"];
// Bins to the left and right of those that hold something.
const MARGIN = 3;
const FEWEST = 20;
let ages = null;

const place = (ms) => Math.log2(ms) * BINS_PER_OCTAVE;

/** Which bins to show: those with something in them, some more beside, and never too few. */
function range(bins) {
  const used = bins.flatMap((count, bin) => (count > 0 ? [bin] : []));
  if (used.length === 0) return [0, FEWEST];
  let [low, high] = [used[0] - MARGIN, used.at(-1) + 1 + MARGIN];
  const more = Math.max(0, FEWEST - (high - low)) / 2;
  low = Math.max(0, Math.floor(low - more));
  high = Math.min(bins.length, Math.max(high + Math.ceil(more), low + FEWEST));
  return [low, high];
}

drawing(element("latency"), (context, width, height, colours) => {
  if (!ages) return;
  const floor = height - 18;
  const [low, high] = range(ages.bins);
  const most = Math.max(1, ...ages.bins);
  const x = (bin) => ((bin - low) / (high - low)) * width;
  context.fillStyle = colours.main;
  ages.bins.slice(low, high).forEach((count, i) => {
    if (count === 0) return;
    const tall = Math.max(2, (count / most) * (floor - 6));
    context.fillRect(x(low + i) + 1, floor - tall, x(low + i + 1) - x(low + i) - 2, tall);
  });
  context.fillStyle = colours.line;
  context.fillRect(0, floor, width, 1);
  context.fillStyle = colours.muted;
  context.font = "12px system-ui, sans-serif";
  context.textAlign = "center";
  for (const tick of TICKS) {
    const at = x(place(tick));
    if (at < 16 || at > width - 22) continue;
    context.fillRect(at, floor, 1, 4);
    context.fillText(tick < 1000 ? `${tick} ms` : `${tick / 1000} s`, at, height - 2);
  }
});

function showStages({ wait, window, health, encode, fusion }) {
  const times = [wait, window, health, encode.audio, encode.camera, fusion];
  const bar = element("stages");
  const legend = element("stage-legend");
  if (bar.childElementCount === 0) {
    for (const [i, name] of STAGES.entries()) {
      const part = document.createElement("span");
      const line = document.createElement("li");
      part.className = line.className = `s${i}`;
      line.dataset.stage = name;
      bar.append(part);
      legend.append(line);
    }
  }
  times.forEach((time, i) => {
    bar.children[i].style.flexGrow = time;
    legend.children[i].textContent = `${STAGES[i]} ${millis(time)}`;
  });
}

// Numbers that change ten times a second cannot be read.
const READABLE = 1000;
let lastShown = -READABLE;

export function showLatency(moment) {
  ages = moment.ages;
  const now = performance.now();
  if (now - lastShown < READABLE) return;
  lastShown = now;
  element("p50").textContent = millis(ages.p50);
  element("p99").textContent = millis(ages.p99);
  showStages(moment.stages);
  const { hop, stride, per_second } = moment.rates;
  const slow = stride > 1 ? ` This machine is too slow for one every ${Math.round(hop)} ms.` : "";
  element("rates").textContent =
    `${per_second.toFixed(1)} answers a second, one every ${Math.round(hop * stride)} ms.${slow}`;
}
