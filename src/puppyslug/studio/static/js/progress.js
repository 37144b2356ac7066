/** The progress of a running dream: previews, pause, stop, cancel, and changes while it runs. */

import { dreamUrl, get, post, thumbnailUrl } from "./api.js";
import * as connection from "./connection.js";
import { attempt, el, formatDuration, reserveSpace, sentence, showError, showStage, showStatus } from "./page.js";
import { describeExpectedStart } from "./queue.js";
import * as steering from "./steering.js";
import { describeStage } from "./words.js";

const REDUCED_MOTION = window.matchMedia("(prefers-reduced-motion: reduce)");
const REDUCED_INTERVAL = 2000; // milliseconds between previews with reduced motion
const ENDED = ["done", "failed", "cancelled", "interrupted"];
const STATUS_TEXTS = { queued: "the dream is queued", running: "the dream is running", paused: "the dream is paused" };

let watched = null; // the dream
let onEnd = () => {};
let previewNumber = 0; // of the preview on the page
let previewTime = 0;
let previewLoading = false;
let refusal = "";

export function start(end) {
  onEnd = end;
  for (const command of ["pause", "stop", "cancel"]) {
    el(command).addEventListener("click", () => attempt(async () => {
      const resume = command === "pause" && watched.status === "paused";
      update(await post(dreamUrl(watched.id, resume ? "resume" : command)));
    }));
  }
  steering.start(() => watched);
  connection.follow(onActivity);
}

export function stopWatching() {
  watched = null;
}

/** Shows the progress of a dream until it ends. */
export function watch(dream) {
  watched = dream;
  previewNumber = 0;
  refusal = "";
  previewLoading = false;
  el("steer").hidden = dream.kind !== "picture" || !dream.mine;
  el("commands").hidden = !dream.mine;
  steering.show(dream);
  for (const id of ["film", "before", "compare", "brush"]) el(id).hidden = true;
  el("after").hidden = false;
  showFirstPicture(dream);
  showStage("running");
  update({ ...dream, wait: firstWait(dream) });
}

/** Returns how long a dream waits that has just been queued, in class mode. */
function firstWait({ id, position, wait_seconds: seconds }) {
  const { waits, paused } = connection.activity() ?? {};
  return waits && position && (connection.waitOf(id) ?? { before: position - 1, seconds, paused });
}

/** Shows the picture that the dream starts from until there is a preview. */
function showFirstPicture(dream) {
  reserveSpace(dream);
  el("after").onload = el("after").onerror = null;
  el("after").src = thumbnailUrl(dream);
  el("after").alt = `What the dream of ${dream.title} starts from`;
}

function onActivity({ queue, active }) {
  if (!watched) return;
  const { id } = watched;
  if (active[id]) update({ ...watched, ...active[id], position: null });
  else if (queue.includes(id)) update({ ...watched, status: "queued", progress: null, position: queue.indexOf(id) + 1, wait: connection.waitOf(id) });
  else refetch(id);
}

/** The dream is neither queued nor active: it has ended, or is deleted. */
async function refetch(id) {
  try {
    const dream = await get(dreamUrl(id));
    if (watched?.id === id) update(dream);
  } catch (error) {
    if (watched?.id !== id || !connection.isOnline()) return;
    stopWatching();
    showStage("empty");
    showError(error);
  }
}

function update(dream) {
  if (dream.id !== watched?.id) return;
  watched = dream;
  const { progress, status } = dream;
  el("running").dataset.status = status;
  el("pause").textContent = status === "paused" ? "Resume" : "Pause";
  el("pause").dataset.paused = status === "paused" ? "yes" : "";
  for (const id of ["pause", "stop"]) el(id).disabled = status === "queued";
  el("steer").inert = status === "queued" || !connection.isOnline();
  if (progress) {
    el("progress").value = progress.fraction;
    loadPreview(dream, progress.preview);
  } else {
    el("progress").removeAttribute("value");
  }
  showText();
  if (dream.refusal && dream.refusal !== refusal) {
    showError(new Error(dream.refusal));
    steering.onRefusal(dream);
  }
  refusal = dream.refusal;
  if (ENDED.includes(status)) {
    stopWatching();
    onEnd(dream);
  } else if (el("status").dataset.last !== status) {
    showStatus(sentence(STATUS_TEXTS[status]));
  }
  el("status").dataset.last = status;
}

/** Says how far the dream is, or when it starts. */
export function showText() {
  if (watched) el("progress-text").textContent = describe(watched);
}

function describe(dream) {
  const { progress, status } = dream;
  const parts = [describeStage(dream), status === "queued" ? describeExpectedStart(dream.id) : ""].filter(Boolean);
  if (progress?.stage === "dreaming") {
    parts.push(`${Math.round(100 * progress.fraction)} %`);
    if (progress.seconds_left !== null && status !== "paused") parts.push(`${formatDuration(progress.seconds_left)} left`);
  }
  return parts.join(" · ");
}

/** Loads the latest preview, unless one is still loading. */
function loadPreview(dream, number) {
  const wait = REDUCED_MOTION.matches ? REDUCED_INTERVAL - (Date.now() - previewTime) : 0;
  if (number <= previewNumber || previewLoading || wait > 0) return;
  previewLoading = true;
  const next = new Image();
  next.onload = () => {
    previewLoading = false;
    if (watched?.id !== dream.id) return;
    previewTime = Date.now();
    previewNumber = number;
    el("after").src = next.src;
    el("after").alt = `Preview of the dream of ${dream.title}`;
    el("after").dataset.preview = number;
  };
  next.onerror = () => { previewLoading = false; };
  next.src = dreamUrl(dream.id, `preview?n=${number}`);
}
