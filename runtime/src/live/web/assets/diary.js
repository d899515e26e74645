// What was recognised and what happened, the newest first.

import { ago, evidenceWords } from "./words.js";

const element = (id) => document.getElementById(id);

function timed(time, ...content) {
  const line = document.createElement("li");
  const when = document.createElement("time");
  when.dataset.time = time;
  line.append(when, ...content);
  return line;
}

function eventLine(event) {
  const label = document.createElement("b");
  label.textContent = event.label;
  const words = document.createElement("span");
  words.className = "words";
  words.textContent = `, ${event.confidence.toFixed(2)}, ${evidenceWords(event.evidence)}`;
  const line = timed(event.since, label, words);
  Object.assign(line.dataset, { label: event.label, evidence: event.evidence });
  return line;
}

export function showDiary({ events, notices }) {
  if (events.length > 0) element("events").replaceChildren(...events.map(eventLine).reverse());
  const lines = notices.map(({ time, message }) => timed(time, message));
  if (lines.length > 0) element("notices").replaceChildren(...lines.reverse());
}

export function showAges(now) {
  for (const when of document.querySelectorAll("time[data-time]")) {
    const text = ago(now - Number(when.dataset.time));
    if (when.textContent !== text) when.textContent = text;
  }
}
