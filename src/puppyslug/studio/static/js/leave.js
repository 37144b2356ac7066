/** The button with which a pupil leaves the class, so that somebody else can join in this browser. */

import { post } from "./api.js";
import { attempt, el } from "./page.js";

const QUESTION = "Leave the class? This browser forgets your pictures; your teacher still has them.";

el("leave").addEventListener("click", () => attempt(async () => {
  if (!window.confirm(QUESTION)) return;
  await post("/api/class/leave");
  location.assign("/join");
}));
