/* Small help in forms: counters, file drops, copying, sending by Ctrl+Enter, filters. */
function count(counter) {
  const control = document.getElementById(counter.dataset.counter);
  if (!control) return;
  const { length } = control.value;
  counter.textContent = `${length} / ${control.maxLength}`;
  counter.classList.toggle("is-near", length > control.maxLength * 0.9);
}

function countAll(root) {
  for (const counter of root.querySelectorAll("[data-counter]")) count(counter);
}

document.addEventListener("input", ({ target }) => {
  const counter = target.id && document.querySelector(`[data-counter="${target.id}"]`);
  if (counter) count(counter);
});

document.addEventListener("change", ({ target }) => {
  const name = target.closest("[data-drop]")?.querySelector("[data-drop-name]");
  if (name && target.files?.length) {
    name.textContent = [...target.files].map((file) => file.name).join(", ");
    name.className = "drop-name";
  }
  if (target.matches("[data-submit-on-change]")) target.form.requestSubmit();
});

for (const type of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(type, ({ target }) => {
    target.closest?.("[data-drop]")?.classList.toggle("is-over", type === "dragover");
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.target.closest("form[data-ctrl-enter]")?.requestSubmit();
});

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  const label = button.querySelector("[data-copy-label]") || button;
  const before = label.textContent;
  await navigator.clipboard.writeText(button.dataset.copy);
  label.textContent = "Copied";
  setTimeout(() => (label.textContent = before), 2000);
});

document.addEventListener("htmx:afterSettle", ({ target }) => countAll(target));
countAll(document);
