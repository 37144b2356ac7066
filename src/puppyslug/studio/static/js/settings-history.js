/** Undo and redo of the settings. A drag of a slider is one step. */

import { el, setEnabled, showStatus } from "./page.js";
import { undoKey } from "./keys.js";
import * as maskEditor from "./mask-editor.js";
import * as form from "./settings-form.js";

const MAX_PAST = 100;
const JOIN_INTERVAL = 800; // milliseconds between changes of one setting that are one step
const past = [];
const future = [];
let present = null; // the settings as they were recorded last
let timer = 0;
let latest = { names: "", time: 0 }; // the latest change

export function start() {
  present = form.snapshot();
  for (const name of ["change", "click", "focusout", "settings"]) {
    el("settings").addEventListener(name, () => { timer ||= setTimeout(record); });
  }
  el("undo-settings").addEventListener("click", () => travel(past, future, "Undone."));
  el("redo-settings").addEventListener("click", () => travel(future, past, "Redone."));
  document.addEventListener("keydown", (event) => {
    const key = undoKey(event);
    if (!key || (maskEditor.isOpen() && !event.target.closest("#settings"))) return; // strokes have an undo of their own
    event.preventDefault();
    if (key === "undo") travel(past, future, "Undone.");
    else travel(future, past, "Redone.");
  });
  updateButtons();
}

/** Records the settings if they have changed. */
function record() {
  clearTimeout(timer);
  timer = 0;
  const state = form.snapshot();
  const names = changedNames(present, state).join();
  if (!names) return;
  const joins = names === latest.names && performance.now() - latest.time < JOIN_INTERVAL;
  if (!joins || !past.length) past.push(present);
  if (past.length > MAX_PAST) past.shift();
  future.length = 0;
  present = state;
  latest = { names, time: performance.now() };
  updateButtons();
}

const text = (value) => JSON.stringify(value ?? null, (_, one) => (one instanceof File ? [one.name, one.size, one.lastModified] : one));

const changedNames = (one, other) =>
  [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((name) => text(one[name]) !== text(other[name]));

/** Goes to the latest settings of a list, and keeps the present ones in another. */
function travel(from, to, message) {
  record();
  if (!from.length) return;
  const state = from.pop();
  const names = changedNames(present, state);
  to.push(present);
  form.restore(state);
  present = form.snapshot();
  latest = { names: "", time: 0 };
  for (const name of names) if (el(name)?.closest("#advanced")) el("advanced").open = true; // to be seen
  updateButtons();
  showStatus(message);
}

function updateButtons() {
  setEnabled(el("undo-settings"), past.length > 0, el("submit-button"));
  setEnabled(el("redo-settings"), future.length > 0, el("submit-button"));
}
