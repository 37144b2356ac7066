/** Elements of the page by id, status and error messages, and formatting. */

export const el = (id) => document.getElementById(id);

/** Enables or disables a button; if it is disabled while it has the focus, another one gets that. */
export function setEnabled(button, isEnabled, other) {
  if (!isEnabled && button === document.activeElement) other.focus({ preventScroll: true });
  button.disabled = !isEnabled;
}

export const choices = JSON.parse(el("choices")?.textContent ?? "{}"); // not on every page

export function showStatus(text) {
  el("status").textContent = text;
}

export function showError(error) {
  el("error-text").textContent = error ? sentence(error.message ?? String(error)) : "";
  el("error").hidden = !error;
}

/** Runs an action, and shows the error if it fails. */
export async function attempt(action) {
  showError(null);
  try {
    return await action();
  } catch (error) {
    showError(error);
    return undefined;
  }
}

/** Capitalises a message and ends it with a full stop. */
export function sentence(text) {
  const startsWithWord = /^[a-z]+[ ,:]/.test(text); // not with a name such as vgg19 or cat.jpg
  const capitalised = startsWithWord ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.?!]$/.test(capitalised) ? capitalised : `${capitalised}.`;
}

/** Returns the look of a recipe: one that the user has saved, a preset, or the settings of another look. */
export function findLook(recipe) {
  const preset = findPreset(recipe);
  const matches = ({ settings }) => Object.entries(settings)
    .every(([name, value]) => JSON.stringify(recipe[name] ?? null) === JSON.stringify(value));
  return choices.own_looks.find(matches)
    ?? choices.looks.find((look) => (look.settings.preset ? look.settings.preset === preset?.name : matches(look)));
}

/** Returns the value of the card of a look. */
export const lookKey = (look) => look.id ?? look.name;

/** Returns the preset of a recipe, unless the recipe has another objective. */
export function findPreset(recipe) {
  const preset = choices.presets.find((one) => one.name === recipe.preset);
  if (!preset || ![choices.defaults.network, preset.settings.network].includes(recipe.network)) return undefined;
  const network = choices.networks.find((one) => one.name === recipe.network);
  return recipe.objective === (preset.settings.objective ?? network?.default_layer) ? preset : undefined;
}

/** Reserves the space of a picture that is not loaded yet, so that the page does not jump. */
export function reserveSpace({ width, height, photo }) {
  const [rows, columns] = height ? [height, width] : photo?.size ?? [0, 0];
  for (const id of ["after", "before", "heat"]) {
    if (!rows) for (const name of ["width", "height"]) el(id).removeAttribute(name);
    else Object.assign(el(id), { width: columns, height: rows });
  }
}

export function formatDuration(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** Shows one state of the stage: empty, source, running or done. */
export function showStage(state) {
  el("stage").dataset.state = state;
  el("drop").hidden = state !== "empty";
  el("view").hidden = state === "empty";
  el("source-tools").hidden = state !== "source";
  el("running").hidden = state !== "running";
  el("done").hidden = state !== "done";
  if (state === "done") return;
  el("frame").removeAttribute("data-divides");
  el("divider").hidden = true;
}
