/** The form of settings: what is touched is sent; the rest is the look's own. */

import * as atlas from "./atlas.js";
import { catalogue, el, lookOf } from "./page.js";

const SEEING = "natural";
const look = () => el("look");
const fields = () => look().querySelectorAll("[data-field]");

export const what = () => look().elements.what.value;
export const seeingNetwork = () =>
  el("eyes").value || catalogue.presets.find((preset) => preset.name === SEEING).settings.network;

export function start() {
  look().addEventListener("change", (event) => {
    if (event.target.name === "what") turn();
    if (event.target.name === "preset") hint();
    if (event.target.id === "network") layers();
    if (event.target.name === "layer") {
      el("any-layer").value = event.target.value;
      atlas.turn();
    }
    if (event.target.id === "any-layer") markLayer();
  });
  for (const slider of document.querySelectorAll(".slider")) {
    const [range, number] = slider.querySelectorAll("input");
    range.addEventListener("input", () => {
      number.value = range.value;
      slider.classList.remove("unset");
      number.dispatchEvent(new Event("change", { bubbles: true }));
    });
    number.addEventListener("input", () => {
      range.value = number.value || number.placeholder;
      slider.classList.toggle("unset", number.value === "");
    });
    slider.classList.add("unset");
  }
  el("reset").addEventListener("click", reset);
  el("whose").hidden = el("eyes").options.length < 2;
  layers();
  turn();
}

/** Shows what belongs to the chosen way to say what to see. */
function turn() {
  for (const part of look().querySelectorAll("[data-what]")) {
    part.hidden = part.dataset.what !== what();
  }
  hint();
}

/** Shows the look's own values where nothing is set. */
function hint() {
  const name = what() === "see" ? SEEING : what() === "preset" ? look().elements.preset.value : "classic";
  const preset = catalogue.presets.find((one) => one.name === name).settings;
  for (const field of fields()) {
    if (field.type !== "number") continue;
    field.dataset.own ??= field.placeholder;
    field.placeholder = preset[field.dataset.field] ?? field.dataset.own;
    const range = field.closest(".slider")?.querySelector(".range");
    if (range && field.value === "") range.value = field.placeholder;
  }
}

/** The layers of the chosen network, as pictures where there are any. */
function layers() {
  const network = catalogue.networks.find((one) => one.name === el("network").value);
  const names = network.layers.map((layer) => layer.name);
  el("any-layer").replaceChildren(...network.layers.map((layer) =>
    new Option(layer.shows ? `${layer.name}: ${layer.shows}` : layer.name, layer.name)));
  const shown = network.depths.filter((name) => names.includes(name));
  const cards = shown.map((name) => {
    const label = document.createElement("label");
    const radio = Object.assign(document.createElement("input"), { type: "radio", name: "layer", value: name });
    const text = document.createElement("span");
    text.textContent = name;
    const { shows } = network.layers.find((layer) => layer.name === name);
    if (shows) text.append(Object.assign(document.createElement("span"), { className: "quiet", textContent: shows }));
    label.append(radio);
    if (catalogue.pictures.includes(`${network.name}-${name}`)) {
      label.append(Object.assign(new Image(160, 120), { src: `/static/pictures/${network.name}-${name}.webp`, alt: "" }));
    }
    label.append(text);
    return label;
  });
  el("layers").replaceChildren(el("layers").querySelector("legend"), ...cards);
  el("any-layer").value = network.default_layer;
  markLayer();
}

function markLayer() {
  for (const radio of look().querySelectorAll("[name=layer]")) {
    radio.checked = radio.value === el("any-layer").value;
  }
  atlas.turn();
}

/** What was set, as fields of a recipe. */
export function settings() {
  const chosen = {};
  for (const field of fields()) {
    if (field.closest("[data-what][hidden]")) continue;
    if (field.type === "checkbox") {
      if (field.checked) chosen[field.dataset.field] = true;
    } else if (field.value.trim() !== "") {
      chosen[field.dataset.field] = field.type === "number" ? Number(field.value) : field.value.trim();
    }
  }
  if (el("size").value) chosen.size = el("size").value;
  if (el("objective").value.trim()) {
    chosen.objective = el("objective").value.trim();
    if (what() === "layer") chosen.network = el("network").value;
    return chosen;
  }
  if (what() === "preset") chosen.preset = look().elements.preset.value;
  if (what() === "see") {
    if (!el("see").value.trim()) throw new Error("say which thing to see, such as castle");
    chosen.see = el("see").value.trim();
    if (el("eyes").value) chosen.network = el("eyes").value;
  }
  if (what() === "layer") {
    chosen.network = el("network").value;
    chosen.layer = el("any-layer").value;
    if (el("channel").value) chosen.channel = Number(el("channel").value);
  }
  if (what() === "guide" && !el("guide").files.length) {
    throw new Error("choose the picture whose features to seek");
  }
  return chosen;
}

export const guide = () => (what() === "guide" ? el("guide").files[0] : null);

/** Puts a recipe into the form. */
export function fill(recipe) {
  reset();
  const thing = /^see\(([^()]+)\)$/.exec(recipe.objective);
  const layer = /^([\w./-]+)(?::(\d+))?$/.exec(recipe.objective);
  const network = catalogue.networks.find((one) => one.name === recipe.network);
  const preset = lookOf(recipe);
  if (preset && look().querySelector(`[name=preset][value="${preset.name}"]`)) {
    pick("preset");
    look().elements.preset.value = preset.name;
    hint();
  } else if (thing) {
    pick("see");
    el("see").value = thing[1].replace(/^"(.*)"$/, "$1");
    el("eyes").value = network?.things.length ? network.name : "";
  } else if (layer && network?.layers.some((one) => one.name === layer[1])) {
    pick("layer");
    el("network").value = recipe.network;
    layers();
    el("any-layer").value = layer[1];
    markLayer();
    el("channel").value = layer[2] ?? "";
  } else {
    pick(network ? "layer" : "see");
    if (network) {
      el("network").value = recipe.network;
      layers();
    }
    el("objective").value = recipe.objective;
  }
  for (const field of fields()) {
    const value = recipe[field.dataset.field];
    if (value === undefined || value === null || typeof value === "object") continue;
    if (field.type === "number" && Number(field.placeholder) === value) continue;
    if (field.type === "checkbox") field.checked = value;
    else {
      field.value = value;
      field.dispatchEvent(new Event("input"));
    }
  }
  if (/^\d+x\d+$/.test(recipe.size ?? "")) el("size").value = Math.max(...recipe.size.split("x").map(Number));
}

/** Chooses a thing to see, and a network that was taught it. */
export function choose(network, thing) {
  pick("see");
  el("eyes").value = network;
  if (!el("eyes").value) el("eyes").value = "";
  el("see").value = thing;
}

function pick(value) {
  look().elements.what.value = value;
  turn();
}

function reset() {
  for (const field of fields()) {
    if (field.type === "checkbox") field.checked = false;
    else field.value = "";
    field.closest(".slider")?.classList.add("unset");
  }
  el("objective").value = "";
  el("size").value = "";
  hint();
}
