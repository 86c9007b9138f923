/* Native dialogs: openers, content fetched into #dialog, focus back to the opener. */
const remote = document.getElementById("dialog");
const openers = new WeakMap();

function show(dialog, opener) {
  openers.set(dialog, opener);
  if (!dialog.open) dialog.showModal();
}

function restoreFocus(dialog) {
  const opener = openers.get(dialog);
  const menu = opener?.closest("[popover]");
  const home = menu ? document.querySelector(`[popovertarget="${menu.id}"]`) : opener;
  (home?.isConnected ? home : document.getElementById("content")).focus();
}

function focusFirstError(dialog) {
  dialog.querySelector("[aria-invalid=true], [autofocus]")?.focus();
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog-open]");
  const dialog = opener && document.querySelector(opener.dataset.dialogOpen);
  if (dialog) {
    event.preventDefault();
    show(dialog, opener);
    return;
  }
  const closer = event.target.closest("[data-dialog-close]");
  const open = closer?.closest("dialog");
  if (open) {
    event.preventDefault();
    open.close();
  }
});

document.addEventListener(
  "close",
  ({ target }) => {
    if (!(target instanceof HTMLDialogElement)) return;
    restoreFocus(target);
    if (target === remote) remote.replaceChildren();
  },
  true,
);

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target !== remote || !remote.hasChildNodes()) return;
  const alert = remote.querySelector("[data-alert]");
  remote.setAttribute("role", alert ? "alertdialog" : "dialog");
  if (!remote.open) show(remote, detail.requestConfig.elt);
  focusFirstError(remote);
});

document.addEventListener("closeDialog", () => remote.open && remote.close());
