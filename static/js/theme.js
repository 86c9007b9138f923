/* Runs before the first paint: applies the stored theme and panel state. */
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  for (const key of ["theme", "panel"]) {
    const value = localStorage.getItem(key);
    if (value) root.dataset[key] = value;
  }
  if (root.dataset.panel === "open" && innerWidth <= 1180) delete root.dataset.panel;
})();
