/** Keys of the page. They do nothing while the user types, or while a dialog is open. */

import { el } from "./page.js";

const TEXT_FIELDS = "input:not([type=range], [type=radio], [type=checkbox], [type=file]), select, textarea";
const actions = new Map();

/** Calls functions by key, in lower case. */
export function onKeys(functions) {
  for (const [key, action] of Object.entries(functions)) actions.set(key, action);
}

export function start() {
  onKeys({
    "?": () => el("keys").showModal(),
    p: () => !el("running").hidden && el("pause").click(),
    d: () => el("submit-button").click(),
  });
  el("show-keys").addEventListener("click", () => el("keys").showModal());
  document.addEventListener("keydown", (event) => {
    const busy = event.ctrlKey || event.metaKey || event.altKey || event.repeat
      || event.target.matches(TEXT_FIELDS) || document.querySelector("dialog[open]");
    if (!busy) actions.get(event.key.toLowerCase())?.();
  });
}
