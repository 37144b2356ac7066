/** Completion over the names of things (an ARIA combobox). */

import { get } from "./api.js";
import * as atlas from "./atlas.js";
import { el } from "./page.js";

let found = [];
let chosen = -1;
let asked = 0;

export function start(network) {
  const input = el("see");
  input.addEventListener("input", () => search(input.value, network()));
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (el("see-list").hidden) search(input.value, network());
      else mark((chosen + (event.key === "ArrowDown" ? 1 : found.length)) % (found.length || 1));
    } else if (event.key === "Enter" && !el("see-list").hidden && chosen >= 0) {
      event.preventDefault();
      take(chosen);
    } else if (event.key === "Escape") {
      close();
    }
  });
  input.addEventListener("blur", () => setTimeout(close, 150));
}

async function search(word, network) {
  const number = ++asked;
  const query = new URLSearchParams({ q: word, limit: "12", network });
  const [labels, portraits] = await Promise.all([
    get(`/api/labels?${query}`).catch(() => []),
    atlas.known(network, "labels") ? atlas.open(network, "labels").catch(() => null) : null,
  ]);
  if (number !== asked || document.activeElement !== el("see")) return;
  const marked = found[chosen]?.name; // what a late answer must not take away
  found = labels;
  const list = el("see-list");
  list.replaceChildren(...labels.map((label, index) => {
    const item = document.createElement("li");
    item.id = `see-${index}`;
    item.role = "option";
    item.ariaSelected = "false";
    if (portraits) {
      const portrait = Object.assign(document.createElement("span"), { className: "portrait" });
      atlas.put(portrait, portraits, label.number);
      item.append(portrait);
    }
    item.append(label.group ? `any ${label.name}` : label.name);
    const hint = document.createElement("span");
    hint.className = "quiet";
    hint.textContent = label.group ? ` one of ${label.members}` : ` ${label.also.slice(0, 2).join(", ")}`;
    item.append(hint);
    item.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      take(index);
    });
    return item;
  }));
  list.hidden = labels.length === 0;
  el("see-hint").textContent = labels.length || !word ? "" : `Nothing is called ${word}.`;
  el("see").ariaExpanded = String(!list.hidden);
  chosen = -1;
  const again = labels.findIndex((label) => label.name === marked);
  if (again >= 0) mark(again);
}

function mark(index) {
  chosen = index;
  for (const [number, item] of [...el("see-list").children].entries()) {
    item.ariaSelected = String(number === index);
    if (number === index) item.scrollIntoView({ block: "nearest" });
  }
  el("see").setAttribute("aria-activedescendant", `see-${index}`);
}

function take(index) {
  const label = found[index];
  el("see").value = label.group ? `any ${label.name}` : label.name;
  close();
}

function close() {
  el("see-list").hidden = true;
  el("see").ariaExpanded = "false";
  el("see").removeAttribute("aria-activedescendant");
}
