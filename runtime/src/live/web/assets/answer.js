// The answer, large.

import { evidenceWords } from "./words.js";

const element = (id) => document.getElementById(id);
const WORDS = { nothing: "nothing", unsure: "unsure", "no-sensor": "no sensor" };
let spoken = "";

export function showAnswer({ smoothed, evidence, truth }) {
  const { verdict, label, confidence } = smoothed;
  const answer = element("answer");
  const text = label ?? WORDS[verdict];
  if (answer.textContent !== text) answer.textContent = text;
  answer.dataset.verdict = verdict;
  answer.dataset.label = label ?? "";
  const known = verdict !== "no-sensor";
  element("confidence").textContent = known ? confidence.toFixed(2) : "";
  element("confidence-bar").style.width = `${known ? confidence * 100 : 0}%`;
  const words = known ? evidenceWords(evidence) : "neither camera nor microphone can be trusted";
  element("evidence").textContent = words;
  element("evidence").dataset.evidence = evidence;
  showTruth(truth);
  speak(label ? `${label}, ${words}` : known ? "" : "no sensor");
}

function showTruth(truth) {
  const line = element("truth");
  line.hidden = truth == null;
  if (line.hidden || line.dataset.truth === truth) return;
  line.dataset.truth = truth;
  const name = document.createElement("b");
  name.textContent = truth;
  line.replaceChildren("the clip is labelled ", name);
}

// For screen readers: each recognised label once, not every answer.
function speak(sentence) {
  if (sentence === spoken) return;
  spoken = sentence;
  if (sentence) element("spoken").textContent = sentence;
}
