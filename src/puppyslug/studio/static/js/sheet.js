/** A dream of the same picture for each of a network's main layers, small, and side by side. */

import { post } from "./api.js";
import { compare, MAX_DREAMS } from "./comparison.js";
import { attempt, choices, el, showStatus } from "./page.js";
import * as source from "./source.js";
import { describeLayer } from "./words.js";

const SIDE = "320"; // pixels, longest side

export function start() {
  for (const button of document.querySelectorAll("[data-sheet]")) {
    button.addEventListener("click", () => attempt(makeSheet));
  }
}

async function makeSheet() {
  const start = source.current();
  const network = choices.networks.find((one) => one.name === el("network").value);
  const layers = network.depths.slice(0, MAX_DREAMS);
  showStatus(`Dreaming ${layers.length} layers of ${start.name} …`);
  const ids = [];
  let photo = start.dream; // the first dream uploads the photo, and the others use it
  for (const layer of layers) {
    const data = new FormData();
    const settings = { network: network.name, layer, size: SIDE };
    if (start.generated) settings.photo = start.generated;
    else if (photo) data.append("photo_of", photo);
    else data.append("photo", start.file, start.name);
    data.append("recipe", JSON.stringify(settings));
    const dream = await post("/api/dreams", data);
    photo ??= start.generated ? null : dream.id;
    ids.push(dream.id);
  }
  showStatus("");
  await compare(ids, { captions: layers.map((layer) => describeLayer(network, layer)) });
}
