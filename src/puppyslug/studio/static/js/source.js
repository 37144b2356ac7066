/** The source of a dream: a photo that is dropped, pasted or chosen, or clouds or noise. */

import { dreamUrl, post } from "./api.js";
import { attempt, el, showError, showStage, showStatus } from "./page.js";
import * as form from "./settings-form.js";
import * as maskEditor from "./mask-editor.js";

let source = null; // a File, "clouds", "noise", or null
let sourceUrl = "";

let reading = Promise.resolve(); // until the chosen file has been read

export const current = () => source;

/** Waits until the chosen file has been read. */
export const whenRead = () => reading;

export function start(onChange) {
  const stage = el("stage");
  el("file").addEventListener("change", () => selectFile(el("file").files[0], onChange));
  for (const button of document.querySelectorAll("[data-start]")) {
    button.addEventListener("click", () => selectGenerated(button.dataset.start, onChange));
  }
  for (const id of ["change-source", "new"]) {
    el(id).addEventListener("click", () => {
      clear(onChange);
      el("file").focus();
    });
  }
  window.addEventListener("dragover", (event) => {
    event.preventDefault();
    stage.classList.add("drag-over");
  });
  window.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) stage.classList.remove("drag-over");
  });
  window.addEventListener("drop", (event) => {
    event.preventDefault();
    stage.classList.remove("drag-over");
    selectFile(event.dataTransfer.files[0], onChange);
  });
  window.addEventListener("paste", (event) => selectFile(event.clipboardData?.files[0], onChange));
}

/** Uses a picture as the source; if it contains a recipe, also fills the form. */
function selectFile(file, onChange) {
  if (file) reading = readFile(file, onChange);
  return reading;
}

async function readFile(file, onChange) {
  if (el("stage").dataset.state === "running") {
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
  select(file, URL.createObjectURL(file), file.name, onChange);
  if (result.recipe) form.fill(result.recipe);
  showStatus(result.recipe
    ? `${file.name} contains a recipe: the form now has its settings.`
    : `${file.name} is ready.`);
}

function selectGenerated(name, onChange) {
  showError(null);
  const title = name === "clouds" ? "Generated clouds" : "Noise";
  select(name, `/static/pictures/start-${name}.webp`, title, onChange);
  showStatus(`The dream starts from ${name}.`);
}

/** Shows the current source again. */
export function showCurrent(onChange) {
  select(source, sourceUrl, el("source-name").textContent, onChange);
}

function select(newSource, url, name, onChange) {
  source = newSource;
  sourceUrl = url;
  const picture = el("after");
  picture.onload = () => maskEditor.resizeCanvas();
  picture.onerror = () => showStatus("This browser cannot display the picture, but the studio can dream of it.");
  picture.src = url;
  picture.alt = name;
  picture.hidden = false;
  el("source-name").textContent = name;
  for (const id of ["film", "before", "compare"]) el(id).hidden = true;
  maskEditor.close();
  showStage("source");
  onChange();
  el("change-source").focus({ preventScroll: true });
}

export function clear(onChange) {
  source = null;
  el("file").value = "";
  maskEditor.close();
  showStage("empty");
  showStatus("");
  onChange();
}

/** Uses the source of an earlier dream. */
export async function selectSourceOf(dream, onChange) {
  if (!dream.photo) {
    selectGenerated(dream.recipe.photo, onChange);
    return;
  }
  await attempt(async () => {
    const response = await fetch(dreamUrl(dream.id, "photo"));
    if (!response.ok) throw new Error("the photo of that dream is missing");
    await selectFile(new File([await response.blob()], dream.photo.name), onChange);
  });
}
