/** The page for dreams: connects its parts. */

import { dreamUrl, get, post } from "./api.js";
import { attempt, el, showError, showStage, showStatus } from "./page.js";
import * as classSearch from "./class-search.js";
import * as comparison from "./comparison.js";
import * as connection from "./connection.js";
import * as form from "./settings-form.js";
import * as gallery from "./gallery.js";
import * as keys from "./keys.js";
import * as ownLooks from "./own-looks.js";
import * as maskEditor from "./mask-editor.js";
import * as progress from "./progress.js";
import * as queue from "./queue.js";
import * as result from "./result.js";
import * as seen from "./seen.js";
import * as settingsHistory from "./settings-history.js";
import * as sheet from "./sheet.js";
import * as source from "./source.js";
import * as trials from "./trials.js";

function onSourceChange() {
  showSource();
  if (location.hash) history.pushState(null, "", location.pathname);
}

function showSource() {
  progress.stopWatching();
  seen.showSource(source.current() ?? {});
  trials.onSource();
}

/** Shows what the URL names: a dream, or else the source. */
function route(options) {
  if (/^#[\w-]{8,40}$/.test(location.hash)) openDream(location.hash.slice(1), { inHistory: true, ...options });
  else source.showChosen(showSource);
}

async function submit(event) {
  event.preventDefault();
  el("submit-button").disabled = true;
  await attempt(async () => {
    await source.whenRead();
    const start = source.current();
    if (start === null) throw new Error("choose a photo first, or start from clouds or noise");
    const settings = form.readSettings();
    const mask = await source.exportMask();
    const first = await submitOne(start, settings, mask);
    const failed = [];
    for (const file of start.others ?? []) {
      await submitOne({ file, name: file.name }, settings, null).catch((error) => failed.push(error));
    }
    onQueued(first);
    if (failed.length) throw failed[0];
  });
  el("submit-button").disabled = false;
}

/** Queues a dream that starts from a source. */
function submitOne(start, settings, mask) {
  const data = new FormData();
  if (start.dream) data.append("photo_of", start.dream);
  else if (start.file) data.append("photo", start.file, start.name);
  if (mask) data.append("mask", mask, "mask.png");
  for (const guide of form.guideFiles()) data.append("guide", guide, guide.name);
  const recipe = start.generated ? { ...settings, photo: start.generated } : settings;
  data.append("recipe", JSON.stringify(recipe));
  return post("/api/dreams", data);
}

function onQueued(dream) {
  showError(null);
  history.pushState(null, "", `#${dream.id}`);
  source.openDream(dream);
  seen.showDream(dream);
  progress.watch(dream);
  el("stage").scrollIntoView({ block: "start" });
  refreshGallery(dream.id);
}

function onEnd(dream) {
  source.openDream(dream);
  seen.showDream(dream);
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
    source.openDream(dream);
    seen.showDream(dream);
    trials.onSource();
    if (["queued", "running", "paused"].includes(dream.status)) progress.watch(dream);
    else result.open(dream);
    gallery.markOpen(id);
    if (!inHistory) el("stage").scrollIntoView({ block: "start" });
  });
}

/** Applies a link of the page Teach or of the worksheet: a network, one of its classes, what to start from. */
function applyQuery() {
  const query = new URLSearchParams(location.search);
  if (!query.has("see") && !query.has("start")) return;
  if (query.has("see")) form.selectClass(query.get("network") ?? "", query.get("see"));
  const start = CSS.escape(query.get("start") ?? "");
  document.querySelector(`[data-start="${start}"], [data-sample="${start}"]`)?.click();
  history.replaceState(null, "", location.pathname + location.hash);
}

form.start();
maskEditor.start();
seen.start();
sheet.start();
trials.start();
comparison.start((id) => openDream(id));
classSearch.start(form.classNetwork, form.portraitNetwork);
source.start(onSourceChange);
progress.start(onEnd);
queue.start(progress.showText);
result.start({
  onQueued,
  onSourceChange,
  onDeleted: () => {
    source.clear(onSourceChange);
    showStatus("Deleted.");
    attempt(gallery.refresh);
  },
});
ownLooks.start(result.shownDream, () => attempt(gallery.refresh));
gallery.start((id) => openDream(id));
settingsHistory.start();
keys.start();
connection.start();
el("settings").addEventListener("submit", submit);
el("dismiss").addEventListener("click", () => showError(null));
window.addEventListener("popstate", () => route());
showStage("empty");
route({ fillForm: true });
applyQuery();
