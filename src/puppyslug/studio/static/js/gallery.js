/** All dreams, newest first, to look through and to search. */

import { at, get } from "./api.js";
import { attempt, caption, el } from "./page.js";

const MANY = 24;
let opened = () => {};
let timer = 0;

export function start(open) {
  opened = open;
  el("words").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, 250);
  });
  el("older").addEventListener("click", () => attempt(() => fetchMore(el("dreams").lastElementChild?.dataset.id)));
  attempt(refresh);
}

export async function refresh() {
  const dreams = await page();
  el("dreams").replaceChildren(...dreams.map(card));
  after(dreams);
}

async function fetchMore(before) {
  const dreams = await page(before);
  el("dreams").append(...dreams.map(card));
  after(dreams);
}

function page(before) {
  const query = new URLSearchParams({ limit: MANY, words: el("words").value });
  if (before) query.set("before", before);
  return get(`/api/dreams?${query}`);
}

function after(dreams) {
  el("older").hidden = dreams.length < MANY;
  el("no-dreams").hidden = el("dreams").children.length > 0;
  el("no-dreams").textContent = el("words").value ? "None with these words." : "None yet.";
}

function card(dream) {
  const item = el("card").content.cloneNode(true).firstElementChild;
  item.dataset.id = dream.id;
  const picture = item.querySelector("img");
  if (dream.width) picture.src = at(dream.id, dream.status === "done" ? "thumbnail" : "before");
  else picture.removeAttribute("src");
  item.querySelector(".title").textContent = dream.title;
  const state = dream.status === "done" ? caption(dream.recipe) : dream.status;
  const text = dream.kind === "zoom" ? `film, ${state}` : state;
  item.querySelector(".quiet").textContent = text;
  item.querySelector("button").ariaLabel = `Dream of ${dream.title}: ${text}`;
  item.querySelector("button").addEventListener("click", () => opened(dream.id));
  return item;
}

export function mark(id) {
  for (const item of el("dreams").children) {
    item.querySelector("button").setAttribute("aria-current", String(item.dataset.id === id));
  }
}
