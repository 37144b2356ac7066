/** The progress of a running dream: previews, pause, stop, cancel, and changes while it runs. */

import { dreamUrl, post } from "./api.js";
import { attempt, choices, el, formatDuration, sentence, showError, showStage, showStatus } from "./page.js";

const REDUCED_MOTION = window.matchMedia("(prefers-reduced-motion: reduce)");
const REDUCED_INTERVAL = 2000; // milliseconds between previews with reduced motion
const ENDED = ["done", "failed", "cancelled", "interrupted"];
const STATUS_TEXTS = { queued: "the dream is queued", running: "the dream is running", paused: "the dream is paused" };

let events = null;
let watchedId = null;
let previewNumber = 0; // of the preview on the page
let previewTime = 0;
let previewLoading = false;
let refusal = "";

export function start(onEnd) {
  for (const command of ["pause", "stop", "cancel"]) {
    el(command).addEventListener("click", () => attempt(async () => {
      const resume = command === "pause" && el("pause").dataset.paused;
      update(await post(dreamUrl(watchedId, resume ? "resume" : command)), onEnd);
    }));
  }
  el("steer").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(sendChanges);
  });
}

export function stopWatching() {
  events?.close();
  events = null;
  watchedId = null;
}

/** Shows the progress of a dream until it ends. */
export function watch(dream, onEnd) {
  stopWatching();
  watchedId = dream.id;
  previewNumber = 0;
  refusal = "";
  previewLoading = false;
  el("steer").hidden = dream.kind !== "picture";
  showCurrentValues(dream.recipe);
  for (const id of ["film", "before", "compare", "brush"]) el(id).hidden = true;
  el("after").hidden = false;
  showStage("running");
  update(dream, onEnd);
  if (watchedId !== dream.id) return;
  events = new EventSource(dreamUrl(dream.id, "events"));
  events.onmessage = (event) => update(JSON.parse(event.data), onEnd);
  events.onerror = () => {
    if (events?.readyState === EventSource.CLOSED) showError(new Error("the studio is not responding any more"));
  };
}

/** Shows the dream's settings as placeholders of the form for changes. */
function showCurrentValues(recipe) {
  const network = choices.networks.find((one) => one.name === recipe.network);
  const hasClasses = recipe.network.includes("+") || network?.classes > 0;
  el("steer-objective").value = "";
  el("steer-objective").placeholder = hasClasses
    ? `castle, or ${recipe.objective}` : "relu3_3, or 2*relu4_4 - relu5_1";
  for (const field of el("steer").querySelectorAll("[data-field]")) {
    field.value = "";
    field.placeholder = recipe[field.dataset.field];
    field.dispatchEvent(new Event("input"));
  }
}

function update(dream, onEnd) {
  if (dream.id !== watchedId) return;
  const { progress, status } = dream;
  el("running").dataset.status = status;
  const paused = status === "paused";
  el("pause").textContent = paused ? "Resume" : "Pause";
  el("pause").dataset.paused = paused ? "yes" : "";
  for (const id of ["pause", "stop"]) el(id).disabled = status === "queued";
  if (progress) {
    el("progress").value = progress.fraction;
    loadPreview(dream, progress.preview);
  } else {
    el("progress").removeAttribute("value");
  }
  el("progress-text").textContent = describe(dream);
  if (dream.refusal && dream.refusal !== refusal) showError(new Error(dream.refusal));
  refusal = dream.refusal;
  if (ENDED.includes(status)) {
    stopWatching();
    onEnd(dream);
  } else if (el("status").dataset.last !== status) {
    showStatus(sentence(STATUS_TEXTS[status]));
  }
  el("status").dataset.last = status;
}

function describe(dream) {
  const { progress } = dream;
  if (dream.status === "queued") return `Number ${dream.position} in the queue`;
  if (!progress || progress.stage !== "dreaming") return sentence(progress?.stage ?? dream.status);
  const frame = dream.kind === "zoom" ? `frame ${progress.frame + 1} of ${dream.frames}, ` : "";
  const step = `octave ${progress.octave + 1} of ${progress.octaves}, step ${progress.step + 1} of ${progress.steps}`;
  const unknown = progress.seconds_left === null || dream.status === "paused";
  const left = unknown ? "" : `, ${formatDuration(progress.seconds_left)} left`;
  return sentence(frame + step + left);
}

/** Loads the latest preview, unless one is still loading. */
function loadPreview(dream, number) {
  const wait = REDUCED_MOTION.matches ? REDUCED_INTERVAL - (Date.now() - previewTime) : 0;
  if (number <= previewNumber || previewLoading || wait > 0) return;
  previewLoading = true;
  const next = new Image();
  next.onload = () => {
    previewLoading = false;
    if (watchedId !== dream.id && watchedId !== null) return;
    previewTime = Date.now();
    previewNumber = number;
    el("after").src = next.src;
    el("after").alt = `Preview of the dream of ${dream.title}`;
    el("after").dataset.preview = number;
  };
  next.onerror = () => { previewLoading = false; };
  next.src = dreamUrl(dream.id, `preview?n=${number}`);
}

async function sendChanges() {
  const changes = {};
  const objective = el("steer-objective").value.trim();
  if (objective) {
    const isClassName = /^[a-z][a-z '-]*$/i.test(objective) && !/^\w+\d/.test(objective);
    changes[isClassName ? "see" : "objective"] = objective;
  }
  for (const field of el("steer").querySelectorAll("[data-field]")) {
    if (field.value !== "") changes[field.dataset.field] = Number(field.value);
  }
  await post(dreamUrl(watchedId, "steer"), changes);
  showStatus("Changed from the next step on.");
}
