/** Small trials of the picture on the page: all looks on their cards, or variations side by side. */

import { dreamUrl, get, post } from "./api.js";
import { compare } from "./comparison.js";
import * as connection from "./connection.js";
import { attempt, choices, el, lookKey, showStatus } from "./page.js";
import * as form from "./settings-form.js";
import * as source from "./source.js";
import { describeLayer } from "./words.js";

const LOOK_SIDE = "160"; // pixels, longest side
const VARIATION_SIDE = "240";
const SEEDS = 9;
const STRENGTHS = [0.3, 0.5, 0.7, 0.85, 1];
const STEP_SIZES = [0.5, 1, 2, 3];
const pending = new Map(); // cards by the id of the trial that they wait for
let triedSource = ""; // what the cards show

export function start() {
  el("try-looks").addEventListener("click", () => attempt(tryLooks));
  for (const button of document.querySelectorAll("[data-vary]")) {
    button.addEventListener("click", () => attempt(() => vary(button.dataset.vary)));
  }
  connection.follow(onActivity);
}

/** Shows the usual pictures on the cards of the looks if the page shows another picture now. */
export function onSource() {
  const key = source.current()?.url ?? "";
  if (!triedSource || key === triedSource) return;
  triedSource = "";
  pending.clear();
  for (const look of allLooks()) {
    cardOf(look).src = look.id ? `/api/looks/${look.id}/thumbnail` : `/static/pictures/${look.picture}.webp`;
  }
}

/** Returns the looks that can be tried: those with guide pictures need another tab of the form. */
const allLooks = () => [...choices.own_looks.filter(({ guides }) => !guides.length), ...choices.looks];

const cardOf = (look) => el("settings").querySelector(`[name=preset][value="${lookKey(look)}"] + img`);

async function tryLooks() {
  const looks = allLooks();
  const queued = await submitAll(looks.map((look) => look.settings), LOOK_SIDE);
  triedSource = source.current().url;
  for (const [index, dream] of queued.entries()) {
    const card = cardOf(looks[index]);
    card.classList.add("waiting");
    pending.set(dream.id, card);
  }
  showStatus("Trying all looks on this picture …");
}

function onActivity({ queue, active }) {
  for (const [id, card] of pending) {
    if (queue.includes(id) || active[id]) continue;
    pending.delete(id);
    get(dreamUrl(id)).then((dream) => {
      if (dream.status === "done") card.src = dreamUrl(id, "image");
    }).catch(() => {}).finally(() => card.classList.remove("waiting"));
    if (pending.size === 0) showStatus("Choose the look that you like, then press Dream.");
  }
}

/** Shows variations of the form's settings side by side; the chosen one fills the form. */
async function vary(kind) {
  const settings = form.readSettings();
  const network = choices.networks.find((one) => one.name === el("network").value);
  const layers = network.depths.slice(0, SEEDS);
  const { objective: _, see: __, preset: ___, channel: ____, ...plain } = settings;
  const variations = {
    seeds: () => Array.from({ length: SEEDS }, (____, seed) => ({ ...settings, seed: seed + 1 })),
    strengths: () => STRENGTHS.map((strength) => ({ ...settings, strength })),
    steps: () => STEP_SIZES.map((factor) => ({ ...settings, step_size: Math.round(10 * factor * form.usualValue("step_size")) / 10 })),
    layers: () => layers.map((layer) => ({ ...plain, network: network.name, layer })),
  }[kind]();
  const captions = variations.map((one, index) => ({
    seeds: `Seed ${one.seed}`, strengths: `Strength ${one.strength}`, steps: `Step size ${one.step_size}`, layers: describeLayer(network, layers[index]),
  }[kind]));
  const dreams = await submitAll(variations, VARIATION_SIDE);
  await compare(dreams.map((dream) => dream.id), { captions, onChoose: choose });
}

async function choose(dream) {
  const { size } = form.readSettings();
  form.fill({ ...dream.recipe, size: null }, { called: dream.called });
  if (size) el("size").value = size;
  showStatus("The form has the settings of your choice. Press Dream for the large picture.");
  el("submit-button").focus();
}

/** Queues a small trial of each of some settings, all of the picture on the page. */
async function submitAll(all, side) {
  await source.whenRead();
  const from = source.current();
  if (from === null) throw new Error("choose a photo first, or start from clouds or noise");
  const dreams = [];
  let photo = from.dream; // the first trial uploads the photo, and the others use it
  for (const settings of all) {
    const data = new FormData();
    const recipe = { ...settings, size: side };
    if (from.generated) recipe.photo = from.generated;
    else if (photo) data.append("photo_of", photo);
    else data.append("photo", from.file, from.name);
    for (const guide of form.guideFiles()) data.append("guide", guide, guide.name);
    data.append("recipe", JSON.stringify(recipe));
    data.append("trial", "true");
    const dream = await post("/api/dreams", data);
    photo ??= from.generated ? null : dream.id;
    dreams.push(dream);
  }
  return dreams;
}
