// The few words all modules share.
export const root = document.documentElement;
export const $ = (query, within = document) => within.querySelector(query);
export const $$ = (query, within = document) => [...within.querySelectorAll(query)];

export function setCookie(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}

/** Say it to screen readers, and to nobody else. */
export function say(text) {
  let live = $("#wk-live");
  if (!live) {
    live = document.createElement("p");
    live.id = "wk-live";
    live.className = "visually-hidden";
    live.setAttribute("role", "status");
    document.body.append(live);
  }
  live.textContent = text;
}

export const typing = (target) => target.matches?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
