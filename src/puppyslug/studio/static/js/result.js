/** A dream that is done: before and after, download, and what can be made of it. */

import { at, post, remove } from "./api.js";
import { attempt, caption, catalogue, el, fail, say, sentence, show } from "./page.js";
import * as form from "./form.js";
import * as source from "./source.js";

let current = null;

export const dream = () => current;

export function start({ queued, deleted, changed }) {
  el("divide").addEventListener("input", divide);
  for (const button of document.querySelectorAll("[data-again]")) {
    button.addEventListener("click", () => attempt(async () => {
      queued(await post(at(current.id, "again"), AGAIN[button.dataset.again](current)));
    }));
  }
  el("rerun").addEventListener("click", () => attempt(async () => queued(await post(at(current.id, "rerun")))));
  el("reuse").addEventListener("click", async () => {
    const { recipe } = current;
    await source.again(current, changed);
    form.fill(recipe);
    say("Its settings are in the form now.");
  });
  el("delete").addEventListener("click", () => attempt(async () => {
    if (!window.confirm(`Delete the dream of ${current.title}?`)) return;
    await remove(at(current.id));
    deleted();
  }));
}

const FILM = catalogue.presets.find((preset) => preset.name === "film"); // few steps a frame
const AGAIN = {
  feed: () => ({ feed: true }),
  seed: () => ({ recipe: { seed: Math.floor(Math.random() * 1e6) } }),
  larger: (dream) => ({ size: String(Math.round(Math.max(dream.width, dream.height) * 1.6)) }),
  zoom: () => ({ kind: "zoom", feed: true, frames: 75, recipe: { ...FILM.settings, count: null, size: "480" } }),
};

export function open(one) {
  current = one;
  show("done");
  const good = one.status === "done";
  const film = good && one.kind === "zoom";
  fail(good || one.status === "cancelled" ? null : new Error(one.error || `it was ${one.status}`));
  say(good ? `The dream of ${one.title} is done.` : sentence(`it is ${one.status}`));
  for (const id of ["download", "compare"]) el(id).hidden = !good;
  for (const button of document.querySelectorAll("[data-again]")) {
    button.hidden = !good || (film && button.dataset.again !== "seed");
  }
  el("rerun").hidden = good;
  el("compare").hidden = !good || film;
  el("brush").hidden = true;
  el("film").hidden = !film;
  el("before").hidden = !good || film;
  el("divide").value = 0;
  if (good) {
    el("after").src = at(one.id, "image");
    el("before").src = at(one.id, "before");
    el("download").href = at(one.id, film ? "film?download=true" : "image?download=true");
  } else if (one.width) {
    el("after").src = at(one.id, "before");
  } else {
    el("after").removeAttribute("src");
  }
  el("after").hidden = film;
  if (film) el("film").src = at(one.id, "film");
  else el("film").removeAttribute("src");
  el("after").alt = good ? `The dream of ${one.title}` : "";
  el("facts").textContent = facts(one);
  el("recipe").textContent = JSON.stringify(one.recipe, null, 1);
  divide();
}

function facts(one) {
  const parts = [one.title, caption(one.recipe), one.recipe.network];
  if (one.width) parts.push(`${one.width}×${one.height}`);
  if (one.ended && one.started) parts.push(`${Math.round(one.ended - one.started)} s`);
  return [parts.join(" · "), ...one.notices.map(sentence)].join(" ");
}

/** Shows the picture before on the left of the divide. */
function divide() {
  el("before").style.clipPath = `inset(0 ${100 - el("divide").value}% 0 0)`;
}
