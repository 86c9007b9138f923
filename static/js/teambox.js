/* The Teambox: what a poll has already, the thread's end, drafts, canned replies. */
const NEAR_END_PX = 120;
const PAUSE_MS = 150; // after typing: what one is about to click is not replaced
const MOST_ROWS = 160; // a poll names them in its URL, which may not grow without end
const thread = document.getElementById("thread-scroll");
const list = document.getElementById("list-scroll");

/* A poll says which pieces the page shows, so that only what differs comes back. */
function have(pane) {
  const pieces = [...pane.querySelectorAll("[data-piece]")];
  const far = new Set(pieces.filter((piece) => piece.matches("li")).slice(0, -MOST_ROWS));
  const near = pieces.filter((piece) => !far.has(piece));
  return near.map((piece) => piece.dataset.piece).join(",");
}

document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (!detail.elt.matches("[data-poll]")) return;
  detail.parameters.have = have(detail.elt.closest("section"));
});

/* The thread ends below; it follows new messages unless one reads further up. */
function isAtEnd() {
  return thread.scrollHeight - thread.scrollTop - thread.clientHeight < NEAR_END_PX;
}

if (thread) {
  thread.scrollTop = thread.scrollHeight;
  let follow = true;
  thread.addEventListener("scroll", () => (follow = isAtEnd()), { passive: true });
  new MutationObserver(() => {
    if (follow) thread.scrollTop = thread.scrollHeight;
  }).observe(thread, { childList: true, subtree: true });
}

/* The list stays where it was when one goes from a conversation to the next. */
const place = `list ${location.search}`;
list.scrollTop = Number(sessionStorage.getItem(place));
addEventListener("pagehide", () => sessionStorage.setItem(place, String(list.scrollTop)));

let pause;

/* What was begun in one conversation is there when one comes back. */
function draftKey(form) {
  return `draft ${form.dataset.composer}`;
}

function restoreDraft() {
  const form = document.getElementById("composer");
  if (form && !form.text.value) form.text.value = sessionStorage.getItem(draftKey(form)) || "";
}

document.addEventListener("input", ({ target }) => {
  const form = target.closest("[data-composer]");
  if (!form || target.name !== "text") return;
  sessionStorage.setItem(draftKey(form), target.value);
  clearTimeout(pause);
  pause = setTimeout(() => offerCanned(form), PAUSE_MS);
});

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { elt: form, xhr } = detail;
  const isSent = form.matches?.("[data-composer]") && xhr.status === 200;
  if (isSent) sessionStorage.removeItem(draftKey(form));
});

document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target.id === "composer") target.text.focus();
});

/* Canned replies: a text that begins with / offers those whose shortcut does. */
async function offerCanned(form) {
  const box = form.querySelector("#canned");
  const begun = /^\/([\w-]*)$/u.exec(form.text.value);
  box.hidden = !begun;
  if (!begun) return;
  const url = `${box.dataset.src}?shortcut=${encodeURIComponent(begun[1])}`;
  await htmx.ajax("GET", url, { target: box, swap: "innerHTML" });
}

function use(offer) {
  const form = offer.closest("form");
  form.text.value = offer.dataset.canned;
  form.querySelector("#canned").hidden = true;
  form.text.focus();
  form.text.dispatchEvent(new Event("input", { bubbles: true }));
}

document.addEventListener("click", ({ target }) => {
  const offer = target.closest("[data-canned]");
  if (offer) use(offer);
});

document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("[data-composer]");
  const box = form?.querySelector("#canned");
  if (!box || box.hidden) return;
  const offers = [...box.querySelectorAll("[data-canned]")];
  const at = offers.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && offers.length) {
    event.preventDefault();
    (offers[at + step] || form.text).focus();
  } else if (event.key === "Enter" && at < 0 && offers.length && !event.ctrlKey) {
    event.preventDefault();
    use(offers[0]);
  } else if (event.key === "Escape") {
    box.hidden = true;
    form.text.focus();
  }
});

restoreDraft();
