/** The server's events: the queue and the progress of all jobs. Says so when the server is gone. */

import { el } from "./page.js";

const CHECK_INTERVAL = 4000; // milliseconds
const CHECK_TIMEOUT = 4000; // milliseconds
const LIVE = "#running, #done, #steer, .go, #result, #training-jobs"; // controls that need the server
const listeners = new Set();
let events = null;
let latest = null; // { version, queue, active }

/** Calls a function with the latest activity now, if there is any, and whenever it changes. */
export function follow(listener) {
  listeners.add(listener);
  if (latest) listener(latest);
}

export const activity = () => latest;

/** Returns how long a queued dream waits, in class mode; undefined otherwise. */
export function waitOf(id) {
  const wait = latest?.waits?.[id];
  return wait && { ...wait, paused: latest.paused };
}

export const isOnline = () => document.body.dataset.connection !== "lost";

export function start() {
  open();
  setInterval(check, CHECK_INTERVAL);
  // a hidden page keeps no connection: a browser allows few of them to one server
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("pagehide", close);
}

function open() {
  if (events || document.hidden) return;
  events = new EventSource("/api/events");
  events.onmessage = (event) => {
    setOnline(true);
    latest = JSON.parse(event.data);
    for (const listener of listeners) listener(latest);
  };
  events.onerror = check;
}

function close() {
  events?.close();
  events = null;
}

/** Finds out whether the server responds; opens the stream again if it has ended. */
async function check() {
  if (document.hidden || !events) return;
  const broken = events.readyState !== EventSource.OPEN;
  try {
    const response = await fetch("/healthz", { signal: AbortSignal.timeout(CHECK_TIMEOUT) });
    if (!response.ok) throw new Error(response.statusText);
    if (!events) return;
    if (events.readyState === EventSource.OPEN) setOnline(true); // its next event may be far off
    else if (broken) {
      close();
      open();
    }
  } catch {
    if (!document.hidden && events) setOnline(false);
  }
}

function setOnline(online) {
  if (online === isOnline()) return;
  document.body.dataset.connection = online ? "" : "lost";
  el("offline").hidden = online;
  for (const part of document.querySelectorAll(LIVE)) part.inert = !online;
}
