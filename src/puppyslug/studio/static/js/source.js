/** What the next dream starts from: what the page shows. A photo, clouds, noise, or an open dream's photo. */

import { dreamUrl, post } from "./api.js";
import { attempt, el, reserveSpace, showError, showStage, showStatus } from "./page.js";
import * as form from "./settings-form.js";
import * as maskEditor from "./mask-editor.js";

const GENERATED = { clouds: "Generated clouds", noise: "Noise" };
let chosen = null; // { file, name, url }, { generated, name, url } or { dream, name, url }
let opened = null; // the dream that the page shows; the next dream starts from its photo

let reading = Promise.resolve(); // until the chosen file has been read

/** Returns what the page shows: what the next dream starts from; null for nothing. */
export const current = () => opened ?? chosen;

/** Waits until the chosen file has been read. */
export const whenRead = () => reading;

export function start(onChange) {
  const stage = el("stage");
  el("file").addEventListener("change", () => selectFiles([...el("file").files], onChange));
  for (const button of document.querySelectorAll("[data-start]")) {
    button.addEventListener("click", () => selectGenerated(button.dataset.start, onChange));
  }
  for (const button of document.querySelectorAll("[data-sample]")) {
    button.addEventListener("click", () => attempt(async () => {
      const picture = await (await fetch(button.querySelector("img").src)).blob();
      await selectFile(new File([picture], `${button.dataset.sample}.webp`, { type: picture.type }), onChange);
    }));
  }
  for (const id of ["change-source", "new"]) {
    el(id).addEventListener("click", () => {
      clear(onChange);
      el("file").focus();
    });
  }
  window.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    stage.classList.add("drag-over");
  });
  window.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) stage.classList.remove("drag-over");
  });
  window.addEventListener("drop", (event) => {
    event.preventDefault();
    stage.classList.remove("drag-over");
    selectFiles([...event.dataTransfer.files], onChange);
  });
  window.addEventListener("paste", (event) => selectFile(event.clipboardData?.files[0], onChange));
}

/** Uses several pictures: the page shows the first, and each gets a dream of its own. */
async function selectFiles([file, ...others], onChange) {
  if (!file) return;
  await selectFile(file, onChange);
  if (chosen?.file !== file || !others.length) return;
  chosen.others = others;
  showName();
}

/** Uses a picture as the source; if it contains a recipe, also fills the form. */
export function selectFile(file, onChange) {
  if (file) reading = readFile(file, onChange);
  return reading;
}

async function readFile(file, onChange) {
  if (el("stage").dataset.state === "running" && opened?.mine) {
    showError(new Error("a dream is running; stop or cancel it before you choose another picture"));
    return;
  }
  const data = new FormData();
  data.append("dream", file);
  showStatus(`Reading ${file.name} …`);
  const result = await attempt(async () => ({ recipe: await post("/api/recipe", data) }));
  el("file").value = "";
  if (!result) {
    showStatus("");
    return;
  }
  select({ file, name: file.name, url: URL.createObjectURL(file) }, onChange);
  if (result.recipe) form.fill(result.recipe);
  showStatus(result.recipe
    ? `${file.name} contains a recipe: the form now has its settings.`
    : `${file.name} is ready.`);
}

function selectGenerated(generated, onChange) {
  showError(null);
  const url = `/static/pictures/start-${generated}.webp`;
  select({ generated, name: GENERATED[generated], url }, onChange);
  showStatus(`The dream starts from ${generated}.`);
}

/** Shows the chosen source again, instead of a dream. */
export function showChosen(onChange) {
  if (chosen) select(chosen, onChange);
  else clear(onChange);
}

/** Starts the next dream from the photo of the dream that the page shows. */
export function openDream(dream) {
  opened = sourceOf(dream);
  showName();
}

function sourceOf(dream) {
  const generated = dream.photo ? null : dream.recipe.photo;
  const url = generated ? `/static/pictures/start-${generated}.webp` : dreamUrl(dream.id, dream.width ? "before" : "photo");
  const mask = dream.mask ? dreamUrl(dream.id, "mask") : "";
  const { width, height, photo } = dream;
  return { id: dream.id, width, height, photo, dream: dream.photo ? dream.id : null, generated, mask, mine: dream.mine, name: generated ? GENERATED[generated] : dream.title, url };
}

/** Shows the photo of an earlier dream as the source. */
export function selectSourceOf(dream, onChange) {
  showError(null);
  select(sourceOf(dream), onChange);
}

function select(source, onChange) {
  if (chosen?.url !== source.url) maskEditor.close();
  chosen = source;
  opened = null;
  const picture = el("after");
  reserveSpace(source);
  picture.onload = () => maskEditor.resizeCanvas();
  picture.onerror = () => showStatus("This browser cannot display the picture, but the studio can dream of it.");
  picture.src = source.url;
  picture.alt = source.name;
  picture.hidden = false;
  for (const id of ["film", "before", "compare"]) el(id).hidden = true;
  showName();
  showStage("source");
  maskEditor.show();
  onChange();
  el("change-source").focus({ preventScroll: true });
}

/** Names the source beside the button that dreams. */
function showName() {
  const source = current();
  const more = source?.others?.length ?? 0;
  const name = `${source?.name ?? ""}${more ? ` and ${more} more` : ""}`;
  el("source-name").textContent = name;
  el("starts-from").hidden = !source;
  el("starts-from-name").textContent = name;
  el("keep-mask-label").hidden = !opened?.mask;
  el("keep-mask").checked = true;
}

/** Returns the mask of the next dream: the painted one, or that of the open dream; null for none. */
export async function exportMask() {
  if (!opened) return maskEditor.exportMask();
  if (!opened.mask || !el("keep-mask").checked) return null;
  const response = await fetch(opened.mask);
  if (!response.ok) throw new Error("the mask of that dream is missing; paint it again");
  return response.blob();
}

export function clear(onChange) {
  chosen = opened = null;
  el("file").value = "";
  maskEditor.close();
  showName();
  showStage("empty");
  showStatus("");
  onChange();
}
