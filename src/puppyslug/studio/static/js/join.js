/** The page on which a pupil joins a class. */

import { post } from "./api.js";
import { attempt, el, showError, showStatus } from "./page.js";

el("join").addEventListener("submit", async (event) => {
  event.preventDefault();
  await attempt(async () => {
    await post("/api/class/join", { passphrase: el("passphrase").value, name: el("name").value });
    showStatus("Welcome!");
    location.assign("/");
  });
});
el("dismiss").addEventListener("click", () => showError(null));
el("passphrase").focus();
