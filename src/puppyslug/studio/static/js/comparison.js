/** Two to nine dreams side by side, with the same zoom and pan. */

import { dreamUrl, get, thumbnailUrl } from "./api.js";
import * as connection from "./connection.js";
import { attempt, el, showStatus } from "./page.js";
import { Viewport } from "./viewport.js";
import { describeLook, describeNetwork, describeStage } from "./words.js";

export const MAX_DREAMS = 9;
let dreams = []; // the dreams that are compared
let viewport = null;
let showsBefore = false;
let openDream = () => {};

export function start(onOpen) {
  openDream = onOpen;
  viewport = new Viewport(el("tiles"));
  const dialog = el("comparison");
  el("comparison-close").addEventListener("click", () => dialog.close());
  el("comparison-in").addEventListener("click", () => viewport.zoomBy(1.5));
  el("comparison-out").addEventListener("click", () => viewport.zoomBy(1 / 1.5));
  el("comparison-fit").addEventListener("click", () => viewport.reset());
  el("comparison-full").addEventListener("click", () => toggleFullScreen(dialog));
  holdButton(el("comparison-before"), setBefore);
  dialog.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "b" && !event.repeat) setBefore(true);
    else if (event.key.toLowerCase() === "f") toggleFullScreen(dialog);
    else if (viewport.onKey(event)) event.preventDefault();
  });
  dialog.addEventListener("keyup", (event) => event.key.toLowerCase() === "b" && setBefore(false));
  dialog.addEventListener("close", () => {
    const rest = dreams.filter(({ status }) => ["queued", "running", "paused"].includes(status)).length;
    if (rest) showStatus(`${rest} of these ${rest === 1 ? "is" : "are"} not done yet: see the queue.`);
    dreams = [];
  });
  connection.follow(onActivity);
}

/** Shows something full screen, or no longer. */
export function toggleFullScreen(node) {
  if (document.fullscreenElement) document.exitFullscreen();
  else node.requestFullscreen?.();
}

/** Calls a function with true while a button is held, by pointer or by key. */
export function holdButton(button, action) {
  button.addEventListener("pointerdown", () => action(true));
  for (const name of ["pointerup", "pointerleave", "blur"]) button.addEventListener(name, () => action(false));
  button.addEventListener("keydown", (event) => [" ", "Enter"].includes(event.key) && action(true));
  button.addEventListener("keyup", (event) => [" ", "Enter"].includes(event.key) && action(false));
}

/**
 * Opens the comparison of some dreams, which may still be queued or running. A click on a caption
 * opens its dream, or calls onChoose with it.
 */
export async function compare(ids, { captions = null, onChoose = null } = {}) {
  dreams = await Promise.all(ids.slice(0, MAX_DREAMS).map((id) => get(dreamUrl(id))));
  showsBefore = false;
  el("tiles").dataset.count = dreams.length;
  el("tiles").replaceChildren(...dreams.map((dream, index) => createTile(dream, captions?.[index], onChoose)));
  viewport.reset();
  if (!el("comparison").open) el("comparison").showModal();
}

function createTile(dream, caption, onChoose) {
  const tile = el("tile-template").content.cloneNode(true).firstElementChild;
  tile.dataset.id = dream.id;
  tile.querySelector("b").textContent = caption ?? describeLook(dream.recipe, dream.called);
  tile.querySelector("button").title = onChoose ? "Use these settings" : "Open this dream";
  tile.querySelector("small").textContent = [dream.recipe.objective, describeNetwork(dream.recipe.network)].join(" · ");
  tile.querySelector("button").addEventListener("click", () => {
    el("comparison").close();
    if (onChoose) onChoose(dream);
    else openDream(dream.id);
  });
  showTile(tile, dream);
  return tile;
}

function showTile(tile, dream) {
  const done = dream.status === "done";
  const preview = dream.progress?.preview;
  const url = showsBefore && dream.width ? dreamUrl(dream.id, "before") : done ? dreamUrl(dream.id, "image")
    : preview ? dreamUrl(dream.id, `preview?n=${preview}`) : thumbnailUrl(dream);
  const picture = tile.querySelector("img");
  if (picture.getAttribute("src") !== url) picture.src = url;
  picture.alt = showsBefore ? `Before: ${dream.title}` : `${tile.querySelector("b").textContent}: dream of ${dream.title}`;
  const fraction = dream.progress ? ` · ${Math.round(100 * dream.progress.fraction)} %` : "";
  tile.querySelector(".state").textContent = done ? "" : dream.error || describeStage(dream) + fraction;
}

function setBefore(before) {
  if (before === showsBefore) return;
  showsBefore = before;
  for (const dream of dreams) showTile(tileOf(dream.id), dream);
}

const tileOf = (id) => el("tiles").querySelector(`[data-id="${id}"]`);

function onActivity({ queue, active }) {
  for (const [index, dream] of dreams.entries()) {
    if (["done", "failed", "cancelled"].includes(dream.status)) continue;
    const position = queue.indexOf(dream.id);
    if (active[dream.id]) update(index, { ...dream, ...active[dream.id], position: null });
    else if (position >= 0) update(index, { ...dream, status: "queued", position: position + 1 });
    else attempt(async () => update(index, await get(dreamUrl(dream.id))));
  }
}

function update(index, dream) {
  if (dreams[index]?.id !== dream.id) return;
  dreams[index] = dream;
  showTile(tileOf(dream.id), dream);
}
