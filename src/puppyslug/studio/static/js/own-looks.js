/** Looks that the user has saved: cards among the looks, saving, renaming, deleting. */

import { patch, post, remove } from "./api.js";
import { attempt, choices, el, showStatus } from "./page.js";
import * as form from "./settings-form.js";
import { capitalise, describeLook } from "./words.js";

const lookUrl = (look, resource = "") => `/api/looks/${look.id}${resource && `/${resource}`}`;
const radios = () => document.querySelectorAll("[data-own-look] input");
const own = () => choices.own_looks;
let switched = null; // the look whose switches the form shows

/** Starts the cards; getDream returns the dream that the page shows. */
export function start(getDream, onChange) {
  el("save-look").addEventListener("click", () => attempt(async () => {
    const dream = getDream();
    const name = await askName("Save this look", capitalise(describeLook(dream.recipe, dream.called)).slice(0, 40));
    if (!name) return;
    const look = await post("/api/looks", { dream: dream.id, name });
    own().push(look);
    addCard(look);
    onChange();
    showStatus(`Saved. ${look.name} is among the looks.`);
  }));
  el("look-rename").addEventListener("click", () => attempt(async () => {
    const look = form.chosenLook();
    const name = await askName("Rename this look", look.name);
    if (!name || name === look.name) return;
    Object.assign(look, await patch(lookUrl(look), { name }));
    cardOf(look).querySelector("b").textContent = look.name;
    showTools();
    onChange();
  }));
  el("look-delete").addEventListener("click", () => attempt(async () => {
    const look = form.chosenLook();
    if (!window.confirm(`Delete the look ${look.name}? Its dreams are kept.`)) return;
    await remove(lookUrl(look));
    own().splice(own().indexOf(look), 1);
    form.chooseUsualLook();
    cardOf(look).remove();
    onChange();
    form.focusLook();
    showStatus("Deleted.");
  }));
  el("settings").addEventListener("change", (event) => {
    if (event.target.name !== "preset") return;
    const look = form.chosenLook();
    if (look.guides?.length) attempt(() => useGuides(look));
    else showSwitches(look);
  });
  el("settings").addEventListener("settings", showTools);
  el("settings").addEventListener("change", showTools);
  showTools();
}

const cardOf = (look) => [...radios()].find((radio) => radio.value === look.id).closest("label");

function addCard(look) {
  const card = el("own-look-template").content.cloneNode(true).firstElementChild;
  card.querySelector("input").value = look.id;
  card.querySelector("img").src = lookUrl(look, "thumbnail");
  card.querySelector("b").textContent = look.name;
  const cards = document.querySelectorAll("[data-own-look]");
  if (cards.length) [...cards].at(-1).after(card);
  else el("try-looks").after(card);
}

/** Shows what a look sets in fields that have no placeholder, and clears what the look before has set. */
function showSwitches(look) {
  for (const field of el("settings").querySelectorAll("[data-field]")) {
    if (field.type === "number") continue;
    const name = field.dataset.field;
    const usual = { checkbox: false }[field.type] ?? "";
    const value = own().includes(look) ? look.settings[name] ?? usual : usual;
    const property = field.type === "checkbox" ? "checked" : "value";
    if (field[property] === (switched?.settings[name] ?? usual)) field[property] = value;
  }
  switched = own().includes(look) ? look : null;
}

/** Offers to rename and delete the chosen look if it is the user's own. */
function showTools() {
  const look = form.chosenLook();
  el("look-tools").hidden = !own().includes(look);
  el("look-tools-name").textContent = look.name;
}

/** Fills the form with a look that has guide pictures, which belong to another tab. */
async function useGuides(look) {
  const files = await Promise.all(look.guides.map(async (guide, index) => {
    const response = await fetch(lookUrl(look, `guides/${index + 1}`));
    if (!response.ok) throw new Error(`the guide picture ${guide.name} of that look is missing`);
    return new File([await response.blob()], guide.name);
  }));
  form.fill(look.settings, { guides: files, called: look.called });
  showStatus(`The form has the settings of ${look.name}, with its guide picture.`);
}

/** Asks for a name; returns an empty one if the user cancels. */
function askName(title, name) {
  const dialog = el("look-dialog");
  el("look-dialog-title").textContent = title;
  el("look-name").value = name;
  dialog.returnValue = "";
  dialog.showModal();
  el("look-name").select();
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(dialog.returnValue === "save" ? el("look-name").value.trim() : "");
  });
}
