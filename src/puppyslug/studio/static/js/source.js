/** What to dream of: a photo that is dropped, pasted or picked, clouds or noise. */

import { post } from "./api.js";
import { attempt, el, fail, say, show } from "./page.js";
import * as brush from "./brush.js";
import * as form from "./form.js";

let current = null; // a File, "clouds", "noise", or null

export const source = () => current;

export function start(changed) {
  const stage = el("stage");
  el("file").addEventListener("change", () => take(el("file").files[0], changed));
  for (const button of document.querySelectorAll("[data-start]")) {
    button.addEventListener("click", () => nothing(button.dataset.start, changed));
  }
  el("other").addEventListener("click", () => clear(changed));
  for (const name of ["dragenter", "dragover"]) {
    stage.addEventListener(name, (event) => {
      event.preventDefault();
      stage.classList.add("over");
    });
  }
  stage.addEventListener("dragleave", (event) => {
    if (!stage.contains(event.relatedTarget)) stage.classList.remove("over");
  });
  stage.addEventListener("drop", (event) => {
    event.preventDefault();
    stage.classList.remove("over");
    take(event.dataTransfer.files[0], changed);
  });
  for (const name of ["dragover", "drop"]) {
    window.addEventListener(name, (event) => event.preventDefault());
  }
  window.addEventListener("paste", (event) => take(event.clipboardData?.files[0], changed));
}

/** Takes a picture to dream of; of a dream, its settings too. */
export async function take(file, changed) {
  if (!file) return;
  if (el("stage").dataset.state === "running") {
    fail(new Error("a dream is running; stop or cancel it before you take another picture"));
    return;
  }
  fail(null);
  current = file;
  const url = URL.createObjectURL(file);
  el("after").onload = () => brush.fit();
  el("after").onerror = () => say("This browser cannot show the picture, but it can be dreamt of.");
  el("after").src = url;
  el("after").alt = `Your picture ${file.name}`;
  el("source-name").textContent = file.name;
  el("film").hidden = true;
  brush.clear();
  show("source");
  changed();
  const data = new FormData();
  data.append("dream", file);
  const recipe = await post("/api/recipe", data).catch(() => null);
  if (recipe && current === file) {
    form.fill(recipe);
    say(`${file.name} is a dream: its settings are in the form now.`);
  } else if (current === file) {
    say(`${file.name} is ready to be dreamt of.`);
  }
}

export function nothing(name, changed) {
  current = name;
  fail(null);
  el("after").removeAttribute("src");
  el("after").alt = "";
  el("source-name").textContent = name === "clouds" ? "Clouds, made by puppyslug" : "Noise";
  el("film").hidden = true;
  brush.clear();
  show("source");
  say(`The dream starts from ${name}.`);
  changed();
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
    const response = await fetch(`/api/dreams/${dream.id}/photo`);
    if (!response.ok) throw new Error("the photo of that dream is gone");
    await take(new File([await response.blob()], dream.photo.name), changed);
  });
}
