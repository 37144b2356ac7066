/** The teacher's page: how to join, the queue, the pupils, and all pictures of the class. */

import { get, post, remove } from "./api.js";
import * as cards from "./class-cards.js";
import * as connection from "./connection.js";
import { attempt, el, formatDuration, showError } from "./page.js";

const REFRESH_DELAY = 300; // milliseconds; changes in the meantime are shown together
let shownVersions = "";
let refreshTimer = 0;

function start() {
  el("pause-queue").addEventListener("click", () => order(connection.activity()?.paused ? "resume" : "pause"));
  el("clear-queue").addEventListener("click", () => {
    const count = connection.activity()?.queue.length ?? 0;
    if (count && window.confirm(`Cancel ${pictures(count)} that wait?`)) order("clear");
  });
  el("show-join").addEventListener("click", () => attempt(() => post("/api/class/projector", { dream: null })));
  el("delete-all").addEventListener("click", () => attempt(async () => {
    if (!window.confirm("Delete all pictures of all pupils, and your own ones? They cannot be restored.")) return;
    await remove("/api/class/dreams");
  }));
  el("dismiss").addEventListener("click", () => showError(null));
  cards.start();
  connection.follow(onActivity);
  connection.start();
}

const order = (name) => attempt(() => post(`/api/class/${name}`));

function onActivity(activity) {
  showQueue(activity);
  cards.showActivity(activity);
  el("show-join").hidden = !activity.projected;
  const versions = `${activity.version} ${activity.pupils}`;
  if (versions === shownVersions || refreshTimer) return;
  refreshTimer = setTimeout(() => {
    refreshTimer = 0;
    shownVersions = versions;
    Promise.all([refreshClass(), cards.refresh()]).catch(() => { shownVersions = ""; }); // the page says that the server is gone
  }, shownVersions ? REFRESH_DELAY : 0);
}

function showQueue({ queue, active, paused, waits }) {
  const running = Object.values(active).filter(({ status }) => status === "running").length;
  const last = waits[queue.at(-1)]?.seconds;
  const parts = [
    running ? `${pictures(running)} in progress` : "Nothing in progress",
    queue.length ? `${queue.length} waiting${last ? `, the last one starts in about ${formatDuration(last)}` : ""}` : "nothing waiting",
  ];
  el("queue-text").textContent = `${paused ? "Paused. " : ""}${parts.join(", ")}.`;
  el("pause-queue").textContent = paused ? "Go on with the queue" : "Pause the queue";
  el("pause-queue").ariaPressed = String(paused);
  el("clear-queue").disabled = !queue.length;
}

async function refreshClass() {
  const { pupils } = await get("/api/class");
  el("no-pupils").hidden = pupils.length > 0;
  el("pupils").replaceChildren(...pupils.map(showPupil));
}

function showPupil({ number, name, queued, active, done }) {
  const item = el("pupil-template").content.cloneNode(true).firstElementChild;
  const button = item.querySelector(".name");
  button.textContent = name;
  button.title = `Show only the pictures of ${name}`;
  button.addEventListener("click", () => cards.showOnly(name));
  item.querySelector(".muted").textContent = [
    pictures(done), active ? `${active} in progress` : "", queued ? `${queued} waiting` : "",
  ].filter(Boolean).join(", ");
  const removal = item.querySelector(".remove");
  removal.ariaLabel = `Remove ${name} from the class`;
  removal.addEventListener("click", () => attempt(async () => {
    if (!window.confirm(`Remove ${name} from the class? The pictures are kept.`)) return;
    await remove(`/api/class/pupils/${number}`);
  }));
  return item;
}

const pictures = (count) => `${count} ${count === 1 ? "picture" : "pictures"}`;

start();
