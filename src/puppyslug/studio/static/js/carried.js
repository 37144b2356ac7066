/** Settings of a recipe that the form has no field for. The page lists them; each can be removed. */

import { el } from "./page.js";

const NAMES = {
  network: "Network", preset: "Based on", count: "Number", composed: "Composition for", stop_after: "Stops after step",
  zoom: "Zoom per frame", rotate: "Rotation per frame", pan_x: "Shift per frame", pan_y: "Downward shift per frame",
  octave_scale: "Octave scale", method: "Method", drawing_steps: "Drawing steps", fidelity: "Fidelity", extent: "Extent",
  place: "Place", natural: "Natural", chroma: "Strength of colours", annealing: "Annealing", schedule: "Changes while it runs",
};
const OF_LOOK = ["network", "preset", "schedule", "composed"]; // belong to what the dream amplifies
const settings = new Map();

export const read = () => Object.fromEntries(settings);

export function clear() {
  settings.clear();
  render();
}

export function set(name, value) {
  settings.set(name, value);
  render();
}

/** Removes what another choice of what to amplify contradicts. */
export function forgetLook() {
  for (const name of OF_LOOK) settings.delete(name);
  render();
}

function render() {
  el("carried").hidden = settings.size === 0;
  el("carried-list").replaceChildren(...[...settings].map(([name, value]) => {
    const item = document.createElement("li");
    item.append(`${NAMES[name] ?? name}: ${name === "schedule" ? describeChanges(value) : value}`);
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "×", ariaLabel: `Remove: ${NAMES[name] ?? name}` });
    button.addEventListener("click", () => {
      settings.delete(name);
      render();
      el("submit-button").focus();
    });
    item.append(button);
    return item;
  }));
}

function describeChanges(schedule) {
  return schedule.map(([, octave, step, field, value]) =>
    `${field.replace("_", " ")} ${value} (scale ${octave + 1}, step ${step + 1})`).join(", ");
}
