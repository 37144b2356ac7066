/** What a recipe and its progress are called on the page: words of the person, not of the program. */

import { choices, findLook, formatDuration } from "./page.js";

const SHAPES = ["Large shapes", "Medium shapes", "Fine detail"];
const STAGES = {
  starting: "Starting", loading: "Loading the network", waiting: "Waiting",
  "waiting for other jobs": "Waiting for another dream", writing: "Saving the film",
};

/** Returns a short description of what a dream amplifies. */
export function describeLook(recipe, called = "") {
  const look = findLook(recipe);
  if (look) return look.name;
  const terms = splitTerms(recipe.objective).map(({ weight, text }) => ({ weight, text: describeTerm(text, recipe, called) }));
  const more = terms.filter(({ weight }) => weight > 0).map(({ text }) => text);
  const less = terms.filter(({ weight }) => weight < 0).map(({ text }) => text);
  return [more.join(" and "), less.length ? `without ${less.join(" and ")}` : ""].filter(Boolean).join(", ") || "network";
}

/** Returns the terms of an objective with their weights, such as 2*relu4_4 - relu5_1. */
export function splitTerms(objective) {
  const terms = [];
  let depth = 0, quoted = false, start = 0, sign = 1;
  const text = `${objective} +`;
  for (let index = 0; index < text.length; index++) {
    const letter = text[index];
    if (letter === '"') quoted = !quoted;
    if (!quoted) depth += letter === "(" ? 1 : letter === ")" ? -1 : 0;
    const splits = !quoted && depth === 0 && (letter === "+" || letter === "-") && (index === 0 || text[index - 1] === " ");
    if (!splits) continue;
    const part = text.slice(start, index).trim();
    if (part) {
      const [, factor, rest] = /^(?:([\d.]+)\s*\*\s*)?(.*)$/s.exec(part);
      terms.push({ weight: sign * Number(factor ?? 1), text: rest });
    }
    sign = letter === "-" ? -1 : 1;
    start = index + 1;
  }
  return terms;
}

function describeTerm(text, recipe, called) {
  const label = /^see\(([^()]+)\)$/.exec(text);
  if (label) return called || label[1].replace(/^"(.*)"$/, "$1");
  const guide = /^guide\("([^"]+)"/.exec(text);
  if (guide) return `like ${guide[1]}`;
  const layer = /^(?:(\w+)::)?([^:]+)(?::(\d+))?/.exec(text);
  const network = choices.networks.find((one) => one.name === (layer?.[1] ?? recipe.network));
  const shows = network?.layers.find((one) => one.name === layer?.[2])?.shows;
  if (layer?.[3]) return `one feature${shows ? ` among ${shows}` : ""}`;
  return shows || text;
}

/** Returns the title of a network; an ensemble's name has a plus for each member. */
export function describeNetwork(name) {
  return name.split("+").map((member) => {
    const title = choices.networks.find((one) => one.name === member)?.title ?? member;
    return title.replace(/\.safetensors$/, "").split(" (")[0].split(",")[0];
  }).join(" and ");
}

/** Returns what dreams of a layer show, or its name. */
export const describeLayer = (network, name) => network?.layers.find((one) => one.name === name)?.shows || name;

/** Describes the progress of a dream, apart from its remaining time. */
export function describeStage(dream) {
  const { progress, status, position, kind } = dream;
  if (status === "queued" && dream.wait) return describeWait(dream.wait);
  if (status === "queued") return position > 1 ? `${position - 1} ${position === 2 ? "job is" : "jobs are"} before this one` : "Next in the queue";
  if (status === "paused") return "Paused";
  if (!progress) return "Starting";
  if (progress.stage !== "dreaming") return STAGES[progress.stage] ?? capitalise(progress.stage);
  if (kind === "zoom") return `Frame ${progress.frame + 1} of ${dream.frames}`;
  return describeShapes(progress.octave, progress.octaves);
}

/** Describes how long a dream waits in a class; the server tells it about as well as it can. */
export function describeWait({ before, seconds, paused }) {
  const place = before ? `${before} before you` : "you are next";
  if (paused) return `The queue is paused, ${place}`;
  return seconds === null || seconds < 1 ? capitalise(place) : `About ${formatDuration(seconds)}, ${place}`;
}

/** Returns what an octave adds: large shapes come first. */
export function describeShapes(octave, octaves) {
  if (octaves <= 1) return "Dreaming";
  return SHAPES[octave === 0 ? 0 : octave === octaves - 1 ? 2 : 1];
}

export const capitalise = (text) => text.charAt(0).toUpperCase() + text.slice(1);
