/** Completion of class names (an ARIA combobox). */

import { get } from "./api.js";
import * as atlas from "./atlas.js";
import { el } from "./page.js";

const CLOSE_DELAY = 150; // milliseconds, so that a click on an option arrives before
let options = [];
let activeIndex = -1;
let latestRequest = 0;

/** Completes the classes of one network; portraits are its own, or those of the other network. */
export function start(getNetwork, getPortraitNetwork) {
  const input = el("see");
  const search = (word) => showMatches(word, getNetwork(), getPortraitNetwork());
  input.addEventListener("input", () => search(input.value));
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (el("see-list").hidden) search(input.value);
      else activate((activeIndex + (event.key === "ArrowDown" ? 1 : options.length)) % (options.length || 1));
    } else if (event.key === "Enter" && !el("see-list").hidden && activeIndex >= 0) {
      event.preventDefault();
      select(activeIndex);
    } else if (event.key === "Escape") {
      close();
    }
  });
  input.addEventListener("blur", () => setTimeout(close, CLOSE_DELAY));
}

async function showMatches(word, network, portraitNetwork) {
  const request = ++latestRequest;
  const query = new URLSearchParams({ q: word, limit: "12", network });
  const drawn = [network, portraitNetwork].find((one) => atlas.hasAtlas(one, "labels"));
  const [labels, portraits] = await Promise.all([
    get(`/api/labels?${query}`).catch(() => []),
    drawn ? atlas.loadAtlas(drawn, "labels").catch(() => null) : null,
  ]);
  if (request !== latestRequest || document.activeElement !== el("see")) return;
  const activeName = options[activeIndex]?.name; // stays active if the new list has it
  options = labels;
  const list = el("see-list");
  list.replaceChildren(...labels.map((label, index) => createOption(label, index, portraits)));
  list.hidden = labels.length === 0;
  el("see-hint").textContent = labels.length || !word ? "" : `No class matches ${word}.`;
  el("see").ariaExpanded = String(!list.hidden);
  activeIndex = -1;
  const index = labels.findIndex((label) => label.name === activeName);
  if (index >= 0) activate(index);
}

function createOption(label, index, portraits) {
  const item = document.createElement("li");
  item.id = `see-${index}`;
  item.role = "option";
  item.ariaSelected = "false";
  if (portraits) {
    const portrait = Object.assign(document.createElement("span"), { className: "portrait" });
    atlas.showPortrait(portrait, portraits, label.number);
    item.append(portrait);
  }
  const hint = document.createElement("span");
  hint.className = "muted";
  hint.textContent = label.group ? ` ${label.members} classes` : ` ${[label.name, ...label.also].filter((name) => name !== label.called).slice(0, 2).join(", ")}`;
  item.append(optionText(label), hint);
  item.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    select(index);
  });
  return item;
}

const optionText = (label) => (label.group ? `any ${label.name}` : label.called);

function activate(index) {
  activeIndex = index;
  for (const [number, item] of [...el("see-list").children].entries()) {
    item.ariaSelected = String(number === index);
    if (number === index) item.scrollIntoView({ block: "nearest" });
  }
  el("see").setAttribute("aria-activedescendant", `see-${index}`);
}

function select(index) {
  el("see").value = optionText(options[index]);
  close();
}

function close() {
  el("see-list").hidden = true;
  el("see").ariaExpanded = "false";
  el("see").removeAttribute("aria-activedescendant");
}
