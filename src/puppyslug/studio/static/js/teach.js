/** The page that teaches a network: its things, the lesson, and what was learnt. */

import { get, patch, post, remove } from "./api.js";
import { attempt, duration, el, fail, say, sentence } from "./page.js";
import * as trays from "./trays.js";

const ENDED = ["done", "failed", "cancelled", "interrupted"];
let address = null; // of the lesson, once there is one; a promise while it is begun
let events = null;

const at = (id) => `/api/lessons/${id}`;

/** The lesson's address; the first that asks begins one. */
function lesson() {
  address ??= post("/api/lessons").then((one) => {
    history.replaceState(null, "", `#${one.id}`);
    return at(one.id);
  });
  address.catch(() => { address = null; });
  return address;
}

function fresh() {
  leave();
  address = null;
  if (location.hash) history.pushState(null, "", location.pathname);
  trays.clear();
  trays.add();
  trays.add();
  el("name").value = "";
  el("base").value = "efficientnet_lite0";
  el("outcome").hidden = true;
  state(null);
  say("");
}

async function open(id) {
  const [one, pictures] = await Promise.all([get(at(id)), get(`${at(id)}/pictures`)]);
  leave();
  address = Promise.resolve(at(id));
  if (location.hash !== `#${id}`) history.pushState(null, "", `#${id}`);
  trays.clear();
  for (const thing of one.things) {
    const item = trays.add(thing);
    for (const picture of pictures.filter((some) => some.thing === thing.number)) trays.show(item, at(id), picture);
  }
  if (!one.things.length) trays.add();
  el("name").value = one.name;
  el("base").value = one.base;
  say("");
  watch(one);
}

function leave() {
  events?.close();
  events = null;
}

/** Follows a lesson while it waits or runs. */
function watch(one) {
  update(one);
  if (!["queued", "running"].includes(one.status)) return;
  events = new EventSource(`${at(one.id)}/events`);
  events.onmessage = (event) => update(JSON.parse(event.data));
  events.onerror = () => {
    if (events?.readyState === EventSource.CLOSED) fail(new Error("the studio does not answer any more"));
  };
}

function update(one) {
  state(one.status);
  const { progress } = one;
  if (progress) el("progress").value = progress.fraction;
  else el("progress").removeAttribute("value");
  el("stop").hidden = !progress?.stage.startsWith("report");
  el("how-far").textContent = words(one);
  outcome(one);
  if (!ENDED.includes(one.status)) return;
  if (events) { // it has just ended
    leave();
    attempt(every);
    say(one.status === "done" ? "" : sentence(`it is ${one.status}; teach it again whenever you like`));
    const { activeElement } = document;
    if (activeElement === document.body || el("running").contains(activeElement)) el("go").focus({ preventScroll: true });
    if (one.status === "done") el("outcome").scrollIntoView({ block: "nearest" });
  }
  if (one.status === "failed") fail(new Error(one.error));
}

function state(status) {
  const running = ["queued", "running"].includes(status);
  el("running").hidden = !running;
  el("lesson").inert = running;
  el("lesson").classList.toggle("resting", running);
  for (const id of ["name", "base"]) el(id).disabled = running;
  el("go").disabled = running;
  el("go").textContent = running ? "It learns …" : ENDED.includes(status) ? "Teach again" : "Teach";
}

function words({ status, position, progress }) {
  if (status === "queued") return `Number ${position} in the queue`;
  if (!progress) return "";
  const left = progress.seconds_left === null ? "" : `, ${duration(progress.seconds_left)} left`;
  return sentence(progress.stage + left);
}

function outcome({ id, outcome: how, here, notices }) {
  el("outcome").hidden = !how;
  el("notes").hidden = !notices.length;
  el("notices").replaceChildren(...notices.map((text) => element("li", sentence(text))));
  if (!how) return;
  const held = how.counts.flat().reduce((sum, count) => sum + count, 0);
  const right = how.counts.reduce((sum, row, index) => sum + row[index], 0);
  el("score").replaceChildren(...held
    ? [element("b", `${right} of ${held}`), "pictures that it had not seen are taken for what they are."]
    : ["There were too few pictures to hold some out and test it; more would tell more."]);
  el("learnt").replaceChildren(...how.things.map((name, index) => {
    const item = element("li", "");
    const row = how.counts[index] ?? [];
    const tried = row.reduce((sum, count) => sum + count, 0);
    const detail = tried ? `${row[index]} of ${tried}, taught with ${how.pictures[index]}` : `taught with ${how.pictures[index]}`;
    item.append(element("b", name), element("span", detail, "quiet"));
    if (here) {
      const link = element("a", "Dream of it", "button primary");
      link.href = dreamOf(how.file, name);
      link.ariaLabel = `Dream of ${name}`;
      item.append(link);
    }
    return item;
  }));
  el("report").hidden = !how.reported;
  el("report").href = `${at(id)}/report`;
  el("download").hidden = !here;
  el("download").href = `/api/networks/${encodeURIComponent(how.file)}`;
}

function element(kind, text, className = "") {
  return Object.assign(document.createElement(kind), { textContent: text, className });
}

/** All lessons, to go on with, and networks that came otherwise; to delete, too. */
async function every() {
  const [lessons, networks] = await Promise.all([get("/api/lessons"), get("/api/networks")]);
  const others = networks.filter((network) => network.things.length
    && !lessons.some((one) => one.here && one.outcome.file === network.name));
  el("no-lessons").hidden = lessons.length + others.length > 0;
  el("every").replaceChildren(...lessons.map(lessonRow), ...others.map(networkRow));
}

function lessonRow(one) {
  const things = one.things.map((thing) => thing.name).filter((name) => name && name !== "none");
  const hint = [things.join(", "), one.here ? "" : one.status].filter(Boolean).join(" · ");
  return row(one.name || "Not named yet", hint, async () => {
    await open(one.id);
    el("lesson").scrollIntoView({ block: "start" });
  }, async (name) => {
    if (!window.confirm(`Delete ${name}, its pictures and its network?`)) return;
    await remove(at(one.id));
    if (one.here) await removeNetwork(one.outcome.file);
    if (location.hash === `#${one.id}`) fresh();
    await every();
  });
}

function networkRow({ name, things }) {
  return row(name.replace(/\.safetensors$/, ""), things.join(", "), () => {
    location.href = dreamOf(name, things[0]);
  }, async (called) => {
    if (!window.confirm(`Delete the network ${called}?`)) return;
    await removeNetwork(name);
    await every();
  });
}

function row(name, hint, open, forget) {
  const item = el("row").content.cloneNode(true).firstElementChild;
  const [card, button] = item.querySelectorAll("button");
  card.querySelector(".title").textContent = name;
  card.querySelector(".quiet").textContent = hint;
  card.addEventListener("click", () => attempt(open));
  button.ariaLabel = `Delete ${name}`;
  button.addEventListener("click", () => attempt(async () => {
    await forget(name);
    if (!button.isConnected) el("new").focus();
  }));
  return item;
}

const removeNetwork = (file) => remove(`/api/networks/${encodeURIComponent(file)}`);
const dreamOf = (network, thing) => `/?${new URLSearchParams({ network, see: thing })}`;

async function ask() {
  await trays.saved();
  if (!el("error").hidden && document.querySelector(".called [aria-invalid]")) return;
  fail(null);
  if (trays.busy()) throw new Error("pictures are still being taken in; a moment, please");
  const where = await lesson();
  await patch(where, { name: el("name").value, base: el("base").value });
  watch(await post(`${where}/teach`));
  say("");
  el("cancel").focus({ preventScroll: true });
  await every();
}

trays.start(lesson);
el("teach").addEventListener("submit", (event) => {
  event.preventDefault();
  ask().catch(fail);
});
for (const order of ["stop", "cancel"]) {
  el(order).addEventListener("click", () => attempt(async () => post(`${await lesson()}/${order}`)));
}
el("new").addEventListener("click", () => {
  fresh();
  el("things").querySelector("input").focus();
});
el("dismiss").addEventListener("click", () => fail(null));
window.addEventListener("popstate", visit);

function visit() {
  const id = location.hash.slice(1);
  if (id) attempt(() => open(id));
  else fresh();
}

visit();
attempt(every);
