// The WebSocket to the program: opened again when it breaks, closed while nobody looks.

const PICTURE = 1;
const COLUMNS = 2;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 8000;
// Answers come every hop; none for this long is worth saying.
const SILENT_AFTER = 4000;

export const token = new URLSearchParams(location.search).get("token");

function address() {
  const url = new URL("live", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  url.search = token ? new URLSearchParams({ token }) : "";
  return url;
}

/** Calls `on.hello`, `on.moment`, `on.picture`, `on.columns` with what comes, and `on.state` with how it goes:
 *  connecting, live, silent, lost or paused. */
export function link(on) {
  let socket = null;
  let pause = FIRST_PAUSE;
  let retry = 0;
  let lastMoment = 0;
  let state = "";

  function tell(now) {
    if (now !== state) on.state((state = now));
  }

  function open() {
    clearTimeout(retry);
    if (state !== "lost") tell("connecting");
    const mine = (socket = new WebSocket(address()));
    mine.binaryType = "arraybuffer";
    mine.onmessage = (event) => mine === socket && take(event.data);
    mine.onclose = () => mine === socket && lose();
  }

  function take(data) {
    if (data instanceof ArrayBuffer) {
      const bytes = new Uint8Array(data);
      if (bytes[0] === PICTURE) on.picture(bytes.subarray(1));
      if (bytes[0] === COLUMNS) on.columns(bytes);
      return;
    }
    const message = JSON.parse(data);
    pause = FIRST_PAUSE;
    lastMoment = performance.now();
    if (message.type === "hello") {
      if (state === "lost") tell("connecting");
      on.hello(message);
    } else {
      tell("live");
      on.moment(message);
    }
  }

  function lose() {
    socket = null;
    tell("lost");
    retry = setTimeout(open, pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }

  function close() {
    clearTimeout(retry);
    const old = socket;
    socket = null;
    old?.close();
    tell("paused");
  }

  setInterval(() => {
    const waits = state === "live" || state === "connecting";
    if (socket && waits && lastMoment && performance.now() - lastMoment > SILENT_AFTER) tell("silent");
  }, 500);
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("online", () => state === "lost" && open());
  if (document.hidden) tell("paused");
  else open();
}
