// Buttons that spoil a sensor on purpose.

import { token } from "./link.js";

const element = (id) => document.getElementById(id);
const ROWS = { camera: "Camera", audio: "Microphone" };
const severity = element("severity");
let made = "";

async function send(sensor, corruption) {
  const headers = { "content-type": "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
  const body = JSON.stringify({ sensor, corruption, severity: Number(severity.value) });
  let problem = "";
  try {
    const answer = await fetch("control", { method: "POST", headers, body });
    if (!answer.ok) problem = await answer.text();
  } catch {
    problem = "The program cannot be reached.";
  }
  element("control-error").textContent = problem;
  element("control-error").hidden = problem === "";
}

function button(sensor, { corruption, label }) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = label;
  made.dataset.corruption = corruption;
  made.setAttribute("aria-pressed", "false");
  made.addEventListener("click", () => {
    const on = made.getAttribute("aria-pressed") === "true";
    send(sensor, on ? null : corruption);
  });
  return made;
}

/** Makes the buttons, once; none where the page may only look on. */
export function setButtons(buttons, sensors) {
  const wanted = JSON.stringify([buttons, sensors]);
  if (wanted === made) return;
  made = wanted;
  element("control").hidden = buttons.length === 0;
  for (const [sensor, title] of Object.entries(ROWS)) {
    const row = element(`buttons-${sensor}`);
    const name = document.createElement("b");
    name.textContent = title;
    const mine = buttons.filter((one) => one.corruption.startsWith(`${sensor}/`));
    row.replaceChildren(name, ...mine.map((one) => button(sensor, one)));
    row.hidden = !sensors[sensor];
  }
}

/** Presses those buttons whose corruption is on, whoever switched it on. */
export function showSpoiled(spoiled) {
  const on = new Set(spoiled.map((one) => one.corruption));
  for (const one of document.querySelectorAll("[data-corruption]")) {
    one.setAttribute("aria-pressed", on.has(one.dataset.corruption));
  }
  element("clear").disabled = spoiled.length === 0;
}

severity.addEventListener("input", () => {
  element("severity-shown").textContent = `${severity.value} of 5`;
});
// What is on gets worse or better at once.
severity.addEventListener("change", () => {
  for (const one of document.querySelectorAll('[data-corruption][aria-pressed="true"]')) {
    const corruption = one.dataset.corruption;
    send(corruption.split("/")[0], corruption);
  }
});
element("clear").addEventListener("click", () => {
  for (const sensor of Object.keys(ROWS)) send(sensor, null);
});
