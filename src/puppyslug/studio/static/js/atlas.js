/** Portraits of channels and classes: a layer's channel chosen by what it looks for. */

import { get } from "./api.js";
import { catalogue, el } from "./page.js";

const whole = new Map();
let asked = 0;

export const known = (network, layer) =>
  catalogue.atlases.some((one) => one.network === network && one.layer === layer);

const query = (network, layer, more = {}) => new URLSearchParams({ network, layer, ...more });

/** All that is known of an atlas, asked for once. */
export function open(network, layer) {
  const key = `${network} ${layer}`;
  if (!whole.has(key)) {
    const one = get(`/api/atlas?${query(network, layer)}`)
      .then((atlas) => ({ ...atlas, picture: `/api/atlas/portraits?${query(network, layer)}` }));
    one.catch(() => whole.delete(key));
    whole.set(key, one);
  }
  return whole.get(key);
}

/** Shows one portrait in a square element. */
export function put(node, atlas, number) {
  const rows = Math.ceil(atlas.count / atlas.columns);
  const share = (at, count) => (count > 1 ? (100 * at) / (count - 1) : 0);
  node.style.backgroundImage = `url("${atlas.picture}")`;
  node.style.backgroundSize = `${100 * atlas.columns}% ${100 * rows}%`;
  node.style.backgroundPosition =
    `${share(number % atlas.columns, atlas.columns)}% ${share(Math.floor(number / atlas.columns), rows)}%`;
}

export function start() {
  el("atlas").addEventListener("toggle", fill);
  el("atlas-words").addEventListener("input", fill);
  el("atlas-words").addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  el("channel").addEventListener("input", mark);
  el("portraits").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    el("channel").value = el("channel").value === button.dataset.number ? "" : button.dataset.number;
    mark();
  });
}

/** Offers the portraits of another layer, where there are any. */
export function turn() {
  const here = known(el("network").value, el("any-layer").value);
  el("atlas").hidden = !here;
  el("atlas-words").value = "";
  el("portraits").replaceChildren();
  if (here) fill();
}

async function fill() {
  if (!el("atlas").open || el("atlas").hidden) return;
  const number = ++asked;
  const [network, layer] = [el("network").value, el("any-layer").value];
  const word = el("atlas-words").value.trim();
  try {
    const atlas = await open(network, layer);
    const { entries } = word ? await get(`/api/atlas?${query(network, layer, { q: word })}`) : atlas;
    if (number !== asked) return;
    el("portraits").replaceChildren(...entries.map((entry) => tile(atlas, entry)));
    el("atlas-hint").textContent = entries.length ? "" : `None looks like ${word}.`;
    mark();
  } catch (error) {
    if (number === asked) el("atlas-hint").textContent = error.message;
  }
}

function tile(atlas, entry) {
  const item = document.createElement("li");
  const button = Object.assign(document.createElement("button"), {
    type: "button", className: "portrait", title: `${entry.number}: ${entry.title}`,
  });
  button.dataset.number = entry.number;
  button.ariaLabel = `Channel ${entry.number}: ${entry.title}`;
  put(button, atlas, entry.number);
  item.append(button);
  return item;
}

function mark() {
  for (const button of el("portraits").querySelectorAll("button")) {
    button.ariaPressed = String(button.dataset.number === el("channel").value);
  }
}
