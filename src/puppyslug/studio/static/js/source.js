/** What to dream of: a photo that is dropped, pasted or picked, clouds or noise. */

import { at, post } from "./api.js";
import { attempt, el, fail, say, show } from "./page.js";
import * as brush from "./brush.js";
import * as form from "./form.js";

let current = null; // a File, "clouds", "noise", or null
let url = ""; // where to see it

export const source = () => current;

export function start(changed) {
  const stage = el("stage");
  el("file").addEventListener("change", () => take(el("file").files[0], changed));
  for (const button of document.querySelectorAll("[data-start]")) {
    button.addEventListener("click", () => nothing(button.dataset.start, changed));
  }
  for (const id of ["other", "new"]) {
    el(id).addEventListener("click", () => {
      clear(changed);
      el("file").focus();
    });
  }
  window.addEventListener("dragover", (event) => {
    event.preventDefault();
    stage.classList.add("over");
  });
  window.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) stage.classList.remove("over");
  });
  window.addEventListener("drop", (event) => {
    event.preventDefault();
    stage.classList.remove("over");
    take(event.dataTransfer.files[0], changed);
  });
  window.addEventListener("paste", (event) => take(event.clipboardData?.files[0], changed));
}

/** Takes a picture to dream of; of a dream, its settings too. */
export async function take(file, changed) {
  if (!file) return;
  if (el("stage").dataset.state === "running") {
    fail(new Error("a dream is running; stop or cancel it before you take another picture"));
    return;
  }
  const data = new FormData();
  data.append("dream", file);
  say(`Looking at ${file.name} …`);
  const asked = { recipe: null };
  await attempt(async () => { asked.recipe = await post("/api/recipe", data); asked.fine = true; });
  el("file").value = "";
  if (!asked.fine) {
    say("");
    return;
  }
  place(file, URL.createObjectURL(file), file.name, changed);
  if (asked.recipe) form.fill(asked.recipe);
  say(asked.recipe
    ? `${file.name} is a dream: its settings are in the form now.`
    : `${file.name} is ready to be dreamt of.`);
}

export function nothing(name, changed) {
  fail(null);
  place(name, `/static/pictures/start-${name}.webp`, name === "clouds" ? "Clouds, made by puppyslug" : "Noise", changed);
  say(`The dream starts from ${name}.`);
}

/** Puts back what is to be dreamt of. */
export function put(changed) {
  place(current, url, el("source-name").textContent, changed);
}

/** Puts what to dream of on the stage. */
function place(what, where, name, changed) {
  current = what;
  url = where;
  const picture = el("after");
  picture.onload = () => brush.fit();
  picture.onerror = () => say("This browser cannot show the picture, but it can be dreamt of.");
  picture.src = url;
  picture.alt = name;
  picture.hidden = false;
  el("source-name").textContent = name;
  for (const id of ["film", "before", "compare"]) el(id).hidden = true;
  brush.clear();
  show("source");
  changed();
  el("other").focus({ preventScroll: true });
}

export function clear(changed) {
  current = null;
  el("file").value = "";
  brush.clear();
  show("empty");
  say("");
  changed();
}

/** A stored photo of a dream as a file again, for another dream of it. */
export async function again(dream, changed) {
  if (!dream.photo) {
    nothing(dream.recipe.photo, changed);
    return;
  }
  await attempt(async () => {
    const response = await fetch(at(dream.id, "photo"));
    if (!response.ok) throw new Error("the photo of that dream is gone");
    await take(new File([await response.blob()], dream.photo.name), changed);
  });
}
