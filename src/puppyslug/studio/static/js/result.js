/** A finished dream: comparison with the original, download, and dreams derived from it. */

import { dreamUrl, post, remove, thumbnailUrl } from "./api.js";
import { holdButton, toggleFullScreen } from "./comparison.js";
import { attempt, el, reserveSpace, sentence, showError, showStage, showStatus } from "./page.js";
import { confirmZoom } from "./zoom-dialog.js";
import { Viewport } from "./viewport.js";
import * as form from "./settings-form.js";
import { onKeys } from "./keys.js";
import * as maskEditor from "./mask-editor.js";
import * as source from "./source.js";
import * as tags from "./tags.js";
import { describeLook } from "./words.js";

const LARGER = 1.6; // factor
const DERIVED = {
  feed: () => ({ feed: true }),
  seed: () => ({ recipe: { seed: Math.floor(Math.random() * 1e6) } }),
  larger: (dream) => ({ size: String(Math.round(Math.max(dream.width, dream.height) * LARGER)) }),
  zoom: confirmZoom,
};

let current = null;
let viewport = null;
let isHeld = false; // whether the original is shown as long as something is held
let valueBefore = 0; // of the slider, before that

export function start({ onQueued, onDeleted, onSourceChange }) {
  el("compare-slider").addEventListener("input", updateComparison);
  viewport = startPicture();
  for (const button of document.querySelectorAll("[data-derive]")) {
    button.addEventListener("click", () => attempt(async () => {
      const changes = await DERIVED[button.dataset.derive](current);
      if (changes) onQueued(await post(dreamUrl(current.id, "again"), changes));
    }));
  }
  el("look").addEventListener("click", () => {
    el("settings").scrollIntoView({ block: "nearest" });
    el("settings").querySelector("[name=target]:checked").focus({ preventScroll: true });
    showStatus("Choose what to amplify, then press Dream.");
  });
  el("rerun").addEventListener("click", () => attempt(async () => onQueued(await post(dreamUrl(current.id, "rerun")))));
  el("reuse").addEventListener("click", () => attempt(() => reuse(current, onSourceChange)));
  el("delete").addEventListener("click", () => attempt(async () => {
    if (!window.confirm(`Delete the dream of ${current.title}?`)) return;
    await remove(dreamUrl(current.id));
    onDeleted();
  }));
}

/** Fills the form with everything of a dream: its settings, mask, guide pictures and changes. */
async function reuse(dream, onSourceChange) {
  const fetchFile = async (resource, name) => {
    const response = await fetch(dreamUrl(dream.id, resource));
    if (!response.ok) throw new Error(`${name} of that dream is missing`);
    return new File([await response.blob()], name);
  };
  const mask = dream.mask ? await fetchFile("mask", dream.mask.name) : null;
  const guides = await Promise.all(dream.guides.map((guide, index) => fetchFile(`guides/${index + 1}`, guide.name)));
  source.selectSourceOf(dream, onSourceChange);
  form.fill(dream.recipe, { guides, called: dream.called });
  if (mask) await maskEditor.load(mask);
  showStatus("The form now has the settings of this dream.");
}

/** Returns the finished dream that the page shows or has shown. */
export const shownDream = () => current;

export function open(dream) {
  current = dream;
  showStage("done");
  const succeeded = dream.status === "done";
  const film = succeeded && dream.kind === "zoom";
  showError(dream.status === "failed" ? new Error(dream.error || "the dream has failed") : null);
  showStatus(succeeded ? `The dream of ${dream.title} is done.` : sentence(describeEnd(dream)));
  for (const id of ["download", "compare", "save-look"]) el(id).hidden = !succeeded;
  for (const button of document.querySelectorAll("[data-derive]")) {
    button.hidden = !succeeded || (film && button.dataset.derive !== "seed");
  }
  el("rerun").hidden = succeeded || !dream.mine;
  el("delete").hidden = !dream.mine;
  el("compare").hidden = !succeeded || film;
  el("frame").toggleAttribute("data-divides", succeeded && !film);
  viewport.reset();
  el("brush").hidden = true;
  el("before").hidden = !succeeded || film;
  el("compare-slider").value = 0;
  showPictures(dream, { succeeded, film });
  el("facts").textContent = describe(dream);
  tags.show(dream);
  el("recipe").textContent = JSON.stringify(dream.recipe, null, 1);
  updateComparison();
}

function showPictures(dream, { succeeded, film }) {
  reserveSpace(dream);
  el("after").onload = null;
  el("after").onerror = () => el("after").removeAttribute("src");
  if (succeeded) {
    el("after").src = dreamUrl(dream.id, "image");
    el("before").src = dreamUrl(dream.id, "before");
    el("download").href = dreamUrl(dream.id, film ? "film?download=true" : "image?download=true");
  } else {
    el("after").src = thumbnailUrl(dream);
  }
  el("after").alt = succeeded ? `The dream of ${dream.title}` : "";
  el("after").hidden = film;
  el("film").hidden = !film;
  if (film) el("film").src = dreamUrl(dream.id, "film");
  else el("film").removeAttribute("src");
}

function describe(dream) {
  const facts = [dream.title, describeLook(dream.recipe, dream.called)];
  if (dream.width) facts.push(`${dream.width}×${dream.height}`);
  if (dream.ended && dream.started) facts.push(`${Math.round(dream.ended - dream.started)} s`);
  const owner = dream.mine ? [] : ["This dream is somebody else's."];
  return [facts.join(" · "), ...owner, ...dream.notices.map(sentence)].join(" ");
}

function describeEnd({ status, error }) {
  if (status === "failed") return `The dream has failed: ${error}`; // also after the message has been dismissed
  return status === "interrupted" ? "The dream was interrupted: the studio was stopped" : `The dream was ${status}`;
}

/** Shows the original to the left of the slider. */
function updateComparison() {
  const { value } = el("compare-slider");
  el("before").style.clipPath = `inset(0 ${100 - value}% 0 0)`;
  el("divider").style.left = `${value}%`;
  el("divider").hidden = el("compare").hidden || value <= 0 || value >= 100;
}

function setComparison(value) {
  el("compare-slider").value = value;
  updateComparison();
}

/** Shows the original while something is held. */
function holdBefore(held) {
  if (el("compare").hidden || held === isHeld) return;
  isHeld = held;
  if (held) valueBefore = el("compare-slider").value;
  setComparison(held ? 100 : valueBefore);
}

/** Lets the user drag the divider on the picture, zoom it, and hold a key for the original. */
function startPicture() {
  const frame = el("frame");
  const viewport = new Viewport(frame, { selector: "#after, #before, #heat", tile: () => frame });
  el("after").addEventListener("load", () => viewport.apply());
  const divides = (event) => frame.hasPointerCapture(event.pointerId) && viewport.zoom === 1;
  const divide = (event) => {
    const box = frame.getBoundingClientRect();
    setComparison(100 * (event.clientX - box.left) / box.width);
  };
  frame.addEventListener("pointerdown", (event) => {
    if (el("compare").hidden || viewport.zoom > 1 || event.button !== 0) return;
    event.preventDefault();
    frame.setPointerCapture(event.pointerId);
    divide(event);
  });
  frame.addEventListener("pointermove", (event) => divides(event) && divide(event));
  holdButton(el("hold-before"), holdBefore);
  el("full-screen").addEventListener("click", () => toggleFullScreen(frame));
  onKeys({
    b: () => holdBefore(true),
    f: () => !el("view").hidden && toggleFullScreen(frame),
    "+": () => viewport.zoomBy(1.25), "-": () => viewport.zoomBy(0.8), 0: () => viewport.reset(),
  });
  document.addEventListener("keyup", (event) => event.key === "b" && holdBefore(false));
  return viewport;
}
