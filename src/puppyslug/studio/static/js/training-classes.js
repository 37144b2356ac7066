/** The classes of a training job: names, and pictures that are dropped or chosen. */

import { patch, post, remove } from "./api.js";
import { attempt, el, showError } from "./page.js";

const MAX_UPLOADS = 2; // at the same time
const MIN_PICTURES = 3;
const GOOD_PICTURES = 10;
const numbers = new WeakMap(); // number of each class, as a promise while it is being created
const uploadQueue = [];
const uploads = { active: 0, done: 0, total: 0, errors: [] };
let getJobUrl = () => null;
let saving = Promise.resolve();

/** Resolves when all names have been saved. */
export const saved = () => saving;
export const isUploading = () => uploads.total > 0;

export function start(jobUrl) {
  getJobUrl = jobUrl;
  el("add-class").addEventListener("click", () => add().querySelector("input").focus());
  el("add-negatives").addEventListener("click", () => add({ name: "none" }).querySelector("[type=file]").focus());
  for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());
}

export function clear() {
  el("classes").replaceChildren();
  el("upload-status").textContent = "";
  el("add-negatives").hidden = false;
}

/** Adds a class to the page; the server creates it with its first name or picture. */
export function add(trainingClass = { name: "" }) {
  const item = el("class-template").content.cloneNode(true).firstElementChild;
  const name = item.querySelector(".class-name input");
  name.value = trainingClass.name;
  item.dataset.name = trainingClass.name;
  if (trainingClass.number) numbers.set(item, Promise.resolve(trainingClass.number));
  if (trainingClass.name === "none") {
    item.classList.add("negatives");
    item.querySelector(".class-name span").textContent = "Negatives: other dogs, other people, your street";
    el("add-negatives").hidden = true;
  }
  updateLabels(item);
  addListeners(item, name);
  el("classes").append(item);
  updateCount(item);
  return item;
}

function addListeners(item, name) {
  const file = item.querySelector("[type=file]");
  name.addEventListener("change", () => save(() => rename(item)));
  file.addEventListener("change", () => {
    upload(item, [...file.files]);
    file.value = "";
  });
  item.querySelector(".remove").addEventListener("click", () => attempt(() => removeClass(item)));
  item.addEventListener("dragover", () => item.classList.add("drag-over"));
  item.addEventListener("dragleave", (event) => {
    if (!item.contains(event.relatedTarget)) item.classList.remove("drag-over");
  });
  item.addEventListener("drop", async (event) => {
    item.classList.remove("drag-over");
    const { files, folder } = await readDrop(event.dataTransfer);
    if (folder && !name.value) {
      name.value = folder;
      save(() => rename(item));
    }
    upload(item, files);
  });
}

/** Shows a picture that the server has. */
export function addPicture(item, jobUrl, picture) {
  const node = el("picture-template").content.cloneNode(true).firstElementChild;
  const url = `${jobUrl}/things/${picture.thing}/pictures/${encodeURIComponent(picture.file)}`;
  node.dataset.file = picture.file;
  node.querySelector("img").src = url;
  node.querySelector("img").alt = picture.name;
  const button = node.querySelector("button");
  button.ariaLabel = `Remove ${picture.name}`;
  button.addEventListener("click", () => attempt(async () => {
    await remove(url);
    const next = (node.nextElementSibling ?? node.previousElementSibling).querySelector("button, input");
    node.remove();
    updateCount(item);
    next.focus();
  }));
  item.querySelector(".pictures").append(node);
  updateCount(item);
}

/** Returns the dropped files; of a dropped folder, all files inside and its name. */
async function readDrop(data) {
  const entries = [...data.items].map((one) => one.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((one) => one.isDirectory)) return { files: [...data.files] };
  const files = (await Promise.all(entries.map(listFiles))).flat();
  return { files, folder: entries.find((one) => one.isDirectory).name };
}

async function listFiles(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader();
  const entries = [];
  for (;;) { // each call returns at most a hundred entries
    const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!batch.length) break;
    entries.push(...batch);
  }
  const visible = entries.filter((one) => !one.name.startsWith("."));
  return (await Promise.all(visible.map(listFiles))).flat();
}

/** Returns the number of a class, which is created on the server if necessary. */
function classNumber(item) {
  if (!numbers.has(item)) {
    const creating = getJobUrl().then((jobUrl) => post(`${jobUrl}/things`, { name: item.dataset.name }))
      .then((created) => created.number);
    creating.catch(() => numbers.delete(item));
    numbers.set(item, creating);
  }
  return numbers.get(item);
}

function save(action) {
  saving = saving.then(() => attempt(action));
  return saving;
}

async function rename(item) {
  const input = item.querySelector(".class-name input");
  const name = input.value.trim();
  const number = await classNumber(item);
  try {
    const job = await patch(`${await getJobUrl()}/things/${number}`, { name });
    input.value = job.things.find((one) => one.number === number).name;
    item.dataset.name = input.value;
    input.removeAttribute("aria-invalid");
  } catch (error) {
    input.ariaInvalid = "true";
    throw error;
  } finally {
    updateLabels(item);
  }
}

async function removeClass(item) {
  const count = countPictures(item);
  if (count && !window.confirm(`Remove ${item.dataset.name || "this class"} and its ${count} pictures?`)) return;
  if (numbers.has(item)) await remove(`${await getJobUrl()}/things/${await classNumber(item)}`);
  if (item.classList.contains("negatives")) el("add-negatives").hidden = false;
  item.remove();
  el("add-class").focus();
}

function upload(item, files) {
  if (!isUploading()) showError(null);
  uploadQueue.push(...files.map((file) => ({ item, file })));
  uploads.total += files.length;
  for (let count = uploads.active; count < MAX_UPLOADS; count++) uploadNext();
}

async function uploadNext() {
  const next = uploadQueue.shift();
  if (!next) return;
  uploads.active++;
  try {
    const data = new FormData();
    data.append("picture", next.file, next.file.name);
    const number = await classNumber(next.item);
    const jobUrl = await getJobUrl();
    const [picture] = await post(`${jobUrl}/things/${number}/pictures`, data);
    const isShown = next.item.querySelector(`[data-file="${CSS.escape(picture.file)}"]`);
    if (!isShown) addPicture(next.item, jobUrl, picture);
  } catch (error) {
    uploads.errors.push(error.message);
  }
  uploads.active--;
  uploads.done++;
  const { done, total } = uploads;
  el("upload-status").textContent = done < total ? `Uploading ${done + 1} of ${total} …` : "";
  if (done === total) finishUploads();
  else uploadNext();
}

function finishUploads() {
  const { total, errors } = uploads;
  Object.assign(uploads, { done: 0, total: 0, errors: [] });
  el("upload-status").textContent = `${total - errors.length} of ${total} pictures uploaded.`;
  if (errors.length === 1) showError(new Error(errors[0]));
  else if (errors.length) showError(new Error(`${errors.length} pictures were not uploaded, the first because: ${errors[0]}`));
}

function updateLabels(item) {
  const name = item.dataset.name || "this class";
  item.querySelector(".remove").ariaLabel = `Remove ${name}`;
  item.querySelector("[type=file]").ariaLabel = `Pictures of ${name}`;
}

const countPictures = (item) => item.querySelectorAll(".picture").length;

function updateCount(item) {
  const count = countPictures(item);
  const advice = item.classList.contains("negatives") || count >= GOOD_PICTURES ? ""
    : count < MIN_PICTURES ? `; at least ${MIN_PICTURES} are required` : `; ${GOOD_PICTURES} or more are better`;
  item.querySelector(".count").textContent = count ? `${count} picture${count === 1 ? "" : "s"}${advice}` : "";
  item.querySelector(".hint").textContent = count ? "More" : "Drop pictures here, or choose";
}
