/* The </> beside a text field: a list of the samples' attributes, put in at the cursor.

   The list is read from the table [data-attributes] of the same dialog or page, which
   is what pages show without scripts. */
const SHOWN = 100;
const visited = new WeakSet();
let names = 0;

function element(tag, attributes = {}, text = "") {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

function home(field) {
  return field.closest("dialog") || document.body;
}

function offered(field) {
  const rows = home(field).querySelectorAll("[data-attributes] [data-token]");
  return [...rows].map(({ dataset, cells }) => ({
    token: dataset.token,
    path: dataset.path,
    value: [cells[1].querySelector("bdi").textContent, dataset.note].filter(Boolean).join(" · "),
  }));
}

function insert(field, token) {
  const end = field.value.length;
  const [from, to] = visited.has(field) ? [field.selectionStart, field.selectionEnd] : [end, end];
  field.setRangeText(token, from, to, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function place(box, button) {
  const { left, top, bottom } = button.getBoundingClientRect();
  const up = bottom + box.offsetHeight + 8 > innerHeight && top > box.offsetHeight;
  box.style.left = `${Math.max(8, Math.min(left, innerWidth - box.offsetWidth - 8))}px`;
  box.style.top = `${Math.max(8, up ? top - box.offsetHeight - 4 : Math.min(bottom + 4, innerHeight - box.offsetHeight - 8))}px`;
}

class Picker {
  constructor(field, button) {
    Object.assign(this, { field, button, all: offered(field), at: 0, after: button });
    const id = `attributes-${(names += 1)}`;
    this.box = element("div", { class: "picker", popover: "auto" });
    this.search = element("input", {
      type: "text",
      role: "combobox",
      "aria-label": "Search attributes",
      "aria-expanded": "true",
      "aria-controls": id,
      "aria-autocomplete": "list",
      placeholder: "Search attributes",
      autocomplete: "off",
    });
    this.list = element("ul", { role: "listbox", id, "aria-label": "Attributes" });
    this.note = element("p", { role: "status" });
    this.box.append(this.search, this.list, this.note);
    this.listen();
  }

  listen() {
    this.search.addEventListener("input", () => this.draw());
    this.search.addEventListener("keydown", (event) => this.press(event));
    this.list.addEventListener("click", ({ target }) => {
      const option = target.closest("[role=option]");
      if (option) this.choose(option);
    });
    this.box.addEventListener("toggle", ({ newState }) => {
      if (newState === "open") return;
      this.button.setAttribute("aria-expanded", "false");
      this.box.remove();
      this.after.focus();
    });
  }

  open() {
    home(this.field).append(this.box);
    this.draw();
    this.box.showPopover();
    place(this.box, this.button);
    this.button.setAttribute("aria-expanded", "true");
    this.search.focus();
  }

  draw() {
    const words = this.search.value.toLowerCase().split(/\s+/);
    const fits = ({ path, token, value }) => {
      const text = `${path} ${token} ${value}`.toLowerCase();
      return words.every((word) => text.includes(word));
    };
    const found = this.all.filter(fits);
    this.list.replaceChildren(...found.slice(0, SHOWN).map((row, i) => this.option(row, i)));
    this.list.hidden = !found.length;
    this.note.textContent = this.told(found.length);
    this.go(0);
  }

  option({ token, path, value }, index) {
    const id = `${this.list.id}-${index}`;
    const made = element("li", { role: "option", id, "aria-selected": "false" }, path);
    made.dataset.token = token;
    if (value) made.append(element("span", { class: "picker-value" }, value));
    return made;
  }

  told(count) {
    const empty = home(this.field).querySelector("[data-attributes] [data-empty]");
    if (!this.all.length) return empty?.textContent || "There is no sample yet.";
    if (!count) return "No attribute has this.";
    return count > SHOWN ? `${count - SHOWN} more: type to find them.` : "";
  }

  go(index) {
    const options = [...this.list.children];
    this.at = Math.max(0, Math.min(index, options.length - 1));
    options.forEach((one, i) => one.setAttribute("aria-selected", String(i === this.at)));
    this.search.setAttribute("aria-activedescendant", options[this.at]?.id || "");
    options[this.at]?.scrollIntoView({ block: "nearest" });
  }

  press(event) {
    const last = this.list.children.length - 1;
    const to = { ArrowDown: this.at + 1, ArrowUp: this.at - 1, Home: 0, End: last }[event.key];
    if (to !== undefined) this.go(to);
    else if (event.key === "Enter") this.choose(this.list.children[this.at]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  choose(option) {
    if (!option) return;
    insert(this.field, option.dataset.token);
    this.after = this.field;
    this.box.hidePopover();
  }
}

function labelOf(field) {
  const label = field.labels[0];
  const words = label?.cloneNode(true);
  words?.querySelectorAll("[aria-hidden]").forEach((one) => one.remove());
  return words?.textContent.replace(/\s+/g, " ").trim() || "the field";
}

function equip(root) {
  for (const field of root.querySelectorAll("[data-tokens]")) {
    const head = field.closest(".field")?.querySelector(".field-head");
    if (!head || head.querySelector(".token-button")) continue;
    const button = element(
      "button",
      {
        type: "button",
        class: "btn btn-quiet btn-small token-button",
        "aria-label": `Insert attribute into ${labelOf(field)}`,
        "aria-haspopup": "listbox",
        "aria-expanded": "false",
        title: "Insert attribute",
      },
      "</>",
    );
    button.addEventListener("click", () => new Picker(field, button).open());
    head.append(button);
  }
}

document.addEventListener("focusin", ({ target }) => visited.add(target));
document.addEventListener("htmx:afterSettle", () => equip(document));
equip(document);
