/** A finished dream: comparison with the original, download, and dreams derived from it. */

import { dreamUrl, post, remove } from "./api.js";
import { attempt, caption, choices, el, sentence, showError, showStage, showStatus } from "./page.js";
import * as form from "./settings-form.js";
import * as source from "./source.js";

const FILM_PRESET = choices.presets.find((preset) => preset.name === choices.defaults.film_preset); // few steps per frame
const LARGER = 1.6; // factor
const DERIVED = {
  feed: () => ({ feed: true }),
  seed: () => ({ recipe: { seed: Math.floor(Math.random() * 1e6) } }),
  larger: (dream) => ({ size: String(Math.round(Math.max(dream.width, dream.height) * LARGER)) }),
  zoom: () => ({ kind: "zoom", feed: true, frames: 75, recipe: { ...FILM_PRESET.settings, count: null, size: "480" } }),
};

let current = null;

export function start({ onQueued, onDeleted, onSourceChange }) {
  el("compare-slider").addEventListener("input", updateComparison);
  for (const button of document.querySelectorAll("[data-derive]")) {
    button.addEventListener("click", () => attempt(async () => {
      onQueued(await post(dreamUrl(current.id, "again"), DERIVED[button.dataset.derive](current)));
    }));
  }
  el("rerun").addEventListener("click", () => attempt(async () => onQueued(await post(dreamUrl(current.id, "rerun")))));
  el("reuse").addEventListener("click", async () => {
    const { recipe } = current;
    await source.selectSourceOf(current, onSourceChange);
    form.fill(recipe);
    showStatus("The form now has the settings of this dream.");
  });
  el("delete").addEventListener("click", () => attempt(async () => {
    if (!window.confirm(`Delete the dream of ${current.title}?`)) return;
    await remove(dreamUrl(current.id));
    onDeleted();
  }));
}

export function open(dream) {
  current = dream;
  showStage("done");
  const succeeded = dream.status === "done";
  const film = succeeded && dream.kind === "zoom";
  showError(succeeded || dream.status === "cancelled" ? null : new Error(dream.error || `the dream was ${dream.status}`));
  showStatus(succeeded ? `The dream of ${dream.title} is done.` : sentence(`the dream is ${dream.status}`));
  for (const id of ["download", "compare"]) el(id).hidden = !succeeded;
  for (const button of document.querySelectorAll("[data-derive]")) {
    button.hidden = !succeeded || (film && button.dataset.derive !== "seed");
  }
  el("rerun").hidden = succeeded;
  el("compare").hidden = !succeeded || film;
  el("brush").hidden = true;
  el("before").hidden = !succeeded || film;
  el("compare-slider").value = 0;
  showPictures(dream, { succeeded, film });
  el("facts").textContent = describe(dream);
  el("recipe").textContent = JSON.stringify(dream.recipe, null, 1);
  updateComparison();
}

function showPictures(dream, { succeeded, film }) {
  if (succeeded) {
    el("after").src = dreamUrl(dream.id, "image");
    el("before").src = dreamUrl(dream.id, "before");
    el("download").href = dreamUrl(dream.id, film ? "film?download=true" : "image?download=true");
  } else if (dream.width) {
    el("after").src = dreamUrl(dream.id, "before");
  } else {
    el("after").removeAttribute("src");
  }
  el("after").alt = succeeded ? `The dream of ${dream.title}` : "";
  el("after").hidden = film;
  el("film").hidden = !film;
  if (film) el("film").src = dreamUrl(dream.id, "film");
  else el("film").removeAttribute("src");
}

function describe(dream) {
  const facts = [dream.title, caption(dream.recipe), dream.recipe.network];
  if (dream.width) facts.push(`${dream.width}×${dream.height}`);
  if (dream.ended && dream.started) facts.push(`${Math.round(dream.ended - dream.started)} s`);
  return [facts.join(" · "), ...dream.notices.map(sentence)].join(" ");
}

/** Shows the original to the left of the slider. */
function updateComparison() {
  el("before").style.clipPath = `inset(0 ${100 - el("compare-slider").value}% 0 0)`;
}
