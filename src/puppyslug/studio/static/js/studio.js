/** The page for dreams: connects its parts. */

import { dreamUrl, get, post } from "./api.js";
import { attempt, el, showError, showStage, showStatus } from "./page.js";
import * as atlas from "./atlas.js";
import * as classSearch from "./class-search.js";
import * as form from "./settings-form.js";
import * as gallery from "./gallery.js";
import * as maskEditor from "./mask-editor.js";
import * as progress from "./progress.js";
import * as result from "./result.js";
import * as source from "./source.js";

function onSourceChange() {
  progress.stopWatching();
  if (location.hash) history.pushState(null, "", location.pathname);
}

/** Shows what the URL names: a dream, or else the source. */
function route(options) {
  if (/^#[\w-]{8,40}$/.test(location.hash)) openDream(location.hash.slice(1), { inHistory: true, ...options });
  else if (source.current() === null) source.clear(progress.stopWatching);
  else source.showCurrent(progress.stopWatching);
}

async function submit(event) {
  event.preventDefault();
  el("submit-button").disabled = true;
  await attempt(async () => {
    await source.whenRead();
    const photo = source.current();
    if (photo === null) throw new Error("choose a photo first, or start from clouds or noise");
    const data = new FormData();
    const settings = form.readSettings();
    if (typeof photo === "string") settings.photo = photo;
    else data.append("photo", photo, photo.name);
    const mask = await maskEditor.exportMask();
    if (mask) data.append("mask", mask, "mask.png");
    const guide = form.guideFile();
    if (guide) data.append("guide", guide, guide.name);
    data.append("recipe", JSON.stringify(settings));
    onQueued(await post("/api/dreams", data));
  });
  el("submit-button").disabled = false;
}

function onQueued(dream) {
  showError(null);
  history.pushState(null, "", `#${dream.id}`);
  progress.watch(dream, onEnd);
  el("stage").scrollIntoView({ block: "start" });
  refreshGallery(dream.id);
}

function onEnd(dream) {
  result.open(dream);
  refreshGallery(dream.id);
}

function refreshGallery(id) {
  attempt(gallery.refresh).then(() => gallery.markOpen(id));
}

async function openDream(id, { inHistory = false, fillForm = false } = {}) {
  await attempt(async () => {
    const dream = await get(dreamUrl(id));
    progress.stopWatching();
    if (!inHistory) history.pushState(null, "", `#${id}`);
    if (fillForm) form.fill(dream.recipe);
    if (["queued", "running", "paused"].includes(dream.status)) progress.watch(dream, onEnd);
    else result.open(dream);
    gallery.markOpen(id);
    el("stage").scrollIntoView({ block: "start" });
  });
}

/** Applies a link of the page Teach, which names a network and one of its classes. */
function applyQuery() {
  const query = new URLSearchParams(location.search);
  if (!query.has("see")) return;
  form.selectClass(query.get("network") ?? "", query.get("see"));
  history.replaceState(null, "", location.pathname + location.hash);
}

atlas.start();
form.start();
maskEditor.start();
classSearch.start(form.classNetwork);
source.start(onSourceChange);
progress.start(onEnd);
result.start({
  onQueued,
  onSourceChange,
  onDeleted: () => {
    source.clear(onSourceChange);
    showStatus("Deleted.");
    attempt(gallery.refresh);
  },
});
gallery.start((id) => openDream(id));
el("settings").addEventListener("submit", submit);
el("dismiss").addEventListener("click", () => showError(null));
window.addEventListener("popstate", () => route());
showStage("empty");
route({ fillForm: true });
applyQuery();
