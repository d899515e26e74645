// Brings the page's parts together.

import { link } from "./link.js";
import { redraw } from "./canvas.js";
import { showAnswer } from "./answer.js";
import { showSensors } from "./sensors.js";
import { showPicture, showPresence, setLooked } from "./picture.js";
import { addColumns, showLevel } from "./spectrogram.js";
import { addToStrips } from "./strips.js";
import { showLatency } from "./latency.js";
import { setButtons, showSpoiled } from "./control.js";
import { showDiary, showAges } from "./diary.js";

const element = (id) => document.getElementById(id);
const STATES = {
  connecting: "connecting",
  silent: "no answers are coming",
  lost: "connection lost, trying again",
  paused: "paused while the page is hidden",
};

function showState(state, message) {
  const pill = element("link");
  pill.dataset.state = document.body.dataset.link = state;
  const text = message ?? STATES[state];
  if (pill.textContent !== text) pill.textContent = text;
}

function showHello({ facts, buttons, diary, program }) {
  element("model").textContent = facts.model;
  document.title = `${facts.model}: evenkeel live`;
  element("footer").textContent =
    `evenkeel ${program}, model ${facts.model} ${facts.version}. ` +
    "Pictures and sound go from that machine to this browser and nowhere else.";
  element("sound").hidden = !facts.sensors.audio;
  setLooked(facts.sensors.camera, facts.looked_at);
  setButtons(buttons, facts.sensors);
  showDiary(diary);
}

// The number of answers per second would make a screen reader speak all the time; the pill only names it in
// steps that matter to a reader.
let live = "";

function showMoment(moment) {
  const rate = Math.round(moment.rates.per_second);
  live = rate > 0 ? `live, ${rate} answers a second` : "live";
  showState("live", live);
  showAnswer(moment);
  showSensors(moment);
  showPresence(moment);
  showLevel(moment.level);
  addToStrips(moment);
  showLatency(moment);
  showSpoiled(moment.spoiled);
  if (moment.diary) showDiary(moment.diary);
  showAges(moment.time);
  redraw();
}

link({
  hello: showHello,
  moment: showMoment,
  picture: showPicture,
  columns: addColumns,
  state: (state) => showState(state, state === "live" ? live || "live" : undefined),
});
