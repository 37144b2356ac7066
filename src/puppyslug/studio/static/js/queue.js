/** The queue: what waits, about when it starts, and moving it by buttons or by dragging. */

import { get, post } from "./api.js";
import * as connection from "./connection.js";
import { attempt, el, formatDuration, showStatus } from "./page.js";

const REFRESH_INTERVAL = 5000; // milliseconds, since the expected times change
const MOVES = { first: ["⤒", "to the front"], up: ["↑", "up"], down: ["↓", "down"] };
const SOON = 2; // seconds
let entries = [];
let shownIds = "";
let fetchTime = 0;
let latestRequest = 0;
let dragged = null; // the entry that the user drags
let onUpdate = () => {};

/** Follows the queue; update is called when the expected times have changed. */
export function start(update) {
  onUpdate = update;
  el("queue").addEventListener("toggle", () => connection.activity() && attempt(refresh));
  connection.follow(({ queue }) => {
    el("queue-count").textContent = queue.length ? `${queue.length} ${queue.length === 1 ? "waits" : "wait"}` : "nothing waits";
    const ids = queue.join();
    const isOld = queue.length && performance.now() - fetchTime > REFRESH_INTERVAL;
    if (ids === shownIds && !isOld) return;
    shownIds = ids;
    fetchTime = performance.now();
    refresh().catch(() => { shownIds = ""; }); // the page says that the server is gone
  });
}

async function refresh() {
  const request = ++latestRequest;
  const queue = await get("/api/queue");
  if (request === latestRequest && !dragged) show(queue);
}

function show(queue) {
  entries = queue;
  const { id, move } = document.activeElement?.dataset ?? {};
  el("queue-list").replaceChildren(...entries.map(createItem));
  el("queue-empty").hidden = entries.length > 0;
  if (move) focusButton(id, move);
  onUpdate();
}

/** Focuses a button of an entry, or one beside it that can be pressed. */
function focusButton(id, move) {
  const buttons = [...el("queue-list").querySelectorAll(`button[data-id="${id}"]`)];
  const wanted = buttons.find((button) => button.dataset.move === move && !button.disabled);
  (wanted ?? buttons.find((button) => !button.disabled) ?? el("queue").querySelector("summary")).focus({ preventScroll: true });
}

/** Returns when a queued job starts, in words; empty if it is not known to be queued. */
export function describeStart(id) {
  const index = entries.findIndex((entry) => entry.id === id);
  if (index < 0) return "";
  const { starts_in: seconds } = entries[index];
  if (seconds === null) return index === 0 ? "starts next" : `starts after ${index} ${index === 1 ? "other" : "others"}`;
  return seconds < SOON ? "starts in a moment" : `starts in about ${formatDuration(seconds)}`;
}

/** Returns the same if the time is known; else an empty string. */
export function describeExpectedStart(id) {
  const entry = entries.find((one) => one.id === id);
  return !entry || entry.starts_in === null ? "" : describeStart(id);
}

function nameOf(entry) {
  if (!entry.mine) return "Somebody else’s";
  const kind = { picture: entry.trial ? "Trial of" : "Dream of", zoom: "Film of", teach: "Training of" }[entry.kind];
  return `${kind} ${entry.title}`;
}

const groupOf = (entry) => entries.filter((one) => one.group === entry.group);

function createItem(entry, index) {
  const item = el("queue-template").content.cloneNode(true).firstElementChild;
  item.dataset.id = entry.id;
  item.querySelector("b").textContent = nameOf(entry);
  item.querySelector(".muted").textContent = describeStart(entry.id);
  const place = groupOf(entry).indexOf(entry);
  const last = groupOf(entry).length - 1;
  for (const [move, [text, words]] of Object.entries(MOVES)) {
    if (!entry.mine || last === 0) break;
    const button = Object.assign(document.createElement("button"), {
      type: "button", textContent: text, title: `Move ${words}`, ariaLabel: `Move ${words}: ${nameOf(entry)}, number ${index + 1}`,
      disabled: move === "down" ? place === last : place === 0,
    });
    Object.assign(button.dataset, { id: entry.id, move });
    button.addEventListener("click", () => attempt(() => send(entry, { to: move })));
    item.append(button);
  }
  if (entry.mine && last > 0) makeDraggable(item, entry);
  return item;
}

async function send(entry, target) {
  const request = ++latestRequest;
  const queue = await post(`/api/queue/${entry.id}`, target);
  if (request === latestRequest) show(queue);
  const number = queue.findIndex((one) => one.id === entry.id) + 1;
  showStatus(`${nameOf(entry)} is now number ${number} in the queue, and ${describeStart(entry.id)}.`);
}

function makeDraggable(item, entry) {
  item.draggable = true;
  const accepts = () => dragged && dragged !== entry && dragged.group === entry.group;
  item.addEventListener("dragstart", (event) => {
    dragged = entry;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", nameOf(entry));
  });
  item.addEventListener("dragend", () => {
    dragged = null;
    attempt(refresh);
  });
  item.addEventListener("dragover", (event) => {
    if (!accepts()) return;
    event.preventDefault();
    item.classList.add("drop-here");
  });
  item.addEventListener("dragleave", () => item.classList.remove("drop-here"));
  item.addEventListener("drop", (event) => {
    if (!accepts()) return;
    event.preventDefault();
    const group = groupOf(entry);
    const [from, to] = [group.indexOf(dragged), group.indexOf(entry)];
    const before = from > to ? entry : group[to + 1]; // dragged down: after the entry
    const moved = dragged;
    dragged = null;
    attempt(() => send(moved, before ? { before: before.id } : { to: "last" }));
  });
}
