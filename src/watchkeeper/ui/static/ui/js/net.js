// htmx: the CSRF token goes with every request that changes something, failures say what failed, a lost
// connection shows a quiet bar until it is back.
import { $, say } from "./dom.js";

const SAFE = ["get", "head", "options"];

function lost(isLost) {
  const bar = $("#wk-lost");
  if (bar) bar.hidden = !isLost;
  if (isLost) say("The connection is lost.");
}

export async function retry() {
  try {
    const response = await fetch(location.href, { method: "HEAD", cache: "no-store" });
    if (response.status < 500) lost(false);
  } catch { say("Still no connection."); }
}

function failed(event) {
  const { xhr } = event.detail;
  const place = $("#wk-says");
  if (!place) return;
  const told = document.createElement("div");
  told.className = "wk-alert bad";
  told.setAttribute("role", "alert");
  const text = document.createElement("div");
  const request = xhr?.getResponseHeader("X-Request-ID");
  text.textContent = `The server answered ${xhr?.status || "nothing"}; nothing was changed here.${request ? ` Request ${request}.` : ""}`;
  told.append(text);
  place.replaceChildren(told);
}

export function start() {
  document.addEventListener("htmx:configRequest", (event) => {
    if (SAFE.includes(event.detail.verb)) return;
    const token = $('meta[name="csrf-token"]')?.content || $("input[name=csrfmiddlewaretoken]")?.value;
    if (token) event.detail.headers["X-CSRFToken"] = token;
  });
  document.addEventListener("htmx:responseError", failed);
  for (const name of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(name, () => lost(true));
  document.addEventListener("htmx:afterOnLoad", () => lost(false));
  addEventListener("offline", () => lost(true));
  addEventListener("online", retry);
}
