/* The right panel: opens, closes, is filled on first sight, keeps its state.

   data-panel-person="<url>" on anything shows that person, without leaving the page. */
const { dataset } = document.documentElement;
const panel = document.getElementById("panel");
const toggle = document.querySelector("[data-panel-toggle]");
const CONTENT = ".panel-content";
const FIRST = ":is(input:not([type=hidden]), select)";
let opener = toggle;

function isOpen() {
  return getComputedStyle(panel).display !== "none";
}

function fill(url) {
  const target = panel.querySelector(".panel-body");
  return htmx.ajax("GET", url, { source: target, target, swap: "innerHTML" });
}

async function load() {
  const body = panel.querySelector(".panel-body");
  if (!body.childElementCount) await fill(panel.dataset.src);
}

function focusInside() {
  const first = panel.querySelector(`.panel-body ${FIRST}`);
  (first || panel).focus();
}

function set(state) {
  dataset.panel = state;
  localStorage.setItem("panel", state);
  toggle?.setAttribute("aria-expanded", String(state === "open"));
}

function close() {
  set("closed");
  (opener?.isConnected ? opener : toggle)?.focus();
  opener = toggle;
}

async function onToggle(event) {
  event.preventDefault();
  const byKeyboard = event.detail === 0;
  if (isOpen() && !byKeyboard) return close();
  opener = toggle;
  set("open");
  await load();
  focusInside();
}

async function onPerson(event) {
  const link = event.target.closest("[data-panel-person]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  opener = link;
  set("open");
  await fill(link.dataset.panelPerson);
  panel.focus();
}

/* The browser's own key for accesskey: Chrome does not tell it. */
function accessKeyLabel() {
  if (toggle?.accessKeyLabel) return toggle.accessKeyLabel;
  return /Mac/.test(navigator.platform) ? "Ctrl+Option+C" : "Alt+C";
}

function wireToggle() {
  toggle.setAttribute("role", "button");
  toggle.setAttribute("aria-controls", "panel");
  toggle.setAttribute("aria-expanded", String(isOpen()));
  toggle.addEventListener("click", onToggle);
}

if (panel) {
  if (toggle) wireToggle();
  document.addEventListener("click", onPerson);
  panel.querySelector("[data-panel-close]").addEventListener("click", close);
  panel.addEventListener("keydown", (event) => event.key === "Escape" && close());
  if (isOpen()) load();
}

if (toggle) toggle.title = `Contact panel (${accessKeyLabel()})`;
for (const label of document.querySelectorAll("[data-accesskey-label]")) {
  label.textContent = accessKeyLabel();
}

/* What is swapped keeps what was open and, where it can, the focus. */
let opened = [];
let hadFocus = false;

document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
  const content = target.closest(CONTENT);
  if (!content) return;
  opened = [...content.querySelectorAll("details[open]")].map(({ id }) => id);
  hadFocus = content.contains(document.activeElement);
});

document.addEventListener("htmx:afterSettle", ({ target }) => {
  const content = target.closest(CONTENT);
  if (!content) return;
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  opened = [];
  const wrong = content.querySelector("[aria-invalid=true]");
  const lost = hadFocus && document.activeElement === document.body;
  if (hadFocus && wrong) wrong.focus();
  else if (lost) (content.querySelector(`#panel-look-up ${FIRST}`) || content).focus();
  hadFocus = false;
});
