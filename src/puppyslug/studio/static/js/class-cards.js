/** The pictures on the teacher's page, newest first, with what the teacher can do with each. */

import { dreamUrl, get, post, remove, thumbnailUrl } from "./api.js";
import { attempt, el } from "./page.js";
import { capitalise } from "./words.js";

const PAGE_SIZE = 48;
const cards = new Map(); // by the dream's id
let pages = 1;
let onlyPupil = ""; // name of the pupil whose pictures are shown; empty for all
let latestRequest = 0;
let latest = null; // activity

export function start() {
  el("older").addEventListener("click", () => {
    pages++;
    attempt(refresh);
  });
  el("show-all").addEventListener("click", () => showOnly(""));
}

/** Shows the pictures of one pupil, or of all. */
export function showOnly(name) {
  onlyPupil = name;
  el("show-all").hidden = !name;
  filter();
  el("class-dreams").focus();
}

export async function refresh() {
  const request = ++latestRequest;
  const dreams = [];
  let page = [];
  for (let count = 0; count < pages && (count === 0 || page.length === PAGE_SIZE); count++) {
    const before = dreams.length ? `&before=${dreams.at(-1).id}` : "";
    page = await get(`/api/dreams?limit=${PAGE_SIZE}${before}`);
    dreams.push(...page);
  }
  if (request !== latestRequest) return;
  const kept = new Set(dreams.map(({ id }) => id));
  for (const id of cards.keys()) if (!kept.has(id)) cards.delete(id);
  const items = dreams.map(showCard);
  const list = el("class-dreams");
  if (items.length !== list.children.length || items.some((item, index) => list.children[index] !== item)) {
    const focused = document.activeElement;
    list.replaceChildren(...items);
    if (focused?.isConnected) focused.focus({ preventScroll: true });
  }
  el("older").hidden = page.length < PAGE_SIZE;
  filter();
}

/** Shows the progress of the running dreams, and which one is on the projector. */
export function showActivity(activity) {
  latest = activity;
  for (const [id, item] of cards) showState(item, id);
}

function filter() {
  let count = 0;
  for (const item of cards.values()) {
    item.hidden = Boolean(onlyPupil) && item.dataset.pupil !== onlyPupil;
    count += !item.hidden;
  }
  el("no-dreams").hidden = count > 0;
  el("no-dreams").textContent = onlyPupil ? `No pictures of ${onlyPupil} yet.` : "No pictures yet.";
}

function showCard(dream) {
  if (!cards.has(dream.id)) cards.set(dream.id, createCard(dream.id));
  const item = cards.get(dream.id);
  const picture = item.querySelector("img");
  const url = thumbnailUrl(dream);
  if (picture.getAttribute("src") !== url) picture.src = url;
  picture.alt = `Dream of ${dream.title}`;
  item.dataset.pupil = dream.pupil;
  item.dataset.status = dream.status;
  item.querySelector(".title").textContent = [dream.pupil || "You", dream.title].join(": ");
  for (const [kind, label] of [["show", "Show on the projector"], ["stop", "Stop"], ["delete", "Delete"]]) {
    item.querySelector(`.${kind}`).ariaLabel = `${label}: ${dream.title}${dream.pupil ? ` of ${dream.pupil}` : ""}`;
  }
  showState(item, dream.id);
  return item;
}

function createCard(id) {
  const item = el("card-template").content.cloneNode(true).firstElementChild;
  item.dataset.id = id;
  item.querySelector("a").href = `/#${id}`;
  item.querySelector("img").addEventListener("error", (event) => event.target.removeAttribute("src"));
  const act = (kind, action) => item.querySelector(`.${kind}`).addEventListener("click", () => attempt(action));
  act("show", () => post("/api/class/projector", { dream: latest?.projected === id ? null : id }));
  act("stop", () => post(dreamUrl(id, item.dataset.status === "queued" ? "cancel" : "stop")));
  act("delete", async () => {
    if (window.confirm("Delete this picture? It cannot be restored.")) await remove(dreamUrl(id));
  });
  return item;
}

function showState(item, id) {
  const active = latest?.active[id];
  const place = latest?.queue.indexOf(id) ?? -1;
  const status = active?.status ?? (place >= 0 ? "queued" : item.dataset.status);
  const isBusy = ["queued", "running", "paused"].includes(status);
  const text = active?.progress ? `${capitalise(status)}, ${Math.round(100 * active.progress.fraction)} %`
    : place >= 0 ? `Waiting, number ${place + 1}` : capitalise(status);
  const line = item.querySelector(".state");
  if (line.textContent !== text) line.textContent = text;
  item.querySelector(".stop").hidden = !isBusy;
  item.querySelector(".delete").hidden = isBusy && status !== "queued";
  const shown = latest?.projected === id;
  const show = item.querySelector(".show");
  show.ariaPressed = String(shown);
  show.textContent = shown ? "Shown" : "Show";
}
