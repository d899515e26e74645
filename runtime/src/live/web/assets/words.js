// Words for what the program says in short.

const EVIDENCE = {
  both: "from both",
  microphone: "from the microphone alone",
  camera: "from the camera alone",
  nothing: "from nothing",
};

export const evidenceWords = (evidence) => EVIDENCE[evidence] ?? "";

/** `camera/motion-blur` as `motion blur`. */
export const corruptionWords = (name) => name.split("/").pop().replaceAll("-", " ");

export const percent = (share) => `${Math.round(share * 100)} %`;

export function millis(ms) {
  return ms < 9.95 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

export function ago(seconds) {
  if (seconds < 1) return "now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return `${Math.floor(seconds / 3600)} h ago`;
}
