/* The sandbox phone: a sent text leaves its box, a refused one says why. */
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const form = detail.elt.closest?.("[data-sandbox-write]");
  if (form && detail.successful) form.reset();
});

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (!detail.elt.closest?.("[data-sandbox-write]") || detail.xhr.status !== 422) return;
  detail.shouldSwap = false;
  const toast = { text: detail.xhr.responseText, tone: "danger" };
  document.dispatchEvent(new CustomEvent("toast", { detail: toast }));
});
