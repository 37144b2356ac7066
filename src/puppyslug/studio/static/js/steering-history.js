/** Undo and redo of the changes of a running dream: the dream gets its earlier values again. */

import { undoKey } from "./keys.js";
import { attempt, el, setEnabled } from "./page.js";

const past = [];
const future = [];
let present = {}; // by field: { changes, name }, what to send for its value, and its name
let send = async () => {};
let onTravel = () => {};

/** Sends changes by a function, and calls another with a message once they are sent. */
export function start(functions) {
  ({ send, onTravel } = functions);
  el("steer-undo").addEventListener("click", () => attempt(() => travel(past, future, "Undone from the next step on.")));
  el("steer-redo").addEventListener("click", () => attempt(() => travel(future, past, "Redone from the next step on.")));
  el("steer").addEventListener("keydown", (event) => {
    const key = undoKey(event);
    if (!key) return;
    event.preventDefault();
    event.stopPropagation(); // the settings have an undo of their own
    el(`steer-${key}`).click();
  });
}

const isChanged = (one, other) => JSON.stringify(one.changes) !== JSON.stringify(other.changes);

/** Starts from the values of a dream that has just been opened, and from its changes so far. */
export function reset(initial, changesSoFar) {
  past.length = future.length = 0;
  present = initial;
  for (const values of changesSoFar) {
    if (!Object.keys(values).some((field) => isChanged(values[field], present[field]))) continue;
    past.push(present);
    present = { ...present, ...values };
  }
  updateButtons();
}

/** Notes that values have been changed. */
export function record(values) {
  past.push(present);
  future.length = 0;
  present = { ...present, ...values };
  updateButtons();
}

export const current = () => present;

/** Goes to the latest values of a list, and keeps the present ones in another. */
async function travel(from, to, message) {
  if (!from.length) return;
  const target = from.at(-1);
  const values = Object.fromEntries(Object.entries(target).filter(([field, value]) => isChanged(value, present[field])));
  if (Object.keys(values).length) await send(Object.assign({}, ...Object.values(values).map(({ changes }) => changes)));
  from.pop();
  to.push(present);
  present = target;
  updateButtons();
  onTravel(message);
}

function updateButtons() {
  setEnabled(el("steer-undo"), past.length > 0, el("steer-button"));
  setEnabled(el("steer-redo"), future.length > 0, el("steer-button"));
}
