/** The page for the projector: how to join, or one picture, which grows as its dream does. */

import { dreamUrl, get, thumbnailUrl } from "./api.js";
import { toggleFullScreen } from "./comparison.js";
import * as connection from "./connection.js";
import { el } from "./page.js";
import { capitalise } from "./words.js";

let shown = ""; // id of the dream and its state, of the picture on the page
let latestRequest = 0;

async function onActivity({ projected, active, version }) {
  el("how").hidden = Boolean(projected);
  el("picture").hidden = !projected;
  const state = active[projected]?.progress;
  const key = `${projected} ${state ? state.preview : version}`;
  if (!projected || key === shown) {
    if (!projected) shown = "";
    else if (state) showState(active[projected]);
    return;
  }
  shown = key;
  const request = ++latestRequest;
  try {
    const dream = await get(dreamUrl(projected));
    if (request === latestRequest) show(dream, state?.preview);
  } catch {
    shown = ""; // deleted, or the server is gone
    if (request === latestRequest && connection.isOnline()) el("picture").hidden = !(el("how").hidden = false);
  }
}

function show(dream, preview) {
  const isFilm = dream.kind === "zoom" && dream.status === "done";
  el("shown").hidden = isFilm;
  el("shown-film").hidden = !isFilm;
  el("caption").textContent = [dream.pupil, dream.title].filter(Boolean).join(": ");
  showState(dream);
  if (isFilm) {
    el("shown-film").src = dreamUrl(dream.id, "film");
    return;
  }
  const next = new Image(); // shown when it is loaded, so that the screen never is empty
  next.onload = () => {
    el("shown").src = next.src;
    el("shown").alt = `The dream of ${dream.title}`;
  };
  next.src = dream.status === "done" ? dreamUrl(dream.id, "image")
    : preview ? dreamUrl(dream.id, `preview?n=${preview}`) : thumbnailUrl(dream);
}

function showState({ status, progress }) {
  const share = progress ? `, ${Math.round(100 * progress.fraction)} %` : "";
  el("state").textContent = status === "done" ? "" : `${capitalise(status)}${share}`;
}

const fullScreen = () => toggleFullScreen(document.documentElement);
el("full-screen").addEventListener("click", fullScreen);
document.addEventListener("keydown", (event) => event.key.toLowerCase() === "f" && fullScreen());
document.addEventListener("fullscreenchange", () => { el("full-screen").hidden = Boolean(document.fullscreenElement); });
connection.follow(onActivity);
connection.start();
