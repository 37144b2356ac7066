/** The page's elements by id, and what every part of it says to the user. */

export const el = (id) => document.getElementById(id);

export const catalogue = JSON.parse(el("catalogue").textContent);

export function say(text) {
  el("status").textContent = text;
}

export function fail(error) {
  el("error").textContent = error ? sentence(error.message ?? String(error)) : "";
  el("error").hidden = !error;
}

/** Runs something that may fail, and says so where it does. */
export async function attempt(action) {
  fail(null);
  try {
    return await action();
  } catch (error) {
    fail(error);
    return undefined;
  }
}

export function sentence(text) {
  const plain = /^[a-z]+[ ,.;:]/.test(text); // and no name such as vgg19
  const whole = plain ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.?!]$/.test(whole) ? whole : `${whole}.`;
}

export function duration(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** Shows one of the stage's states: empty, source, running, done. */
export function show(state) {
  el("stage").dataset.state = state;
  el("drop").hidden = state !== "empty";
  el("view").hidden = state === "empty";
  el("source-tools").hidden = state !== "source";
  el("running").hidden = state !== "running";
  el("done").hidden = state !== "done";
}
