/** Portraits of channels and classes, to choose a layer's channel by what it responds to. */

import { get } from "./api.js";
import { choices } from "./page.js";

const atlases = new Map(); // promises, by network and layer

export const hasAtlas = (network, layer) =>
  choices.atlases.some((one) => one.network === network && one.layer === layer);

/** Returns the layers of a network whose channels have portraits; classes are not channels. */
export const layersWithAtlas = (network) =>
  choices.atlases.filter((one) => one.network === network && one.layer !== "labels").map((one) => one.layer);

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

/** A picker of channels by their portraits, with a search, in a part of the page that is opened. */
export class ChannelPicker {
  /**
   * Starts a picker in a details element, which has a search field, a list and a hint.
   *
   * getLayers returns the layers to choose from, as { network, layer, title }; several get headings.
   * onChoose is called with { layer, number, title } of a channel, or null if it is chosen no longer.
   */
  constructor(details, { getLayers, onChoose }) {
    Object.assign(this, { details, getLayers, onChoose, request: 0, chosen: null });
    this.words = details.querySelector("input");
    this.list = details.querySelector(".portraits");
    this.hint = details.querySelector("[role=status]");
    details.addEventListener("toggle", () => this.update());
    this.words.addEventListener("input", () => this.update());
    this.words.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      const { layer, number, title } = button.dataset;
      const again = button.ariaPressed === "true";
      this.mark(again ? null : { layer, number: Number(number), title });
      this.onChoose(this.chosen);
    });
  }

  /** Shows the layers to choose from, or nothing if none of them has an atlas. */
  show() {
    const available = this.getLayers().length > 0;
    this.details.hidden = !available;
    this.words.value = "";
    this.list.replaceChildren();
    if (available) this.update();
  }

  /** Marks a channel, { layer, number }, as chosen; null for none. */
  mark(channel) {
    this.chosen = channel;
    for (const button of this.list.querySelectorAll("button")) {
      const { layer, number } = button.dataset;
      button.ariaPressed = String(layer === channel?.layer && Number(number) === channel.number);
    }
  }

  async update() {
    if (!this.details.open || this.details.hidden) return;
    const request = ++this.request;
    const layers = this.getLayers();
    const word = this.words.value.trim();
    try {
      const parts = await Promise.all(layers.map((one) => findPortraits(one, word)));
      if (request !== this.request) return;
      const found = parts.filter(({ entries }) => entries.length);
      this.list.replaceChildren(...found.flatMap((part) => createPortraits(part, layers.length > 1)));
      this.hint.textContent = found.length ? "" : `No channel matches ${word}.`;
      this.mark(this.chosen);
    } catch (error) {
      if (request === this.request) this.hint.textContent = error.message;
    }
  }
}

/** Finds the portraits of a layer that match a word. */
async function findPortraits({ network, layer, title }, word) {
  const atlas = await loadAtlas(network, layer);
  const { entries } = word ? await get(`/api/atlas?${query(network, layer, { q: word })}`) : atlas;
  return { layer, title, atlas, entries };
}

/** Returns the list of a layer's portraits, with its title if there are several. */
function createPortraits({ layer, title, atlas, entries }, titled) {
  const list = document.createElement("ul");
  list.ariaLabel = title;
  list.append(...entries.map((entry) => createPortrait(atlas, layer, entry)));
  if (!titled) return [list];
  return [Object.assign(document.createElement("h3"), { textContent: title }), list];
}

function createPortrait(atlas, layer, entry) {
  const item = document.createElement("li");
  const button = Object.assign(document.createElement("button"), {
    type: "button", className: "portrait", title: `${entry.number}: ${entry.title}`,
  });
  Object.assign(button.dataset, { layer, number: entry.number, title: entry.title });
  button.ariaLabel = `Channel ${entry.number}: ${entry.title}`;
  showPortrait(button, atlas, entry.number);
  item.append(button);
  return item;
}
