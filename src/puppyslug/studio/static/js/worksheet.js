/** The worksheet prints itself. */

import { el } from "./page.js";

el("print").addEventListener("click", () => window.print());
