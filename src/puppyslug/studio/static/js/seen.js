/** What the network sees in the picture on the page, before and after the dream, and where. */

import { dreamUrl, get, post } from "./api.js";
import { pictureForm, showBars } from "./bars.js";
import * as connection from "./connection.js";
import { el } from "./page.js";

const LIVE_INTERVAL = 4000; // milliseconds between two looks at a running dream
const CLOSED = "puppyslug-seen-closed"; // in the browser's storage: whether the user has closed it
let shown = null; // { dream } or { file }
let request = 0;
let liveTime = 0;

export function start() {
  const panel = el("seen");
  panel.open = localStorage.getItem(CLOSED) === null;
  panel.addEventListener("toggle", () => {
    if (panel.open) localStorage.removeItem(CLOSED);
    else localStorage.setItem(CLOSED, "yes");
    load();
  });
  el("after").addEventListener("load", alignHeat);
  document.addEventListener("keydown", (event) => event.key === "Escape" && hideMap());
  connection.follow(({ active }) => {
    const progress = active[shown?.dream?.id]?.progress;
    if (!progress?.preview || Date.now() < liveTime + LIVE_INTERVAL) return;
    liveTime = Date.now();
    load({ live: true });
  });
}

/** Shows what the network sees in a dream. */
export function showDream(dream) {
  show({ dream });
}

/** Shows what the network sees in a photo that the user has chosen. */
export function showSource(source) {
  show(source.file ? { file: source.file } : source.dream ? { dream: { id: source.dream }, onlyBefore: true } : null);
}

function show(subject) {
  shown = subject;
  hideMap();
  liveTime = 0;
  el("seen").hidden = !subject;
  for (const id of ["seen-before", "seen-after"]) el(id).replaceChildren();
  load();
}

async function load({ live = false } = {}) {
  const number = ++request;
  const subject = shown;
  if (!subject || !el("seen").open) return;
  const { dream, file, onlyBefore } = subject;
  const ended = dream?.status && !["queued", "running", "paused"].includes(dream.status);
  const withAfter = dream && !onlyBefore && (ended ? dream.status === "done" : live);
  el("seen-after-part").hidden = !dream || onlyBefore || (ended && dream.status !== "done");
  if (!live) el("seen-hint").textContent = "Looking …";
  const before = !live && (file ? pictureForm(file).then((data) => post("/api/seen", data))
    : dream.status === "queued" ? null : get(dreamUrl(dream.id, "seen?picture=before")));
  const after = withAfter && get(dreamUrl(dream.id, "seen?picture=after"));
  try {
    const [first, second] = await Promise.all([before, after]);
    if (number !== request) return;
    if (first) showBars(el("seen-before"), first, file ? null : (one, bar) => toggleMap(one, bar, "before"));
    if (second) showBars(el("seen-after"), second, (one, bar) => toggleMap(one, bar, "after"));
    el("seen-hint").textContent = !first && !second && !live ? "" : file ? "Dream of it to see where." : "Press a name to see where.";
  } catch (error) {
    if (number === request && !live) el("seen-hint").textContent = error.message;
  }
}

/** Shows where the network sees a class, or the picture again. */
function toggleMap(one, bar, picture) {
  const wasPressed = bar.ariaPressed === "true";
  hideMap();
  if (wasPressed || !shown?.dream) return;
  bar.ariaPressed = "true";
  const heat = el("heat");
  heat.alt = `Where the network sees ${one.name}`;
  heat.onload = () => {
    heat.hidden = bar.ariaPressed !== "true";
    if (!heat.hidden) el("frame").scrollIntoView({ block: "nearest" });
  };
  heat.src = dreamUrl(shown.dream.id, `seen/${one.number}?picture=${picture}`);
}

function hideMap() {
  el("heat").hidden = true;
  el("heat").removeAttribute("src");
  for (const bar of el("seen").querySelectorAll("[aria-pressed=true]")) bar.ariaPressed = "false";
}

function alignHeat() {
  el("heat").style.aspectRatio = `${el("after").naturalWidth} / ${el("after").naturalHeight}`;
}
