/** Keys of the page. They do nothing while the user types, or while a dialog is open. */

import { el } from "./page.js";

const TEXT_FIELDS = "input:not([type=range], [type=radio], [type=checkbox], [type=file]), select, textarea";
const EDITED_TEXT = "input:not([type=range], [type=radio], [type=checkbox], [type=file]), textarea"; // has its own undo
const actions = new Map();

/** Calls functions by key, in lower case. */
export function onKeys(functions) {
  for (const [key, action] of Object.entries(functions)) actions.set(key, action);
}

/** Returns undo or redo if a key event asks for it, outside text fields and dialogs; else an empty string. */
export function undoKey(event) {
  const key = event.key.toLowerCase();
  if (!(event.ctrlKey || event.metaKey) || event.altKey || (key !== "z" && key !== "y")) return "";
  if (event.target.matches(EDITED_TEXT) || document.querySelector("dialog[open]")) return "";
  return key === "y" || event.shiftKey ? "redo" : "undo";
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
