/** The page's elements by id, and what every part of it says to the user. */

export const el = (id) => document.getElementById(id);

export const catalogue = JSON.parse(el("catalogue")?.textContent ?? "{}"); // not on every page

export function say(text) {
  el("status").textContent = text;
}

export function fail(error) {
  el("error-text").textContent = error ? sentence(error.message ?? String(error)) : "";
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
  const plain = /^[a-z]+[ ,:]/.test(text); // and no name such as vgg19 or cat.jpg
  const whole = plain ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.?!]$/.test(whole) ? whole : `${whole}.`;
}

/** What a dream sees more of, as people say it. */
export function caption(recipe) {
  const { objective } = recipe;
  const look = lookOf(recipe);
  if (look) return look.name;
  const thing = /^see\(([^()]+)\)$/.exec(objective);
  if (thing) return thing[1];
  const guide = /^guide\("([^"]+)"/.exec(objective);
  return guide ? `like ${guide[1]}` : objective;
}

/** The look that a recipe is of, if it is of one. */
export function lookOf(recipe) {
  const preset = catalogue.presets.find((one) => one.name === recipe.preset);
  if (!preset || !["vgg19", preset.settings.network].includes(recipe.network)) return undefined;
  const network = catalogue.networks.find((one) => one.name === recipe.network);
  return recipe.objective === (preset.settings.objective ?? network?.default_layer) ? preset : undefined;
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
