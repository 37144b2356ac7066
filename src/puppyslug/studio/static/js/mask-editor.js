/** A mask painted on the photo: painted areas change, the rest stays. */

import { undoKey } from "./keys.js";
import { el } from "./page.js";

const COLOUR = "#2ad0b4";
const MAX_SIZE = 1024; // pixels, longest side of the mask
const MAX_PAST = 20;
let isPainting = false; // while the pointer is down
let hasPaint = false;
let lastPoint = null;
const past = []; // earlier states of the mask, for undo
const future = [];

const canvas = () => el("brush");
export const isOpen = () => !canvas().hidden;
const context = () => canvas().getContext("2d", { willReadFrequently: true });

export function start() {
  el("paint").addEventListener("click", () => setOpen(el("brush").hidden));
  el("erase").addEventListener("click", () => setPressed(el("erase"), el("erase").ariaPressed !== "true"));
  el("clear-mask").addEventListener("click", () => {
    remember();
    clearCanvas();
  });
  el("invert").addEventListener("click", () => {
    remember();
    invert();
  });
  el("undo").addEventListener("click", () => travel(past, future));
  el("redo").addEventListener("click", () => travel(future, past));
  document.addEventListener("keydown", (event) => {
    const key = undoKey(event);
    if (!key || !isOpen() || event.target.closest("#settings")) return; // the settings have an undo of their own
    event.preventDefault();
    if (key === "redo") travel(future, past);
    else travel(past, future);
  });
  canvas().addEventListener("pointerdown", (event) => {
    canvas().setPointerCapture(event.pointerId);
    remember();
    isPainting = true;
    lastPoint = null;
    paintTo(event);
  });
  canvas().addEventListener("pointermove", (event) => isPainting && paintTo(event));
  for (const name of ["pointerup", "pointercancel"]) {
    canvas().addEventListener(name, () => { isPainting = false; });
  }
  window.addEventListener("resize", alignCanvas);
}

/** Keeps the mask as it is, so that the next stroke can be undone. */
function remember() {
  past.push(snapshot());
  if (past.length > MAX_PAST) past.shift();
  future.length = 0;
  updateButtons();
}

const snapshot = () => ({ pixels: context().getImageData(0, 0, canvas().width, canvas().height), hasPaint });

/** Goes to the latest state of a list, and keeps the present one in another. */
function travel(from, to) {
  if (!from.length) return;
  to.push(snapshot());
  const state = from.pop();
  context().putImageData(state.pixels, 0, 0);
  hasPaint = state.hasPaint;
  updateButtons();
}

function updateButtons() {
  el("undo").disabled = !past.length;
  el("redo").disabled = !future.length;
}

function forgetStrokes() {
  past.length = future.length = 0;
  updateButtons();
}

function setPressed(button, pressed) {
  button.setAttribute("aria-pressed", String(pressed));
}

function setOpen(open) {
  setPressed(el("paint"), open);
  el("brush").hidden = !open;
  el("paint-tools").hidden = !open;
  if (open) resizeCanvas();
}

/** Gives the canvas the picture's size, limited to MAX_SIZE, unless it has paint on it. */
export function resizeCanvas() {
  const picture = el("after");
  if (hasPaint || !picture.naturalWidth) return;
  const scale = Math.min(1, MAX_SIZE / Math.max(picture.naturalWidth, picture.naturalHeight));
  canvas().width = Math.max(1, Math.round(picture.naturalWidth * scale));
  canvas().height = Math.max(1, Math.round(picture.naturalHeight * scale));
  alignCanvas();
}

/** Aligns the canvas with the picture, which is fitted into its frame. */
function alignCanvas() {
  const picture = el("after");
  if (!picture.naturalWidth) return;
  const scale = Math.min(
    picture.clientWidth / picture.naturalWidth, picture.clientHeight / picture.naturalHeight,
  );
  canvas().style.width = `${picture.naturalWidth * scale}px`;
  canvas().style.height = `${picture.naturalHeight * scale}px`;
}

function paintTo(event) {
  const box = canvas().getBoundingClientRect();
  const scale = canvas().width / box.width;
  const point = { x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale };
  const from = lastPoint ?? point;
  const pen = context();
  pen.globalCompositeOperation = el("erase").ariaPressed === "true" ? "destination-out" : "source-over";
  pen.strokeStyle = COLOUR;
  pen.lineCap = "round";
  pen.lineWidth = (el("brush-size").value / 100) * Math.max(canvas().width, canvas().height);
  pen.beginPath();
  pen.moveTo(from.x, from.y);
  pen.lineTo(point.x, point.y + 0.01); // a line of length 0 draws nothing
  pen.stroke();
  lastPoint = point;
  hasPaint = true;
}

function invert() {
  const pen = context();
  pen.globalCompositeOperation = "xor";
  pen.fillStyle = COLOUR;
  pen.fillRect(0, 0, canvas().width, canvas().height);
  hasPaint = true;
}

function clearCanvas() {
  setPressed(el("erase"), false);
  context().clearRect(0, 0, canvas().width, canvas().height);
  hasPaint = false;
}

export function close() {
  forgetStrokes();
  clearCanvas();
  setOpen(false);
}

/** Shows the painted mask again, if there is one. */
export function show() {
  setOpen(hasPaint);
}

/** Loads a mask picture, white where the dream may change the photo, for painting on. */
export async function load(file) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, MAX_SIZE / Math.max(picture.width, picture.height));
  canvas().width = Math.max(1, Math.round(picture.width * scale));
  canvas().height = Math.max(1, Math.round(picture.height * scale));
  context().drawImage(picture, 0, 0, canvas().width, canvas().height);
  const pixels = context().getImageData(0, 0, canvas().width, canvas().height);
  const [red, green, blue] = COLOUR.match(/\w\w/g).map((digits) => parseInt(digits, 16));
  for (let index = 0; index < pixels.data.length; index += 4) {
    const value = pixels.data[index]; // of a grey pixel
    pixels.data.set([red, green, blue, value], index);
  }
  context().putImageData(pixels, 0, 0);
  forgetStrokes();
  hasPaint = true;
  setOpen(true);
  await el("after").decode().catch(() => {});
  alignCanvas();
}

/** Returns the mask as a PNG, white where it is painted; null if nothing is painted. */
export async function exportMask() {
  if (!hasPaint) return null;
  const mask = document.createElement("canvas");
  mask.width = canvas().width;
  mask.height = canvas().height;
  const pen = mask.getContext("2d");
  pen.drawImage(canvas(), 0, 0);
  pen.globalCompositeOperation = "source-in";
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, mask.width, mask.height);
  pen.globalCompositeOperation = "destination-over";
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, mask.width, mask.height);
  return new Promise((resolve) => { mask.toBlob(resolve, "image/png"); });
}
