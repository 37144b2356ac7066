/** The page that trains a network: its classes, the training job, and the result. */

import { get, patch, post, remove } from "./api.js";
import * as connection from "./connection.js";
import { attempt, el, formatDuration, sentence, showError, showStatus } from "./page.js";
import { pictureForm, showBars } from "./bars.js";
import * as classes from "./training-classes.js";

const ENDED = ["done", "failed", "cancelled", "interrupted"];
let currentUrl = null; // URL of the open job, as a promise while it is being created
let watchedId = null; // of the open job while it is queued or running
let listTimer = 0;
let listVersion = -1;

const jobUrl = (id) => `/api/lessons/${id}`;
const networkUrl = (file) => `/api/networks/${encodeURIComponent(file)}`;
const dreamPage = (network, name) => `/?${new URLSearchParams({ network, see: name })}`;

/** Returns the URL of the open job, which is created on the server if necessary. */
function getJobUrl() {
  currentUrl ??= post("/api/lessons").then((job) => {
    history.replaceState(null, "", `#${job.id}`);
    return jobUrl(job.id);
  });
  currentUrl.catch(() => { currentUrl = null; });
  return currentUrl;
}

function openNew() {
  stopWatching();
  currentUrl = null;
  if (location.hash) history.pushState(null, "", location.pathname);
  classes.clear();
  classes.add();
  classes.add();
  el("name").value = "";
  el("base").value = el("base").dataset.default;
  el("result").hidden = true;
  showState(null);
  showStatus("");
}

async function openJob(id) {
  const [job, pictures] = await Promise.all([get(jobUrl(id)), get(`${jobUrl(id)}/pictures`)]);
  stopWatching();
  currentUrl = Promise.resolve(jobUrl(id));
  if (location.hash !== `#${id}`) history.pushState(null, "", `#${id}`);
  classes.clear();
  for (const one of job.things) {
    const item = classes.add(one);
    for (const picture of pictures.filter(({ thing }) => thing === one.number)) {
      classes.addPicture(item, jobUrl(id), picture);
    }
  }
  if (!job.things.length) classes.add();
  el("name").value = job.name;
  el("base").value = job.base;
  showStatus("");
  watch(job);
}

function stopWatching() {
  watchedId = null;
}

/** Shows a job, and while it is queued or running, its progress. */
function watch(job) {
  watchedId = ["queued", "running"].includes(job.status) ? job.id : null;
  update(job);
}

/** Follows the open job, and lists all jobs again when one of them has changed. */
function onActivity({ version }) {
  const id = watchedId;
  if (id) {
    get(jobUrl(id)).then((job) => { if (watchedId === id) update(job); }, () => {});
  }
  if (version === listVersion || listTimer) return;
  listTimer = setTimeout(() => {
    listTimer = 0;
    listVersion = connection.activity().version;
    refreshList().catch(() => { listVersion = -1; });
  }, 300);
}

function update(job) {
  showState(job.status);
  const { progress } = job;
  if (progress) el("progress").value = progress.fraction;
  else el("progress").removeAttribute("value");
  el("stop").hidden = !progress?.stage.startsWith("report");
  el("progress-text").textContent = describeProgress(job);
  showResult(job);
  if (!ENDED.includes(job.status)) return;
  if (watchedId) onEnd(job);
  if (job.status === "failed") showError(new Error(job.error));
}

function onEnd(job) {
  stopWatching();
  attempt(refreshList);
  showStatus(job.status === "done" ? "" : sentence(`the training ${job.status === "failed" ? "has" : "was"} ${job.status}; you can start it again`));
  const { activeElement } = document;
  if (activeElement === document.body || el("running").contains(activeElement)) el("submit-button").focus({ preventScroll: true });
  if (job.status === "done") el("result").scrollIntoView({ block: "nearest" });
}

function showState(status) {
  const running = ["queued", "running"].includes(status);
  el("running").hidden = !running;
  el("class-editor").inert = running;
  el("class-editor").classList.toggle("inactive", running);
  for (const id of ["name", "base"]) el(id).disabled = running;
  el("submit-button").disabled = running;
  el("submit-button").textContent = running ? "Training …" : ENDED.includes(status) ? "Train again" : "Train";
}

function describeProgress({ status, position, progress }) {
  if (status === "queued") return position > 1 ? `${position - 1} before this one in the queue` : "Next in the queue";
  if (!progress) return "";
  const left = progress.seconds_left === null ? "" : `, ${formatDuration(progress.seconds_left)} left`;
  return sentence((progress.stage === "done" ? "preparing the report" : progress.stage) + left);
}

function showResult({ id, outcome: result, here: available, notices }) {
  el("result").hidden = !result;
  el("notes").hidden = !notices.length;
  el("notices").replaceChildren(...notices.map((text) => createElement("li", sentence(text))));
  if (!result) return;
  const tested = result.counts.flat().reduce((sum, count) => sum + count, 0);
  const correct = result.counts.reduce((sum, row, index) => sum + row[index], 0);
  el("score").replaceChildren(...tested
    ? [createElement("b", `${correct} of ${tested}`), " pictures that were kept for the test are recognised."]
    : ["There were too few pictures to hold some out for a test; add more."]);
  el("class-results").replaceChildren(...result.things.map((name, index) => createClassResult(result, index, available)));
  el("report").hidden = !result.reported;
  el("report").href = `${jobUrl(id)}/report`;
  el("download").hidden = !available;
  el("download").href = networkUrl(result.file);
  el("try").hidden = !available;
  if (el("try").dataset.network === result.file) return;
  el("try").dataset.network = result.file;
  el("try-bars").replaceChildren();
  el("try-picture").hidden = true;
}

/** Shows what the trained network sees in a new photo. */
async function tryPhoto() {
  const [file] = el("try-file").files;
  if (!file) return;
  const data = await pictureForm(file);
  data.append("network", el("try").dataset.network);
  showBars(el("try-bars"), await post("/api/seen", data));
  el("try-picture").src = URL.createObjectURL(file);
  el("try-picture").alt = file.name;
  el("try-picture").hidden = false;
  el("try-file").value = "";
}

function createClassResult(result, index, available) {
  const name = result.things[index];
  const row = result.counts[index] ?? [];
  const tested = row.reduce((sum, count) => sum + count, 0);
  const trained = `learned from ${result.pictures[index] - tested}`;
  const item = createElement("li", "");
  item.append(createElement("b", name), createElement("span", tested ? `${row[index]} of ${tested} recognised, ${trained}` : trained, "muted"));
  if (available) {
    const link = createElement("a", "Dream of it", "button primary");
    link.href = dreamPage(result.file, name);
    link.ariaLabel = `Dream of ${name}`;
    item.append(link);
  }
  return item;
}

function createElement(kind, text, className = "") {
  return Object.assign(document.createElement(kind), { textContent: text, className });
}

/** Lists all training jobs, and trained networks that were copied into the data folder. */
async function refreshList() {
  const [jobs, networks] = await Promise.all([get("/api/lessons"), get("/api/networks")]);
  const others = networks.filter((network) => network.things.length
    && !jobs.some((job) => job.here && job.outcome.file === network.name));
  el("no-training-jobs").hidden = jobs.length + others.length > 0;
  el("training-jobs").replaceChildren(...jobs.map(createJobRow), ...others.map(createNetworkRow));
}

function createJobRow(job) {
  const names = job.things.map((one) => one.name).filter((name) => name && name !== "none");
  const hint = [names.join(", "), job.here ? "" : job.status].filter(Boolean).join(" · ");
  return createRow(job.name || "Unnamed", hint, async () => {
    await openJob(job.id);
    el("class-editor").scrollIntoView({ block: "start" });
  }, async (name) => {
    if (!window.confirm(`Delete ${name}, its pictures and its network?`)) return;
    await remove(jobUrl(job.id));
    if (job.here) await remove(networkUrl(job.outcome.file));
    if (location.hash === `#${job.id}`) openNew();
    await refreshList();
  });
}

function createNetworkRow({ name: file, things }) {
  return createRow(file.replace(/\.safetensors$/, ""), things.join(", "), () => {
    location.href = dreamPage(file, things[0]);
  }, async (name) => {
    if (!window.confirm(`Delete the network ${name}?`)) return;
    await remove(networkUrl(file));
    await refreshList();
  });
}

function createRow(name, hint, onOpen, onDelete) {
  const item = el("job-template").content.cloneNode(true).firstElementChild;
  const [card, button] = item.querySelectorAll("button");
  card.querySelector(".title").textContent = name;
  card.querySelector(".muted").textContent = hint;
  card.addEventListener("click", () => attempt(onOpen));
  button.ariaLabel = `Delete ${name}`;
  button.addEventListener("click", () => attempt(async () => {
    await onDelete(name);
    if (!button.isConnected) el("new").focus();
  }));
  return item;
}

async function submit() {
  await classes.saved();
  if (!el("error").hidden && document.querySelector(".class-name [aria-invalid]")) return;
  showError(null);
  if (classes.isUploading()) throw new Error("wait until all pictures are uploaded");
  if (!el("name").value.trim()) throw new Error("enter a name for the network");
  const url = await getJobUrl();
  await patch(url, { name: el("name").value, base: el("base").value });
  watch(await post(`${url}/teach`));
  showStatus("");
  el("cancel").focus({ preventScroll: true });
  await refreshList();
}

/** Shows what the URL names: a training job, or a new one. */
async function route() {
  const id = location.hash.slice(1);
  if (id) await attempt(() => openJob(id));
  else openNew();
  document.querySelector("main").removeAttribute("data-loading");
}

classes.start(getJobUrl);
el("teach").addEventListener("submit", (event) => {
  event.preventDefault();
  submit().catch(showError);
});
for (const command of ["stop", "cancel"]) {
  el(command).addEventListener("click", () => attempt(async () => post(`${await getJobUrl()}/${command}`)));
}
el("try-file").addEventListener("change", () => attempt(tryPhoto));
el("new").addEventListener("click", () => {
  openNew();
  el("classes").querySelector("input").focus();
});
el("dismiss").addEventListener("click", () => showError(null));
window.addEventListener("popstate", route);
route();
connection.follow(onActivity);
connection.start();
attempt(refreshList);
