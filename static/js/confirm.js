/* One shared question before an act: data-confirm on a form, its button or an hx element.

   data-confirm is the text; data-confirm-title, -note, -yes, -no and -tone="accent" are
   optional. The safe button has the first focus. */
const box = document.getElementById("confirm");
const agreed = new WeakSet();

function fill({ dataset }) {
  box.querySelector("#confirm-title").textContent = dataset.confirmTitle || "Are you sure?";
  box.querySelector("#confirm-text").textContent = dataset.confirm;
  box.querySelector("#confirm-note").textContent = dataset.confirmNote || "";
  box.querySelector("[data-confirm-no]").textContent = dataset.confirmNo || "Cancel";
  const yes = box.querySelector("[data-confirm-yes]");
  yes.textContent = dataset.confirmYes || "Yes";
  yes.className = dataset.confirmTone === "accent" ? "btn btn-primary" : "btn btn-danger";
}

function ask(source) {
  const before = document.activeElement;
  fill(source);
  box.returnValue = "";
  box.showModal();
  return new Promise((resolve) => {
    const answer = () => {
      before?.focus();
      resolve(box.returnValue === "yes");
    };
    box.addEventListener("close", answer, { once: true });
  });
}

document.addEventListener(
  "submit",
  async (event) => {
    const { target: form, submitter } = event;
    const source = [submitter, form].find((element) => element?.dataset.confirm);
    if (!source || agreed.delete(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!(await ask(source))) return;
    agreed.add(form);
    form.requestSubmit(submitter);
  },
  true,
);

document.addEventListener("htmx:confirm", async (event) => {
  const { elt, triggeringEvent, issueRequest } = event.detail;
  if (!elt.dataset.confirm || triggeringEvent?.type === "submit") return;
  event.preventDefault();
  if (await ask(elt)) issueRequest(true);
});
