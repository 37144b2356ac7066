/** The gallery: all dreams, newest first, with search. It follows what happens in the studio. */

import { dreamUrl, get, remove, thumbnailUrl } from "./api.js";
import { compare, MAX_DREAMS } from "./comparison.js";
import * as connection from "./connection.js";
import { attempt, el, showStatus } from "./page.js";
import * as tags from "./tags.js";
import { capitalise, describeLook, describeWait } from "./words.js";

const PAGE_SIZE = 24;
const MAX_SELECTED = 100;
const SEARCH_DELAY = 250; // milliseconds after the last key
const REFRESH_DELAY = 300; // milliseconds; changes in the meantime are shown together
const cards = new Map(); // by the dream's id
let onOpen = () => {};
let searchTimer = 0;
let refreshTimer = 0;
let shownVersion = -1;
let openId = "";
let latestRequest = 0;
let selected = null; // ids of the selected dreams; null unless the user selects
let older = 0; // pages of older dreams that are shown

export function start(open) {
  onOpen = open;
  el("search").addEventListener("input", () => {
    older = 0;
    clearTimeout(searchTimer);
    searchTimer = setTimeout(() => attempt(refresh), SEARCH_DELAY);
  });
  el("older").addEventListener("click", () => attempt(() => {
    older++;
    return loadOlder(el("dreams").lastElementChild?.dataset.id);
  }));
  el("select").addEventListener("click", () => setSelecting(selected === null));
  el("select-compare").addEventListener("click", () => attempt(async () => {
    await compare([...selected]);
    setSelecting(false);
  }));
  el("select-delete").addEventListener("click", () => attempt(deleteSelected));
  el("select-favourite").addEventListener("click", () => attempt(favouriteSelected));
  for (const change of ["add", "remove"]) {
    el(`select-tag-${change}`).addEventListener("click", () => attempt(() => tagSelected(change)));
  }
  el("select-tag").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !el("select-tag-add").disabled) attempt(() => tagSelected("add"));
  });
  tags.start(() => {
    older = 0;
    attempt(refresh);
  });
  connection.follow(onActivity);
  attempt(refresh);
}

async function deleteSelected() {
  const count = selected.size;
  if (!window.confirm(`Delete ${count} ${count === 1 ? "dream" : "dreams"}?`)) return;
  const ids = [...selected];
  setSelecting(false);
  for (const id of ids) await remove(dreamUrl(id));
}

/** Makes the selected dreams favourites; if all of them are, no longer. */
async function favouriteSelected() {
  const favourite = [...selected].some((id) => !cards.get(id)?.dataset.favourite);
  await tags.editAll([...selected], { favourite });
  showStatus(favourite ? "Added to the favourites." : "Removed from the favourites.");
}

/** Adds the tag that the user has typed to the selected dreams, or removes it. */
async function tagSelected(change) {
  const tag = el("select-tag").value.trim();
  if (!tag) throw new Error("enter a tag, such as holiday");
  const count = selected.size;
  await tags.editAll([...selected], { [change]: [tag] });
  el("select-tag").value = "";
  showStatus(`${change === "add" ? `${count} tagged` : `${count} no longer tagged`} ${tag}.`);
}

function setSelecting(selecting) {
  selected = selecting ? new Set() : null;
  el("select").ariaPressed = String(selecting);
  el("select-tools").hidden = !selecting;
  markSelected();
}

function toggle(id) {
  if (!selected.delete(id) && selected.size < MAX_SELECTED) selected.add(id);
  markSelected();
}

function markSelected() {
  for (const [id, item] of cards) {
    const button = item.querySelector("button");
    if (selected) button.ariaPressed = String(selected.has(id));
    else button.removeAttribute("aria-pressed");
  }
  const count = selected?.size ?? 0;
  el("select-compare").disabled = count < 2 || count > MAX_DREAMS;
  for (const name of ["delete", "favourite", "tag-add", "tag-remove"]) el(`select-${name}`).disabled = count === 0;
  el("select-download").hidden = count === 0;
  el("select-download").href = `/api/download?${new URLSearchParams([...(selected ?? [])].map((id) => ["id", id]))}`;
  el("select-hint").textContent = count ? `${count} selected` : `Choose 2 to ${MAX_DREAMS} dreams to compare.`;
}

function onActivity({ version, queue, active }) {
  for (const [id, card] of cards) showProgress(card, active[id], queue.indexOf(id));
  if (version === shownVersion || refreshTimer) return;
  refreshTimer = setTimeout(() => {
    refreshTimer = 0;
    shownVersion = connection.activity().version;
    refresh().catch(() => { shownVersion = -1; }); // the page says that the server is gone
  }, shownVersion < 0 ? 0 : REFRESH_DELAY);
}

export async function refresh() {
  const request = ++latestRequest;
  await tags.refresh();
  const pages = [await fetchPage()];
  for (let page = 0; page < older && pages.at(-1).length === PAGE_SIZE; page++) {
    pages.push(await fetchPage(pages.at(-1).at(-1).id));
  }
  if (request !== latestRequest) return; // the search has changed, or something has happened since
  const dreams = pages.flat();
  const kept = new Set(dreams.map((dream) => dream.id));
  for (const id of cards.keys()) if (!kept.has(id)) cards.delete(id);
  const items = dreams.map(showCard);
  if (items.some((item, index) => el("dreams").children[index] !== item) || items.length !== el("dreams").children.length) {
    const focused = document.activeElement;
    el("dreams").replaceChildren(...items);
    if (focused?.isConnected) focused.focus({ preventScroll: true });
  }
  updateFooter(pages.at(-1));
}

async function loadOlder(before) {
  const dreams = await fetchPage(before);
  el("dreams").append(...dreams.map(showCard));
  updateFooter(dreams);
}

function fetchPage(before) {
  const query = new URLSearchParams([["limit", PAGE_SIZE], ["words", el("search").value], ...tags.query()]);
  if (before) query.set("before", before);
  return get(`/api/dreams?${query}`);
}

function updateFooter(dreams) {
  el("older").hidden = dreams.length < PAGE_SIZE;
  el("no-dreams").hidden = el("dreams").children.length > 0;
  el("no-dreams").textContent = el("search").value || tags.isFiltered() ? "No dream matches." : "No dreams yet.";
}

/** Returns the card of a dream, which is created if there is none yet. */
function showCard(dream) {
  if (!cards.has(dream.id)) {
    const created = el("card-template").content.cloneNode(true).firstElementChild;
    created.dataset.id = dream.id;
    created.querySelector("button").addEventListener("click", () => (selected ? toggle(dream.id) : onOpen(dream.id)));
    created.querySelector("img").addEventListener("error", (event) => event.target.removeAttribute("src"));
    cards.set(dream.id, created);
  }
  const item = cards.get(dream.id);
  const url = thumbnailUrl(dream);
  const picture = item.querySelector("img");
  if (picture.getAttribute("src") !== url) picture.src = url;
  item.querySelector(".title").textContent = dream.title;
  item.querySelector(".star").hidden = !dream.favourite;
  item.dataset.favourite = dream.favourite ? "yes" : "";
  const state = dream.status === "done" ? describeLook(dream.recipe, dream.called) : capitalise(dream.status);
  item.dataset.text = dream.kind === "zoom" ? `Film, ${state}` : state;
  item.dataset.title = dream.title;
  const { queue = [], active = {} } = connection.activity() ?? {};
  showProgress(item, active[dream.id], queue.indexOf(dream.id));
  const button = item.querySelector("button");
  button.setAttribute("aria-current", String(dream.id === openId));
  if (selected) button.ariaPressed = String(selected.has(dream.id));
  return item;
}

function showProgress(item, active, position) {
  const fraction = active?.progress?.fraction;
  const text = fraction !== undefined ? `${capitalise(active.status)}, ${Math.round(100 * fraction)} %`
    : position >= 0 ? describeQueued(item.dataset.id, position) : item.dataset.text;
  const line = item.querySelector(".muted");
  const favourite = item.dataset.favourite ? ", favourite" : "";
  const label = `Dream of ${item.dataset.title}: ${text}${favourite}`;
  if (line.textContent !== text) line.textContent = text;
  if (item.querySelector("button").ariaLabel !== label) item.querySelector("button").ariaLabel = label;
}

function describeQueued(id, position) {
  const wait = connection.waitOf(id);
  return wait ? `Waiting: ${describeWait(wait).toLowerCase()}` : `Queued, number ${position + 1}`;
}

/** Highlights the dream that is open. */
export function markOpen(id) {
  openId = id;
  for (const item of cards.values()) {
    item.querySelector("button").setAttribute("aria-current", String(item.dataset.id === id));
  }
}
