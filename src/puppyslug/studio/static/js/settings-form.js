/** The settings form. Only fields that the user has set are sent; the preset decides the rest. */

import { ChannelPicker, hasAtlas } from "./atlas.js";
import * as carried from "./carried.js";
import { choices, el, findLook, lookKey } from "./page.js";

const form = () => el("settings");
const fields = () => form().querySelectorAll("[data-field]");

let picker = null; // of a channel
let called = ""; // what a recipe's user calls its class
const target = () => form().elements.target.value; // preset, see, layer or guide
const presetSettings = (name) => choices.presets.find((preset) => preset.name === name)?.settings ?? {};
export const chosenLook = () =>
  [...choices.own_looks, ...choices.looks].find((look) => lookKey(look) === form().elements.preset.value);
/** The preset with which a thing is dreamt: that of its card, or the usual one for a trained network. */
const thingPreset = () =>
  (el("see-network").value ? choices.defaults.see_preset : form().elements.thing_look.value);
/** The network whose portraits stand for the classes: the default classes are those of ImageNet. */
export const portraitNetwork = () => el("see-network").value || choices.defaults.portrait_network;
export const classNetwork = () => el("see-network").value || presetSettings(thingPreset()).network;

export function start() {
  picker = new ChannelPicker(el("atlas"), { getLayers: chosenLayer, onChoose: (channel) => {
    el("channel").value = channel?.number ?? "";
    el("channel").dispatchEvent(new Event("change", { bubbles: true }));
  } });
  el("channel").addEventListener("input", markChannel);
  form().addEventListener("change", (event) => {
    if (event.target.name === "target") showTarget();
    if (["preset", "thing_look"].includes(event.target.name)) showPresetValues();
    if (event.target.id === "see-network") showTarget();
    if (event.target.id === "network") showLayers();
    if (event.target.name === "layer") {
      el("any-layer").value = event.target.value;
      showPortraits();
    }
    if (event.target.id === "any-layer") markLayer();
    if (event.target.matches("[data-target] *, [name=target]") && !event.target.dataset.field) chooseLook();
  });
  for (const slider of document.querySelectorAll(".slider")) startSlider(slider);
  el("reset").addEventListener("click", reset);
  el("see-network-label").hidden = el("see-network").options.length < 2;
  showLayers();
  showTarget();
}

/** Returns the chosen layer, as a list, which is empty if it has no atlas. */
function chosenLayer() {
  const [network, layer] = [el("network").value, el("any-layer").value];
  return hasAtlas(network, layer) ? [{ network, layer, title: "Channels" }] : [];
}

function markChannel() {
  const { value } = el("channel");
  picker.mark(value === "" ? null : { layer: el("any-layer").value, number: Number(value) });
}

function showPortraits() {
  markChannel();
  picker.show();
}

/** Keeps the range and the number of a slider equal; it is unset while the number is empty. */
function startSlider(slider) {
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

/** Returns the value of a number in the form, or the one that applies while it is empty. */
export const usualValue = (name) => Number(el(name).value || el(name).placeholder);

/** The user has chosen what to amplify: it replaces an objective that a recipe has filled in. */
function chooseLook() {
  el("objective").value = "";
  called = "";
  carried.forgetLook();
}

/** Shows the fields of the chosen kind of objective. */
function showTarget() {
  for (const part of form().querySelectorAll("[data-target]")) {
    part.hidden = part.dataset.target !== target();
  }
  el("thing-looks").hidden = el("see-network").value !== "";
  showPresetValues();
}

/** Returns the settings that apply where the user has set nothing: those of a preset or a look. */
function usualSettings() {
  if (el("objective").value) return presetSettings(choices.defaults.preset);
  if (target() === "see") return presetSettings(thingPreset());
  if (target() !== "preset") return presetSettings(choices.defaults.preset);
  const { settings } = chosenLook();
  return { ...presetSettings(settings.preset ?? choices.defaults.preset), ...settings };
}

/** Shows the preset's values as placeholders of the fields that are not set. */
function showPresetValues() {
  const usual = usualSettings();
  for (const field of fields()) {
    if (field.type !== "number") continue;
    field.dataset.default ??= field.placeholder;
    field.placeholder = usual[field.dataset.field] ?? field.dataset.default;
    const range = field.closest(".slider")?.querySelector(".range");
    if (range && field.value === "") range.value = field.placeholder;
  }
}

/** Lists the layers of the chosen network, the main ones as cards. */
function showLayers() {
  const network = choices.networks.find((one) => one.name === el("network").value);
  const names = network.layers.map((layer) => layer.name);
  el("any-layer").replaceChildren(...network.layers.map((layer) =>
    new Option(layer.shows ? `${layer.name}: ${layer.shows}` : layer.name, layer.name)));
  const cards = network.depths.filter((name) => names.includes(name)).map((name) => createLayerCard(network, name));
  el("layers").replaceChildren(el("layers").querySelector("legend"), ...cards);
  el("any-layer").value = network.default_layer;
  markLayer();
}

/** Returns a card with the picture of a layer, to choose it by. */
export function createLayerCard(network, name, group = "layer") {
  const label = document.createElement("label");
  const radio = Object.assign(document.createElement("input"), { type: "radio", name: group, value: name });
  const text = document.createElement("span");
  const { shows } = network.layers.find((layer) => layer.name === name);
  if (shows) text.append(Object.assign(document.createElement("b"), { textContent: shows }));
  text.append(Object.assign(document.createElement("span"), { className: "muted", textContent: name }));
  label.append(radio);
  if (choices.pictures.includes(`${network.name}-${name}`)) {
    label.append(Object.assign(new Image(160, 120), { src: `/static/pictures/${network.name}-${name}.webp`, alt: "" }));
  }
  label.append(text);
  return label;
}

function markLayer() {
  for (const radio of form().querySelectorAll("[name=layer]")) {
    radio.checked = radio.value === el("any-layer").value;
  }
  showPortraits();
}

/** Returns the fields that are set, as fields of a recipe. */
export function readSettings() {
  const settings = {};
  for (const field of fields()) {
    if (field.closest("[data-target][hidden]")) continue;
    if (field.type === "checkbox") {
      if (field.checked) settings[field.dataset.field] = true;
    } else if (field.value.trim() !== "") {
      settings[field.dataset.field] = field.type === "number" ? Number(field.value) : field.value.trim();
    }
  }
  const { value, dataset } = el("size");
  if (value) settings.size = dataset.exact?.startsWith(`${value}=`) ? dataset.exact.split("=")[1] : value;
  return { ...readObjective(), ...settings, ...carried.read() };
}

function readObjective() {
  const objective = el("objective").value.trim();
  if (objective) return target() === "layer" ? { objective, network: el("network").value } : { objective };
  if (target() === "preset") return readLook(chosenLook());
  if (target() === "see") {
    const see = el("see").value.trim() === "" ? called : el("see").value.trim();
    if (!see) throw new Error("enter the class to see, such as castle");
    if (el("see-network").value) return { see, network: el("see-network").value };
    return thingPreset() === choices.defaults.see_preset ? { see } : { see, preset: thingPreset() };
  }
  if (target() === "layer") {
    const layer = { network: el("network").value, layer: el("any-layer").value };
    return el("channel").value ? { ...layer, channel: Number(el("channel").value) } : layer;
  }
  if (!el("guide").files.length) throw new Error("choose a guide picture");
  return {};
}

function readLook({ settings, called: name }) {
  if (!name) return settings;
  const { objective: _, ...others } = settings;
  return { ...others, see: name }; // the dream is called what the user calls the class
}

export const guideFiles = () => (target() === "guide" ? [...el("guide").files] : []);

const CONTROLS = "input[id]:not([type=file], [type=search], .range, #keep-mask), select[id]";
const controls = () => [...form().elements].filter((control) => control.matches(CONTROLS));
const property = (control) => (control.type === "checkbox" ? "checked" : "value");

/** Returns everything that the form holds, by name, for restore. */
export function snapshot() {
  const values = Object.fromEntries(controls().map((control) => [control.id, control[property(control)]]));
  const { target: { value: targetName }, preset: { value: look }, thing_look: { value: thing } } = form().elements;
  return { ...values, target: targetName, look, thing, exact: el("size").dataset.exact, called, carried: carried.read(), guides: [...el("guide").files] };
}

/** Sets everything that the form holds. */
export function restore(state) {
  form().elements.target.value = state.target;
  form().elements.preset.value = state.look;
  if (!chosenLook()) form().elements.preset.value = choices.defaults.preset; // the look has been deleted
  form().elements.thing_look.value = state.thing;
  el("network").value = state.network;
  showLayers();
  for (const control of controls()) {
    if (state[control.id] === undefined) continue;
    control[property(control)] = state[control.id];
    if (control.closest(".slider")) control.dispatchEvent(new Event("input")); // moves its range
  }
  if (state.exact) el("size").dataset.exact = state.exact;
  else delete el("size").dataset.exact;
  setGuides(state.guides);
  called = state.called;
  carried.clear();
  for (const [name, value] of Object.entries(state.carried)) carried.set(name, value);
  markLayer();
  showTarget();
  announce();
}

function setGuides(guides) {
  const files = new DataTransfer();
  for (const guide of guides) files.items.add(guide);
  el("guide").files = files.files;
}

/** Fills the form with the settings of a recipe, and with the guide pictures of its dream. */
export function fill(recipe, { guides = [], called: name = "" } = {}) {
  reset();
  called = name;
  fillObjective(recipe, guides);
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
  if (/^\d+$/.test(recipe.size ?? "")) el("size").value = recipe.size;
  if (/^\d+x\d+$/.test(recipe.size ?? "")) {
    el("size").value = Math.max(...recipe.size.split("x").map(Number));
    el("size").dataset.exact = `${el("size").value}=${recipe.size}`;
  }
  carry(recipe);
  announce();
}

/** Keeps the settings that differ from their defaults, and that no field of the form shows. */
function carry(recipe) {
  const shown = [...fields()].filter((field) => !field.closest("[data-target][hidden]")).map((field) => field.dataset.field);
  const usual = usualSettings();
  for (const [name, value] of Object.entries(recipe)) {
    if (shown.includes(name) || !choices.carried.includes(name)) continue;
    const expected = usual[name] ?? choices.field_defaults[name] ?? null;
    if (JSON.stringify(value) !== JSON.stringify(expected)) carried.set(name, value);
  }
  if (impliedNetwork() !== recipe.network) carried.set("network", recipe.network);
}

/** Returns the network that the form's choice of what to amplify implies. */
function impliedNetwork() {
  if (target() === "layer") return el("network").value;
  if (target() === "see" && el("see-network").value) return el("see-network").value;
  return usualSettings().network ?? choices.defaults.network;
}

function fillObjective(recipe, guides) {
  if (guides.length) {
    setGuides(guides);
    selectTarget("guide");
    el("objective").value = recipe.objective;
    showPresetValues();
    return;
  }
  const label = /^see\(([^()]+)\)$/.exec(recipe.objective);
  const layer = /^([\w./-]+)(?::(\d+))?$/.exec(recipe.objective);
  const network = choices.networks.find((one) => one.name === recipe.network);
  const look = findLook(recipe);
  if (look) {
    selectTarget("preset");
    form().elements.preset.value = lookKey(look);
    showPresetValues();
  } else if (label) {
    selectTarget("see");
    el("see").value = called || label[1].replace(/^"(.*)"$/, "$1");
    el("see-network").value = network?.things.length ? network.name : "";
    chooseThingLook(recipe.preset);
  } else if (layer && network?.layers.some((one) => one.name === layer[1])) {
    selectTarget("layer");
    el("network").value = recipe.network;
    showLayers();
    el("any-layer").value = layer[1];
    markLayer();
    el("channel").value = layer[2] ?? "";
    markChannel();
  } else {
    selectTarget(network ? "layer" : "see");
    if (network) {
      el("network").value = recipe.network;
      showLayers();
    }
    el("objective").value = recipe.objective;
    showPresetValues();
  }
}

/** Chooses how a thing looks, the usual way if there is no card for a preset. */
function chooseThingLook(preset) {
  const cards = [...form().elements.thing_look];
  form().elements.thing_look.value =
    cards.some(({ value }) => value === preset) ? preset : choices.defaults.see_preset;
  showTarget();
}

/** Selects a class of a trained network. */
export function selectClass(network, name) {
  selectTarget("see");
  el("see-network").value = network;
  if (!el("see-network").value) el("see-network").value = ""; // no such network: the default
  el("see").value = name;
  announce();
}

/** Chooses the look of the default preset. */
export function chooseUsualLook() {
  form().elements.preset.value = choices.defaults.preset;
  showPresetValues();
  announce();
}

export const focusLook = () => form().querySelector("[name=preset]:checked").focus();

/** Tells others that the page, not the user, has changed the form. */
function announce() {
  form().dispatchEvent(new Event("settings"));
}

function selectTarget(value) {
  form().elements.target.value = value;
  showTarget();
}

function reset() {
  for (const field of fields()) {
    if (field.type === "checkbox") field.checked = false;
    else field.value = "";
    field.closest(".slider")?.classList.add("unset");
  }
  el("objective").value = "";
  el("size").value = "";
  delete el("size").dataset.exact;
  el("guide").value = "";
  called = "";
  carried.clear();
  showPresetValues();
  announce();
}
