/** Tags and favourites: of the dream on the page, of selected dreams, and as filters of the gallery. */

import { get, post } from "./api.js";
import { attempt, el, showStatus } from "./page.js";

const filter = { tags: new Set(), favourites: false };
let shown = null; // the dream whose tags the page shows
let onFilter = () => {};

/** Starts the controls; onChange is called when the filter changes. */
export function start(onChange) {
  onFilter = onChange;
  el("favourite").addEventListener("click", () => attempt(async () => {
    const favourite = !shown.favourite;
    await editAll([shown.id], { favourite });
    showStatus(favourite ? "Added to the favourites." : "Removed from the favourites.");
  }));
  el("tag-form").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => {
      await editAll([shown.id], { add: [el("tag").value] });
      el("tag").value = "";
    });
  });
  el("filter-favourites").addEventListener("click", () => {
    filter.favourites = !filter.favourites;
    el("filter-favourites").ariaPressed = String(filter.favourites);
    onFilter();
  });
}

/** Changes dreams, and shows the tags of the dream on the page if it is one of them. */
export async function editAll(ids, changes) {
  const changed = await post("/api/tags", { dreams: ids, ...changes });
  const again = changed.find((dream) => dream.id === shown?.id);
  if (again) show(again);
}

/** Shows the tags of a dream that is on the page. */
export function show(dream) {
  shown = dream;
  el("tag-form").hidden = el("favourite").hidden = !dream.mine;
  el("favourite").ariaPressed = String(dream.favourite);
  el("favourite").textContent = dream.favourite ? "★ Favourite" : "☆ Favourite";
  el("tag-list").replaceChildren(...dream.tags.map((tag) => {
    const item = document.createElement("li");
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "×", ariaLabel: `Remove the tag ${tag}` });
    button.addEventListener("click", () => attempt(async () => {
      await editAll([dream.id], { remove: [tag] });
      el("tag").focus();
    }));
    item.append(tag, button);
    return item;
  }));
}

/** Returns the filter as parameters of a list of dreams. */
export const query = () => [...[...filter.tags].map((tag) => ["tag", tag]), ...(filter.favourites ? [["favourite", "true"]] : [])];

export const isFiltered = () => query().length > 0;

/** Lists the tags that there are, as filters and as suggestions. */
export async function refresh() {
  const tags = await get("/api/tags");
  const names = tags.map((tag) => tag.name);
  for (const tag of filter.tags) if (!names.includes(tag)) filter.tags.delete(tag);
  el("known-tags").replaceChildren(...names.map((name) => new Option(name)));
  const buttons = tags.map(createFilter);
  const focused = document.activeElement?.dataset?.tag;
  el("tag-filters").replaceChildren(...buttons);
  buttons.find((button) => focused !== undefined && button.dataset.tag === focused)?.focus({ preventScroll: true });
}

function createFilter({ name, count }) {
  const button = Object.assign(document.createElement("button"), {
    type: "button", textContent: `${name} (${count})`, ariaPressed: String(filter.tags.has(name)),
  });
  button.dataset.tag = name;
  button.addEventListener("click", () => {
    if (!filter.tags.delete(name)) filter.tags.add(name);
    button.ariaPressed = String(filter.tags.has(name));
    onFilter();
  });
  return button;
}
