/** Changes of a running dream: by the cards of layers, by the names of classes, or as text. */

import { dreamUrl, get, post } from "./api.js";
import { ChannelPicker, layersWithAtlas } from "./atlas.js";
import { attempt, choices, el, showStatus } from "./page.js";
import { createLayerCard } from "./settings-form.js";
import * as history from "./steering-history.js";
import { describeLayer, describeLook } from "./words.js";

const SUGGESTIONS = 12;
const OPEN = "puppyslug-steer-open"; // in the browser's storage: whether the user has opened the panel
const FIELDS = ["objective", "step_size", "strength"];
let request = 0;
let network = null; // of the dream, if it is a single one
let picker = null; // of a channel

/** Sends the changes of the form to the dream that a function returns. */
export function start(getDream) {
  const panel = el("steer-details");
  panel.open = localStorage.getItem(OPEN) !== null;
  panel.addEventListener("toggle", () => (panel.open ? localStorage.setItem(OPEN, "yes") : localStorage.removeItem(OPEN)));
  el("steer").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(() => send(getDream()));
  });
  el("steer-see").addEventListener("input", () => suggest(el("steer-see").value));
  el("steer-see").addEventListener("change", () => el("steer-see").value && chooseOnly("see"));
  el("steer-layers").addEventListener("change", () => {
    chooseOnly("layer");
    picker.show();
  });
  history.start({
    send: (changes) => post(dreamUrl(getDream().id, "steer"), changes),
    onTravel: (message) => {
      showValues();
      showStatus(message);
    },
  });
  picker = new ChannelPicker(el("steer-atlas"), { getLayers: layersToPick, onChoose: (channel) => {
    if (channel) chooseOnly("channel");
    el("steer-channel").textContent = channel ? `Chosen: ${nameOf(channel)}` : "";
  } });
}

/** Returns what a channel shows, or its number where the atlas is unsure. */
const nameOf = ({ title, number }) => (title === "unsure" ? `channel ${number}` : title);

const chosenLayer = () => el("steer").elements["steer-layer"]?.value ?? "";

/** Returns the layers whose channels are offered: the chosen one, or all that have portraits. */
function layersToPick() {
  const names = network ? layersWithAtlas(network.name) : [];
  const wanted = names.includes(chosenLayer()) ? [chosenLayer()] : names;
  return wanted.map((layer) => ({ network: network.name, layer, title: describeLayer(network, layer) }));
}

/** Keeps one choice of what to amplify, and clears the others: layer, channel or see. */
function chooseOnly(choice) {
  if (choice !== "see") el("steer-see").value = "";
  if (choice !== "channel") {
    picker.mark(null);
    el("steer-channel").textContent = "";
  }
  if (choice !== "layer") for (const radio of el("steer-layers").querySelectorAll("input")) radio.checked = false;
}

/** Shows what can be changed in a dream; empty fields keep their value. */
export function show({ recipe, called, progress }) {
  network = choices.networks.find((one) => one.name === recipe.network) ?? null;
  history.reset(valuesOf(recipe, called), changesUntil(progress, recipe));
  el("steer-class").hidden = !(recipe.network.includes("+") || network?.classes > 0);
  el("steer-layers").hidden = !network;
  const cards = (network?.depths ?? []).map((layer) => createLayerCard(network, layer, "steer-layer"));
  el("steer-layers").replaceChildren(el("steer-layers").querySelector("legend"), ...cards);
  el("steer-objective").value = "";
  chooseOnly("none");
  picker.show();
  showValues();
}

/** Shows the values that a dream really has: it has refused a change. */
export async function onRefusal({ id }) {
  const dream = await get(dreamUrl(id)).catch(() => null);
  if (dream) show(dream);
}

/** Returns the values of a recipe that can be changed, by field: what to send for them, and their names. */
const valuesOf = (recipe, called = "") => Object.fromEntries(FIELDS.map((field) => [field, {
  changes: { [field]: recipe[field] }, name: field === "objective" ? describeLook(recipe, called) : String(recipe[field]),
}]));

/** Returns the changes that a running dream has had so far, those of one step together. */
function changesUntil(progress, recipe) {
  const steps = new Map();
  for (const [, octave, step, field, value] of recipe.schedule ?? []) {
    const isPast = progress && (octave < progress.octave || (octave === progress.octave && step <= progress.step + 1));
    if (!isPast || !FIELDS.includes(field)) continue;
    const values = { [field]: valuesOf({ ...recipe, [field]: value })[field] };
    steps.set(`${octave}:${step}`, { ...steps.get(`${octave}:${step}`), ...values });
  }
  return [...steps.values()];
}

/** Shows the present values. */
function showValues() {
  const present = history.current();
  el("steer-now").textContent = present.objective.name;
  for (const field of el("steer").querySelectorAll("[data-field]")) {
    field.value = "";
    field.placeholder = present[field.dataset.field].name;
    field.dispatchEvent(new Event("input"));
  }
}

async function suggest(word) {
  const number = ++request;
  const query = new URLSearchParams({ q: word, limit: SUGGESTIONS, ...(network?.classes ? { network: network.name } : {}) });
  const labels = await get(`/api/labels?${query}`).catch(() => []);
  if (number !== request) return;
  el("steer-labels").replaceChildren(...labels.map((label) => new Option(label.called)));
}

async function send(dream) {
  const layer = chosenLayer();
  const channel = picker.chosen;
  const see = el("steer-see").value.trim();
  const objective = el("steer-objective").value.trim();
  const amplify = objective ? { objective } : see ? { see }
    : channel ? { layer: channel.layer, channel: channel.number } : layer ? { layer } : null;
  const values = amplify ? { objective: { changes: amplify, name: objective || see || (channel ? nameOf(channel) : describeLayer(network, layer)) } } : {};
  for (const { value, dataset: { field } } of el("steer").querySelectorAll("[data-field]")) {
    if (value !== "") values[field] = { changes: { [field]: Number(value) }, name: value };
  }
  if (!Object.keys(values).length) throw new Error("choose a layer, a portrait, a class, a step size or a strength");
  await post(dreamUrl(dream.id, "steer"), Object.assign({}, ...Object.values(values).map(({ changes }) => changes)));
  history.record(values);
  showValues();
  showStatus("Changed from the next step on.");
  el("frame").scrollIntoView({ block: "nearest" }); // to see what it does
}
