/** A mask painted on the photo: painted places dream, the rest stays. */

import { el } from "./page.js";

const INK = "#2ad0b4";
let painting = false;
let painted = false;
let last = null;

const canvas = () => el("brush");
const pen = () => canvas().getContext("2d");

export function start() {
  el("paint").addEventListener("click", () => toggle(el("brush").hidden));
  el("erase").addEventListener("click", () => press(el("erase"), el("erase").ariaPressed !== "true"));
  el("unpaint").addEventListener("click", clearInk);
  el("invert").addEventListener("click", invert);
  const surface = canvas();
  surface.addEventListener("pointerdown", (event) => {
    surface.setPointerCapture(event.pointerId);
    painting = true;
    last = null;
    stroke(event);
  });
  surface.addEventListener("pointermove", (event) => painting && stroke(event));
  for (const name of ["pointerup", "pointercancel"]) {
    surface.addEventListener(name, () => { painting = false; });
  }
  window.addEventListener("resize", place);
}

function press(button, on) {
  button.setAttribute("aria-pressed", String(on));
}

function toggle(on) {
  press(el("paint"), on);
  el("brush").hidden = !on;
  el("paint-tools").hidden = !on;
  if (on) fit();
}

/** Makes the canvas as large as the picture in it, at most 1024 pixels. */
export function fit() {
  const picture = el("after");
  if (painted || !picture.naturalWidth) return;
  const scale = Math.min(1, 1024 / Math.max(picture.naturalWidth, picture.naturalHeight));
  canvas().width = Math.max(1, Math.round(picture.naturalWidth * scale));
  canvas().height = Math.max(1, Math.round(picture.naturalHeight * scale));
  place();
}

/** Lays the canvas over the picture, which is fitted into its frame. */
function place() {
  const picture = el("after");
  if (!picture.naturalWidth) return;
  const scale = Math.min(
    picture.clientWidth / picture.naturalWidth, picture.clientHeight / picture.naturalHeight,
  );
  canvas().style.width = `${picture.naturalWidth * scale}px`;
  canvas().style.height = `${picture.naturalHeight * scale}px`;
}

function stroke(event) {
  const box = canvas().getBoundingClientRect();
  const scale = canvas().width / box.width;
  const point = { x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale };
  const from = last ?? point;
  const ink = pen();
  ink.globalCompositeOperation = el("erase").ariaPressed === "true" ? "destination-out" : "source-over";
  ink.strokeStyle = INK;
  ink.lineCap = "round";
  ink.lineWidth = (el("brush-size").value / 100) * Math.max(canvas().width, canvas().height);
  ink.beginPath();
  ink.moveTo(from.x, from.y);
  ink.lineTo(point.x, point.y + 0.01);
  ink.stroke();
  last = point;
  painted = true;
}

function invert() {
  const ink = pen();
  ink.globalCompositeOperation = "xor";
  ink.fillStyle = INK;
  ink.fillRect(0, 0, canvas().width, canvas().height);
  painted = true;
}

function clearInk() {
  press(el("erase"), false);
  pen().clearRect(0, 0, canvas().width, canvas().height);
  painted = false;
}

export function clear() {
  clearInk();
  toggle(false);
}

/** The mask as a PNG, white where it dreams; null where nothing is painted. */
export async function mask() {
  if (!painted || el("brush").hidden) return null;
  const black = document.createElement("canvas");
  black.width = canvas().width;
  black.height = canvas().height;
  const ink = black.getContext("2d");
  ink.drawImage(canvas(), 0, 0);
  ink.globalCompositeOperation = "source-in";
  ink.fillStyle = "#fff";
  ink.fillRect(0, 0, black.width, black.height);
  ink.globalCompositeOperation = "destination-over";
  ink.fillStyle = "#000";
  ink.fillRect(0, 0, black.width, black.height);
  return new Promise((resolve) => { black.toBlob(resolve, "image/png"); });
}
