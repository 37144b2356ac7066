/** The gallery: all dreams, newest first, with search. */

import { dreamUrl, get } from "./api.js";
import { attempt, caption, el } from "./page.js";

const PAGE_SIZE = 24;
const SEARCH_DELAY = 250; // milliseconds after the last key
let onOpen = () => {};
let timer = 0;

export function start(open) {
  onOpen = open;
  el("search").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, SEARCH_DELAY);
  });
  el("older").addEventListener("click", () => attempt(() => loadOlder(el("dreams").lastElementChild?.dataset.id)));
  attempt(refresh);
}

export async function refresh() {
  const dreams = await fetchPage();
  el("dreams").replaceChildren(...dreams.map(createCard));
  updateFooter(dreams);
}

async function loadOlder(before) {
  const dreams = await fetchPage(before);
  el("dreams").append(...dreams.map(createCard));
  updateFooter(dreams);
}

function fetchPage(before) {
  const query = new URLSearchParams({ limit: PAGE_SIZE, words: el("search").value });
  if (before) query.set("before", before);
  return get(`/api/dreams?${query}`);
}

function updateFooter(dreams) {
  el("older").hidden = dreams.length < PAGE_SIZE;
  el("no-dreams").hidden = el("dreams").children.length > 0;
  el("no-dreams").textContent = el("search").value ? "No dream matches." : "No dreams yet.";
}

function createCard(dream) {
  const item = el("card-template").content.cloneNode(true).firstElementChild;
  item.dataset.id = dream.id;
  const picture = item.querySelector("img");
  if (dream.width) picture.src = dreamUrl(dream.id, dream.status === "done" ? "thumbnail" : "before");
  else picture.removeAttribute("src");
  item.querySelector(".title").textContent = dream.title;
  const state = dream.status === "done" ? caption(dream.recipe) : dream.status;
  const text = dream.kind === "zoom" ? `film, ${state}` : state;
  item.querySelector(".muted").textContent = text;
  item.querySelector("button").ariaLabel = `Dream of ${dream.title}: ${text}`;
  item.querySelector("button").addEventListener("click", () => onOpen(dream.id));
  return item;
}

/** Highlights the dream that is open. */
export function markOpen(id) {
  for (const item of el("dreams").children) {
    item.querySelector("button").setAttribute("aria-current", String(item.dataset.id === id));
  }
}
