// Attention and health over the last half minute.

import { drawing } from "./canvas.js";

const SECONDS = 30;
const SICK_BELOW = 0.5;
// A longer time without an answer is a gap, seconds.
const GAP = 1.5;
const points = [];

export function addToStrips({ time, sensors, spoiled }) {
  const last = points.at(-1);
  if (last && time < last.time) points.length = 0;
  const share = (sensor) => (sensors[sensor]?.validity > 0 ? (sensors[sensor].share ?? 0) : 0);
  const spoils = (sensor) => spoiled.some((one) => one.sensor === sensor || one.sensor === null);
  points.push({
    time,
    audio: { share: share("audio"), health: sensors.audio?.health ?? null, spoiled: spoils("audio") },
    camera: { share: share("camera"), health: sensors.camera?.health ?? null, spoiled: spoils("camera") },
  });
  while (points[0].time < time - SECONDS) points.shift();
}

/** Points that follow one another without a gap. */
function* stretches() {
  let begin = 0;
  for (let end = 1; end <= points.length; end++) {
    if (end === points.length || points[end].time - points[end - 1].time > GAP) {
      yield points.slice(begin, end);
      begin = end;
    }
  }
}

function placer(width) {
  const now = points.at(-1)?.time ?? 0;
  return (point) => width * (1 - (now - point.time) / SECONDS);
}

function grid(context, width, height, colours, lines) {
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  context.beginPath();
  for (const y of lines) {
    const at = Math.min(Math.max(Math.round(y) + 0.5, 0.5), height - 0.5);
    context.moveTo(0, at);
    context.lineTo(width, at);
  }
  context.stroke();
}

/** The area between two shares, in steps as the answers came. */
function area(context, stretch, place, low, high, colour) {
  context.fillStyle = colour;
  context.beginPath();
  for (const point of stretch) context.lineTo(place(point), high(point));
  for (const point of [...stretch].reverse()) context.lineTo(place(point), low(point));
  context.fill();
}

drawing(document.getElementById("attention"), (context, width, height, colours) => {
  const place = placer(width);
  const y = (share) => height * (1 - share);
  for (const stretch of stretches()) {
    const audio = (point) => y(point.audio.share);
    const both = (point) => y(point.audio.share + point.camera.share);
    area(context, stretch, place, () => height, audio, colours.audio);
    area(context, stretch, place, audio, both, colours.camera);
  }
  grid(context, width, height, colours, [0, height]);
  context.globalAlpha = 0.5;
  grid(context, width, height, colours, [height / 2]);
  context.globalAlpha = 1;
});

drawing(document.getElementById("health"), (context, width, height, colours) => {
  const place = placer(width);
  // Room for two rows that say what is spoiled.
  const top = 4;
  const bottom = height - 14;
  const y = (health) => bottom - (bottom - top) * health;
  grid(context, width, height, colours, [y(1), y(0)]);
  context.setLineDash([3, 4]);
  grid(context, width, height, { line: colours.muted }, [y(SICK_BELOW)]);
  context.setLineDash([]);
  context.lineWidth = 2.2;
  context.lineJoin = "round";
  for (const [row, sensor] of ["audio", "camera"].entries()) {
    // Two that are equally well stay apart.
    const shift = row === 0 ? 1.2 : -1.2;
    context.strokeStyle = context.fillStyle = colours[sensor];
    for (const stretch of stretches()) {
      context.beginPath();
      for (const point of stretch) {
        const health = point[sensor].health;
        if (health !== null) context.lineTo(place(point), y(health) + shift);
      }
      context.stroke();
      for (let i = 1; i < stretch.length; i++) {
        if (!stretch[i][sensor].spoiled) continue;
        const from = place(stretch[i - 1]);
        context.fillRect(from, height - 9 + row * 5, place(stretch[i]) - from - 0.5, 4);
      }
    }
  }
});
