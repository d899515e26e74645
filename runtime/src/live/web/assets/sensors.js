// How each sensor is, and how much it counts.

import { corruptionWords, percent } from "./words.js";

const SENSORS = {
  camera: { id: "camera-status", title: "Camera" },
  audio: { id: "microphone-status", title: "Microphone" },
};
const SICK_BELOW = 0.5;
const parts = {};

function make(kind, className, text = "") {
  const made = document.createElement(kind);
  made.className = className;
  made.textContent = text;
  return made;
}

function bar(list, title) {
  const fill = make("span", "");
  const track = make("dd", "bar");
  track.append(fill);
  const number = make("dd", "number");
  list.append(make("dt", "", title), track, number);
  return { fill, number };
}

function build(sensor) {
  const { id, title } = SENSORS[sensor];
  const card = document.getElementById(id);
  const heading = make("h2", "", title);
  const status = make("span", "");
  heading.append(status);
  const name = make("p", "name");
  const list = make("dl", "");
  const health = bar(list, "health");
  const attention = bar(list, "attention");
  const chip = make("p", "chip");
  card.replaceChildren(heading, name, list, chip);
  return { card, status, name, health, attention, chip };
}

function stateOf({ condition, health, reason }) {
  if (condition === "opening") return ["opening", "opening"];
  if (condition === "lost") return ["lost", "lost"];
  if (condition === "ended") return ["ended", "has ended"];
  if (health < SICK_BELOW) return ["sick", reason ?? "unwell"];
  return ["well", "well"];
}

function spoiledWords({ corruption, severity }) {
  // A sensor is there or is not.
  return corruption.endsWith("/missing") ? "unplugged" : `${corruptionWords(corruption)}, severity ${severity}`;
}

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function showSensor(sensor, told, spoiled) {
  const part = (parts[sensor] ??= build(sensor));
  part.card.hidden = told === null;
  if (told === null) return;
  const [state, words] = stateOf(told);
  Object.assign(part.card.dataset, { state, condition: told.condition, reason: told.reason ?? "" });
  set(part.status, words);
  set(part.name, told.detail ? (state === "lost" ? told.detail : `${told.name}, ${told.detail}`) : told.name);
  part.health.fill.style.width = `${told.health * 100}%`;
  set(part.health.number, told.health.toFixed(2));
  const share = told.validity > 0 ? (told.share ?? 0) : 0;
  part.attention.fill.style.width = `${share * 100}%`;
  set(part.attention.number, told.validity > 0 ? percent(share) : "left out");
  const mine = spoiled.filter((one) => one.sensor === sensor || one.sensor === null);
  part.chip.hidden = mine.length === 0;
  const list = mine.map(spoiledWords);
  set(part.chip, `spoiled on purpose: ${list.join("; ")}`);
}

export function showSensors({ sensors, spoiled }) {
  for (const sensor of Object.keys(SENSORS)) showSensor(sensor, sensors[sensor], spoiled);
}
