/** Ties the page's parts together. */

import { at, get, post } from "./api.js";
import { attempt, el, fail, say, show } from "./page.js";
import * as atlas from "./atlas.js";
import * as brush from "./brush.js";
import * as form from "./form.js";
import * as gallery from "./gallery.js";
import * as result from "./result.js";
import * as source from "./source.js";
import * as things from "./things.js";
import * as watch from "./watch.js";

function changed() {
  watch.leave();
  if (location.hash) history.pushState(null, "", location.pathname);
}

/** Shows what the address names: a dream, or what there is to dream of. */
function visit(options) {
  if (/^#[\w-]{8,40}$/.test(location.hash)) open(location.hash.slice(1), { visited: true, ...options });
  else if (source.source() === null) source.clear(() => watch.leave());
  else source.put(() => watch.leave());
}

async function dream(event) {
  event.preventDefault();
  await attempt(async () => {
    if (source.source() === null) throw new Error("choose a photo first, or start from clouds or noise");
    const data = new FormData();
    const settings = form.settings();
    const photo = source.source();
    if (typeof photo === "string") settings.photo = photo;
    else data.append("photo", photo, photo.name);
    const mask = await brush.mask();
    if (mask) data.append("mask", mask, "mask.png");
    const guide = form.guide();
    if (guide) data.append("guide", guide, guide.name);
    data.append("recipe", JSON.stringify(settings));
    el("go").disabled = true;
    try {
      queued(await post("/api/dreams", data));
    } finally {
      el("go").disabled = false;
    }
  });
}

function queued(one) {
  fail(null);
  history.pushState(null, "", `#${one.id}`);
  watch.watch(one, ended);
  el("stage").scrollIntoView({ block: "start" });
  attempt(gallery.refresh).then(() => gallery.mark(one.id));
}

function ended(one) {
  result.open(one);
  attempt(gallery.refresh).then(() => gallery.mark(one.id));
}

async function open(id, { visited = false, filled = false } = {}) {
  await attempt(async () => {
    const one = await get(at(id));
    watch.leave();
    if (!visited) history.pushState(null, "", `#${id}`);
    if (filled) form.fill(one.recipe);
    if (["queued", "running", "paused"].includes(one.status)) watch.watch(one, ended);
    else result.open(one);
    gallery.mark(id);
    el("stage").scrollIntoView({ block: "start" });
  });
}

atlas.start();
form.start();
brush.start();
things.start(form.seeingNetwork);
source.start(changed);
watch.start(ended);
result.start({
  queued,
  changed,
  deleted: () => {
    source.clear(changed);
    say("Deleted.");
    attempt(gallery.refresh);
  },
});
gallery.start((id) => open(id));
el("look").addEventListener("submit", dream);
el("dismiss").addEventListener("click", () => fail(null));
window.addEventListener("popstate", () => visit());
show("empty");
visit({ filled: true });
const wanted = new URLSearchParams(location.search);
if (wanted.has("see")) {
  form.choose(wanted.get("network") ?? "", wanted.get("see"));
  history.replaceState(null, "", location.pathname + location.hash);
}
