/** Watches a dream grow, and steers it. */

import { at, post } from "./api.js";
import { attempt, catalogue, duration, el, fail, say, sentence, show } from "./page.js";

const CALM = window.matchMedia("(prefers-reduced-motion: reduce)");
const CALMLY = 2000; // milliseconds from one preview to the next, for those who want little motion

let events = null;
let watched = null; // id
let shown = 0; // number of the preview that is on the page
let loading = false;
let lastShown = 0;
let refusal = "";

export const watching = () => watched;

export function start(ended) {
  for (const order of ["pause", "stop", "cancel"]) {
    el(order).addEventListener("click", () => attempt(async () => {
      const wanted = order === "pause" && el("pause").dataset.paused ? "resume" : order;
      update(await post(at(watched, wanted)), ended);
    }));
  }
  el("steer").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(steer);
  });
}

export function leave() {
  events?.close();
  events = null;
  watched = null;
}

export function watch(dream, ended) {
  leave();
  watched = dream.id;
  shown = 0;
  refusal = "";
  loading = false;
  el("steer").hidden = dream.kind !== "picture";
  prepareSteering(dream.recipe);
  for (const id of ["film", "before", "compare", "brush"]) el(id).hidden = true;
  el("after").hidden = false;
  show("running");
  update(dream, ended);
  if (watched !== dream.id) return;
  events = new EventSource(at(dream.id, "events"));
  events.onmessage = (event) => update(JSON.parse(event.data), ended);
  events.onerror = () => {
    if (events?.readyState === EventSource.CLOSED) fail(new Error("the studio does not answer any more"));
  };
}

/** What can be steered, as the dream has it now. */
function prepareSteering(recipe) {
  const single = catalogue.networks.find((one) => one.name === recipe.network);
  const seeing = recipe.network.includes("+") || single?.classes > 0;
  el("steer-objective").value = "";
  el("steer-objective").placeholder = seeing
    ? `castle, or ${recipe.objective}` : `relu3_3, or 2*relu4_4 - relu5_1`;
  for (const field of el("steer").querySelectorAll("[data-field]")) {
    field.value = "";
    field.placeholder = recipe[field.dataset.field];
    field.dispatchEvent(new Event("input"));
  }
}

function update(dream, ended) {
  if (dream.id !== watched) return;
  const { progress } = dream;
  el("running").dataset.status = dream.status;
  const paused = dream.status === "paused";
  el("pause").textContent = paused ? "Go on" : "Pause";
  el("pause").dataset.paused = paused ? "yes" : "";
  const waiting = dream.status === "queued";
  for (const id of ["pause", "stop"]) el(id).disabled = waiting;
  if (progress) {
    el("progress").value = progress.fraction;
    picture(dream, progress.preview);
  } else {
    el("progress").removeAttribute("value");
  }
  el("how-far").textContent = words(dream);
  if (dream.refusal && dream.refusal !== refusal) fail(new Error(dream.refusal));
  refusal = dream.refusal;
  if (["done", "failed", "cancelled", "interrupted"].includes(dream.status)) {
    leave();
    ended(dream);
  } else if (el("status").dataset.last !== dream.status) {
    say(sentence({ queued: "it waits for its turn", running: "it dreams", paused: "it is paused" }[dream.status]));
  }
  el("status").dataset.last = dream.status;
}

function words(dream) {
  const { progress } = dream;
  if (dream.status === "queued") return `Number ${dream.position} in the queue`;
  if (!progress || progress.stage !== "dreaming") return sentence(progress?.stage ?? dream.status);
  const place = `octave ${progress.octave + 1} of ${progress.octaves}, step ${progress.step + 1} of ${progress.steps}`;
  const frame = dream.kind === "zoom" ? `frame ${progress.frame + 1} of ${dream.frames}, ` : "";
  const left = progress.seconds_left === null || dream.status === "paused" ? "" : `, ${duration(progress.seconds_left)} left`;
  return sentence(frame + place + left);
}

/** The latest preview, once the one before has come. */
function picture(dream, number) {
  const rest = CALM.matches ? CALMLY - (Date.now() - lastShown) : 0;
  if (number <= shown || loading || rest > 0) return;
  loading = true;
  const next = new Image();
  next.onload = () => {
    loading = false;
    if (watched !== dream.id && watched !== null) return;
    lastShown = Date.now();
    shown = number;
    el("after").src = next.src;
    el("after").alt = `The dream of ${dream.title} as it grows`;
    el("after").dataset.preview = number;
  };
  next.onerror = () => { loading = false; };
  next.src = at(dream.id, `preview?n=${number}`);
}

async function steer() {
  const changes = {};
  const objective = el("steer-objective").value.trim();
  if (objective) {
    const plain = /^[a-z][a-z '-]*$/i.test(objective) && !/^\w+\d/.test(objective);
    changes[plain ? "see" : "objective"] = objective;
  }
  for (const field of el("steer").querySelectorAll("[data-field]")) {
    if (field.value !== "") changes[field.dataset.field] = Number(field.value);
  }
  await post(at(watched, "steer"), changes);
  say("Steered: it changes from the next step on.");
}
