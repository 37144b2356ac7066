/** The page Live: the camera's frames go to the studio, and the dreamt ones onto a canvas. */

import { dreamUrl, post, thumbnailUrl } from "./api.js";
import { openCamera } from "./live-camera.js";
import { LiveConnection } from "./live-connection.js";
import { attempt, choices, el, showError, showStatus } from "./page.js";

const PROPERLY = { octaves: 4, iterations: 10, size: "960" }; // of a still picture
const picture = el("picture");
const context = picture.getContext("2d");
let connection = null;
let camera = null;
let status = {};
let latency = 0;

function look() {
  const name = document.querySelector("[name=look]:checked").value;
  const { settings } = choices.looks.find((one) => one.name === name);
  const thing = el("see").value.trim();
  const what = thing ? { preset: settings.preset, network: choices.defaults.classifier, see: thing } : settings;
  return {
    ...what,
    step_size: Number(el("intensity").value),
    strength: Number(el("strength").value),
    mask: el("mask").value || null,
  };
}

async function start() {
  el("start").disabled = true;
  showError(null);
  try {
    camera = await openCamera(el("camera"));
    connection = new LiveConnection(camera, { look, fps: choices.defaults.live_fps, onFrame, onMessage, onEnd });
    setState("on");
    showStatus("The network is being loaded …");
  } catch (error) {
    showError(error);
  }
  el("start").disabled = false;
}

function stop() {
  connection?.close();
  camera?.close();
  connection = camera = null;
  setState("off");
}

function onFrame(bitmap, milliseconds) {
  if (picture.width !== bitmap.width || picture.height !== bitmap.height) {
    Object.assign(picture, { width: bitmap.width, height: bitmap.height });
  }
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  if (picture.hidden) showStatus("");
  picture.hidden = false;
  el("off").hidden = true;
  latency = latency ? 0.8 * latency + 0.2 * milliseconds : milliseconds;
}

function onMessage(message) {
  if (message.status) showRate(message.status);
  if (message.rejected) showError(new Error(message.rejected));
  if (message.recorded) showRecording(message.recorded);
  if (message.error) {
    stop();
    showError(new Error(message.error));
  }
}

function onEnd() {
  stop();
  showError(new Error("the connection to the studio is lost; start the camera again"));
}

function showRate(next) {
  if (next.restarts > (status.restarts ?? 0)) showStatus("The worker was started again.");
  status = next;
  const parts = [`${status.fps} frames per second`, `latency ${Math.round(latency)} ms`, `${status.side} pixels`];
  if (status.invalid) parts.push(`${status.invalid} unreadable frames left out`);
  el("rate").textContent = parts.join(" · ");
}

function setState(state) {
  el("live").dataset.state = state;
  el("tools").hidden = state === "off";
  if (state !== "off") return;
  picture.hidden = true;
  el("off").hidden = false;
  el("rate").textContent = "";
  status = {};
  setRecording(false);
  showStatus("");
}

function setRecording(isOn) {
  el("record").setAttribute("aria-pressed", isOn);
  el("record").textContent = isOn ? "Stop recording" : "Record";
}

function addTaken(dream, title) {
  const item = el("snapshot-template").content.cloneNode(true).firstElementChild;
  item.querySelector("a").href = `/#${dream.id}`;
  Object.assign(item.querySelector("img"), { src: thumbnailUrl(dream), alt: "" });
  item.querySelector(".title").textContent = title;
  const button = item.querySelector("button");
  if (dream.kind === "zoom") button.remove();
  else button.addEventListener("click", () => attempt(() => dreamProperly(dream)));
  el("snapshots").prepend(item);
  el("taken").hidden = false;
}

async function takeSnapshot() {
  const dream = await post("/api/live/snapshot");
  addTaken(dream, dream.title);
  showStatus("The snapshot is in the gallery.");
}

async function dreamProperly(dream) {
  await post(dreamUrl(dream.id, "again"), { recipe: PROPERLY });
  showStatus("It is dreamt at full quality, and appears in the gallery of the page Dream.");
}

function showRecording(id) {
  addTaken({ id, kind: "zoom", width: 1, status: "done" }, "Recording");
  showStatus("The recording is in the gallery.");
}

function toggle(button) {
  const isOn = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", isOn);
  return isOn;
}

el("start").addEventListener("click", start);
el("end").addEventListener("click", stop);
el("dismiss").addEventListener("click", () => showError(null));
el("snapshot").addEventListener("click", () => attempt(takeSnapshot));
el("record").addEventListener("click", () => {
  const isOn = toggle(el("record"));
  connection?.send({ record: isOn });
  setRecording(isOn);
});
el("mirror").addEventListener("click", () => {
  picture.dataset.mirrored = toggle(el("mirror")) ? "yes" : "no";
});
el("full-screen").addEventListener("click", () => attempt(() => el("screen").requestFullscreen()));
el("settings").addEventListener("submit", (event) => event.preventDefault());
el("settings").addEventListener("change", (event) => {
  if (event.target.name === "look") el("see").value = "";
  connection?.send({ change: look() });
});
window.addEventListener("pagehide", stop);
el("stream").textContent = new URL("/live.mjpg", location.href).href;
picture.dataset.mirrored = "yes";
