// Behaviour shared by all screens. Everything here only helps: each page reads without it.
import * as charts from "./charts.js";
import { $, say } from "./dom.js";
import * as forms from "./forms.js";
import * as lists from "./lists.js";
import * as net from "./net.js";
import * as palette from "./palette.js";
import * as shell from "./shell.js";
import * as times from "./times.js";

async function copy(button) {
  const place = button.closest(".wk-code, .wk-copy");
  const text = $("input", place)?.value ?? $("code", place).textContent;
  try {
    await navigator.clipboard.writeText(text);
    const label = button.lastChild;
    const before = label.textContent;
    label.textContent = "Copied";
    setTimeout(() => { label.textContent = before; }, 2000);
    say("Copied");
  } catch {
    getSelection().selectAllChildren($("code", place) ?? place);
    $("input", place)?.select();
  }
}

const ACTS = {
  theme: shell.changeTheme,
  zone: shell.changeZone,
  palette: palette.open,
  keys: () => $("#keys")?.showModal(),
  print: () => print(),
  retry: net.retry,
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act], [data-csv], [data-copy], [data-dialog], [data-close]");
  if (!button) return;
  if (button.dataset.act) ACTS[button.dataset.act]?.(button);
  else if (button.dataset.csv) charts.saveTable(button);
  else if ("copy" in button.dataset) copy(button);
  else if (button.dataset.dialog) document.getElementById(button.dataset.dialog)?.showModal();
  else button.closest("dialog")?.close();
});

shell.start();
palette.start();
lists.start();
times.start();
net.start();
forms.startOnce();
forms.start();
charts.start();
document.addEventListener("htmx:load", (event) => {
  forms.start(event.detail.elt);
  charts.start(event.detail.elt);
});
