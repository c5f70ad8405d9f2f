// Theme and zone. Both are cookies that the server reads, so that no page flashes and no script must run first.
import { $, $$, root, say, setCookie } from "./dom.js";

const NEXT = { system: "light", light: "dark", dark: "system" };
const current = () => root.dataset.theme || "system";

function label() {
  for (const button of $$('[data-act="theme"]')) {
    const text = `Theme: ${current()}; change to ${NEXT[current()]}`;
    button.setAttribute("aria-label", text);
    button.title = text;
  }
}

export function changeTheme() {
  const next = NEXT[current()];
  if (next === "system") delete root.dataset.theme;
  else root.dataset.theme = next;
  setCookie("wk_theme", next);
  label();
  say(`Theme: ${next}`);
}

export function changeZone(button) {
  setCookie("wk_zone", button.dataset.zone);
  // What the address asks for would win over the choice.
  const address = new URL(location.href);
  address.searchParams.delete("zone");
  location.replace(address);
}

// The zone of this browser is on offer beside the person's own, UTC and the page's.
function offerZone(select) {
  const name = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const city = name?.split("/").at(-1).replaceAll("_", " ");
  if (!name || $$("option", select).some((option) => option.value === name || option.textContent.endsWith(city))) return;
  select.append(new Option(`Here: ${city}`, name));
}

// One menu is open at a time; Esc and a click elsewhere close it.
export function closeMenus(except) {
  for (const menu of $$("details.wk-menu[open]")) if (menu !== except && !menu.contains(except)) menu.open = false;
}

export function start() {
  label();
  $$("select[data-zones]").forEach(offerZone);
  document.addEventListener("click", (event) => closeMenus(event.target));
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest?.("details.wk-menu[open]");
    if (menu) {
      menu.open = false;
      $("summary", menu).focus();
      event.stopImmediatePropagation(); // what is selected under it stays selected
    }
  });
  // A folded group of the rail stays folded.
  for (const group of $$(".wk-nav-g")) {
    const key = `wk-nav-${$("summary", group).textContent}`;
    try {
      if (localStorage.getItem(key) === "closed" && !$("[aria-current]", group)) group.open = false;
      group.addEventListener("toggle", () => localStorage.setItem(key, group.open ? "open" : "closed"));
    } catch { /* storage is off */ }
  }
}
