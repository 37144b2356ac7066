/** Asks before a zoom film is made: how long it will be, and about how long that takes. */

import { choices, el, formatDuration } from "./page.js";

const FILM_PRESET = choices.presets.find((preset) => preset.name === choices.defaults.film_preset); // few steps per frame
const FILM_SIDE = 480; // pixels, longest side; smaller dreams are not enlarged

/** Returns how a zoom film is derived from a dream; null if the user does not want one. */
export function confirmZoom(dream) {
  const dialog = el("zoom");
  const frames = () => Number(el("zoom-frames").value);
  const showTime = () => {
    const seconds = secondsPerFrame(dream) * frames();
    el("zoom-time").textContent = seconds
      ? `This takes about ${formatDuration(seconds)} on this machine. Pictures are dreamt in the meantime.`
      : "This takes some minutes. Pictures are dreamt in the meantime.";
  };
  el("zoom-frames").onchange = showTime;
  showTime();
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(dialog.returnValue === "make" ? {
      kind: "zoom", feed: true, frames: frames(),
      recipe: { ...FILM_PRESET.settings, count: null, size: String(Math.min(FILM_SIDE, longestSide(dream))) },
    } : null);
  });
}

const longestSide = ({ width, height }) => Math.max(width, height); // of a dream, in pixels

/** Estimates the time of a film's frame from that of the dream. */
function secondsPerFrame({ started, ended, width, height, recipe }) {
  if (!started || !ended) return 0;
  const scale = Math.min(1, FILM_SIDE / longestSide({ width, height }));
  const steps = (settings) => settings.octaves * settings.iterations;
  return (ended - started) * scale ** 2 * steps({ ...recipe, ...FILM_PRESET.settings }) / steps(recipe);
}
