/** Portraits of channels and classes, to choose a layer's channel by what it responds to. */

import { get } from "./api.js";
import { choices, el } from "./page.js";

const atlases = new Map(); // promises, by network and layer
let latestRequest = 0;

export const hasAtlas = (network, layer) =>
  choices.atlases.some((one) => one.network === network && one.layer === layer);

const query = (network, layer, more = {}) => new URLSearchParams({ network, layer, ...more });

/** Loads the atlas of a layer; cached. */
export function loadAtlas(network, layer) {
  const key = `${network} ${layer}`;
  if (!atlases.has(key)) {
    const loading = get(`/api/atlas?${query(network, layer)}`)
      .then((atlas) => ({ ...atlas, picture: `/api/atlas/portraits?${query(network, layer)}` }));
    loading.catch(() => atlases.delete(key));
    atlases.set(key, loading);
  }
  return atlases.get(key);
}

/** Shows one portrait as the background of a square element. */
export function showPortrait(node, atlas, number) {
  const rows = Math.ceil(atlas.count / atlas.columns);
  const percent = (index, count) => (count > 1 ? (100 * index) / (count - 1) : 0);
  const [column, row] = [number % atlas.columns, Math.floor(number / atlas.columns)];
  node.style.backgroundImage = `url("${atlas.picture}")`;
  node.style.backgroundSize = `${100 * atlas.columns}% ${100 * rows}%`;
  node.style.backgroundPosition = `${percent(column, atlas.columns)}% ${percent(row, rows)}%`;
}

export function start() {
  el("atlas").addEventListener("toggle", update);
  el("atlas-words").addEventListener("input", update);
  el("atlas-words").addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  el("channel").addEventListener("input", markChannel);
  el("portraits").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    el("channel").value = el("channel").value === button.dataset.number ? "" : button.dataset.number;
    markChannel();
  });
}

/** Shows the atlas of the chosen layer, if there is one. */
export function showLayer() {
  const available = hasAtlas(el("network").value, el("any-layer").value);
  el("atlas").hidden = !available;
  el("atlas-words").value = "";
  el("portraits").replaceChildren();
  if (available) update();
}

async function update() {
  if (!el("atlas").open || el("atlas").hidden) return;
  const request = ++latestRequest;
  const [network, layer] = [el("network").value, el("any-layer").value];
  const word = el("atlas-words").value.trim();
  try {
    const atlas = await loadAtlas(network, layer);
    const { entries } = word ? await get(`/api/atlas?${query(network, layer, { q: word })}`) : atlas;
    if (request !== latestRequest) return;
    el("portraits").replaceChildren(...entries.map((entry) => createPortrait(atlas, entry)));
    el("atlas-hint").textContent = entries.length ? "" : `No channel matches ${word}.`;
    markChannel();
  } catch (error) {
    if (request === latestRequest) el("atlas-hint").textContent = error.message;
  }
}

function createPortrait(atlas, entry) {
  const item = document.createElement("li");
  const button = Object.assign(document.createElement("button"), {
    type: "button", className: "portrait", title: `${entry.number}: ${entry.title}`,
  });
  button.dataset.number = entry.number;
  button.ariaLabel = `Channel ${entry.number}: ${entry.title}`;
  showPortrait(button, atlas, entry.number);
  item.append(button);
  return item;
}

function markChannel() {
  for (const button of el("portraits").querySelectorAll("button")) {
    button.ariaPressed = String(button.dataset.number === el("channel").value);
  }
}
