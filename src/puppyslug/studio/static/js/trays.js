/** The things of a lesson, each with a tray of pictures that are dropped or chosen. */

import { patch, post, remove } from "./api.js";
import { attempt, el, fail } from "./page.js";

const TOGETHER = 2; // pictures that are sent at the same time
const FEWEST = 3;
const FEW = 10;
const numbers = new WeakMap(); // of things; a promise while one is asked for
const waiting = [];
const tally = { sending: 0, done: 0, total: 0, left: [] };
let lesson = () => null; // asks for the lesson's address
let saving = Promise.resolve();

export const saved = () => saving;
export const busy = () => tally.total > 0;

export function start(address) {
  lesson = address;
  el("add").addEventListener("click", () => add().querySelector("input").focus());
  el("add-none").addEventListener("click", () => add({ name: "none" }).querySelector("[type=file]").focus());
  for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());
}

export function clear() {
  el("things").replaceChildren();
  el("sending").textContent = "";
  el("add-none").hidden = false;
}

/** Another thing on the page; the studio hears of it with its first name or picture. */
export function add(thing = { name: "" }) {
  const item = el("thing").content.cloneNode(true).firstElementChild;
  const name = item.querySelector(".called input");
  const choose = item.querySelector("[type=file]");
  name.value = thing.name;
  item.dataset.name = thing.name;
  if (thing.number) numbers.set(item, Promise.resolve(thing.number));
  if (thing.name === "none") {
    item.classList.add("none");
    item.querySelector(".called span").textContent = "None of them: other dogs, other people, your street";
    el("add-none").hidden = true;
  }
  describe(item);
  name.addEventListener("change", () => save(() => rename(item)));
  choose.addEventListener("change", () => {
    take(item, [...choose.files]);
    choose.value = "";
  });
  item.querySelector(".forget").addEventListener("click", () => attempt(() => forget(item)));
  item.addEventListener("dragover", () => item.classList.add("over"));
  item.addEventListener("dragleave", (event) => {
    if (!item.contains(event.relatedTarget)) item.classList.remove("over");
  });
  item.addEventListener("drop", async (event) => {
    item.classList.remove("over");
    const { files, folder } = await dropped(event.dataTransfer);
    if (folder && !name.value) {
      name.value = folder;
      save(() => rename(item));
    }
    take(item, files);
  });
  el("things").append(item);
  count(item);
  return item;
}

/** Shows a picture that the studio has. */
export function show(item, address, picture) {
  const shot = el("picture").content.cloneNode(true).firstElementChild;
  const at = `${address}/things/${picture.thing}/pictures/${encodeURIComponent(picture.file)}`;
  shot.dataset.file = picture.file;
  shot.querySelector("img").src = at;
  shot.querySelector("img").alt = picture.name;
  const button = shot.querySelector("button");
  button.ariaLabel = `Remove ${picture.name}`;
  button.addEventListener("click", () => attempt(async () => {
    await remove(at);
    const next = (shot.nextElementSibling ?? shot.previousElementSibling).querySelector("button, input");
    shot.remove();
    count(item);
    next.focus();
  }));
  item.querySelector(".tray").append(shot);
  count(item);
}

/** The files of a drop; of a folder, all in it, and what it is called. */
async function dropped(data) {
  const entries = [...data.items].map((one) => one.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((one) => one.isDirectory)) return { files: [...data.files] };
  const files = (await Promise.all(entries.map(inside))).flat();
  return { files, folder: entries.find((one) => one.isDirectory).name };
}

async function inside(entry) {
  if (entry.isFile) return [await new Promise((good, bad) => entry.file(good, bad))];
  const reader = entry.createReader();
  const all = [];
  for (;;) { // it hands out a hundred at a time
    const some = await new Promise((good, bad) => reader.readEntries(good, bad));
    if (!some.length) break;
    all.push(...some);
  }
  const visible = all.filter((one) => !one.name.startsWith("."));
  return (await Promise.all(visible.map(inside))).flat();
}

function number(item) {
  if (!numbers.has(item)) {
    const asked = lesson().then((address) => post(`${address}/things`, { name: item.dataset.name }))
      .then((thing) => thing.number);
    asked.catch(() => numbers.delete(item));
    numbers.set(item, asked);
  }
  return numbers.get(item);
}

function save(action) {
  saving = saving.then(() => attempt(action));
  return saving;
}

async function rename(item) {
  const name = item.querySelector(".called input");
  const asked = name.value.trim();
  const at = await number(item);
  try {
    const now = await patch(`${await lesson()}/things/${at}`, { name: asked });
    name.value = now.things.find((thing) => thing.number === at).name;
    item.dataset.name = name.value;
    name.removeAttribute("aria-invalid");
  } catch (error) {
    name.ariaInvalid = "true";
    throw error;
  } finally {
    describe(item);
  }
}

async function forget(item) {
  const pictures = item.querySelectorAll(".shot").length;
  if (pictures && !window.confirm(`Remove ${item.dataset.name || "this thing"} and its ${pictures} pictures?`)) return;
  if (numbers.has(item)) await remove(`${await lesson()}/things/${await number(item)}`);
  if (item.classList.contains("none")) el("add-none").hidden = false;
  item.remove();
  el("add").focus();
}

function take(item, files) {
  if (!busy()) fail(null);
  waiting.push(...files.map((file) => ({ item, file })));
  tally.total += files.length;
  for (let line = tally.sending; line < TOGETHER; line++) work();
}

async function work() {
  const next = waiting.shift();
  if (!next) return;
  tally.sending++;
  try {
    const data = new FormData();
    data.append("picture", next.file, next.file.name);
    const at = await number(next.item);
    const address = await lesson();
    const [picture] = await post(`${address}/things/${at}/pictures`, data);
    if (!next.item.querySelector(`[data-file="${CSS.escape(picture.file)}"]`)) show(next.item, address, picture);
  } catch (error) {
    tally.left.push(error.message);
  }
  tally.sending--;
  tally.done++;
  el("sending").textContent = tally.done < tally.total ? `Taking in ${tally.done + 1} of ${tally.total} …` : "";
  if (tally.done === tally.total) finish();
  else work();
}

function finish() {
  const { total, left } = tally;
  Object.assign(tally, { done: 0, total: 0, left: [] });
  el("sending").textContent = `${total - left.length} of ${total} taken in.`;
  if (left.length === 1) fail(new Error(left[0]));
  else if (left.length) fail(new Error(`${left.length} were left out: ${left[0]}, and others`));
}

function describe(item) {
  const called = item.dataset.name || "this thing";
  item.querySelector(".forget").ariaLabel = `Remove ${called}`;
  item.querySelector("[type=file]").ariaLabel = `Pictures of ${called}`;
}

function count(item) {
  const pictures = item.querySelectorAll(".shot").length;
  const few = item.classList.contains("none") || pictures >= FEW ? ""
    : pictures < FEWEST ? `; ${FEWEST} are the least` : "; more would teach more";
  item.querySelector(".count").textContent = pictures ? `${pictures} picture${pictures === 1 ? "" : "s"}${few}` : "";
  item.querySelector(".hint").textContent = pictures ? "More" : "Drop pictures here, or choose";
}
