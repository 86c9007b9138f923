/* Menus are popovers; here are arrow keys, the theme switch and old browsers' places. */
const THEMES = ["", "light", "dark"];
const NAMES = { "": "Theme: system", light: "Theme: light", dark: "Theme: dark" };
const anchored = CSS.supports("position-area: block-end");

function place(menu) {
  const button = document.querySelector(`[popovertarget="${menu.id}"]`);
  const { left, right, top, bottom } = button.getBoundingClientRect();
  const up = bottom + menu.offsetHeight > innerHeight;
  const x = left < innerWidth / 2 ? left : right - menu.offsetWidth;
  menu.style.left = `${Math.max(8, x)}px`;
  menu.style.top = `${Math.max(8, up ? top - menu.offsetHeight : bottom)}px`;
}

document.addEventListener(
  "toggle",
  ({ target, newState }) => {
    if (target.matches(".menu") && newState === "open" && !anchored) place(target);
  },
  true,
);

document.addEventListener("click", ({ target }) => {
  const chosen = target.closest(".menu :is(a, button)");
  if (chosen && !chosen.hasAttribute("data-theme-switch")) {
    chosen.closest(".menu").hidePopover();
  }
});

document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const button = event.target.closest("[popovertarget]");
  const menu =
    event.target.closest(".menu") ||
    (button && document.querySelector(".menu:popover-open"));
  if (!step || !menu) return;
  event.preventDefault();
  const items = [...menu.querySelectorAll("a, button")].filter((i) => i.offsetParent);
  const at = items.indexOf(document.activeElement);
  const next = at < 0 && step < 0 ? items.length - 1 : at + step;
  items[(next + items.length) % items.length]?.focus();
});

function nameTheme() {
  const name = NAMES[document.documentElement.dataset.theme || ""];
  for (const text of document.querySelectorAll("[data-theme-name]")) text.textContent = name;
}

document.addEventListener("click", ({ target }) => {
  if (!target.closest("[data-theme-switch]")) return;
  const { dataset } = document.documentElement;
  const next = THEMES[(THEMES.indexOf(dataset.theme || "") + 1) % THEMES.length];
  if (next) dataset.theme = next;
  else delete dataset.theme;
  localStorage.setItem("theme", next);
  document.dispatchEvent(new CustomEvent("themechange"));
  nameTheme();
});

nameTheme();
