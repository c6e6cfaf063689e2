// What script adds to pages that work without it: dialogs over the page, menus that close, copying, a live summary, themes.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const one = (selector, root = document) => root.querySelector(selector);
const closest = (event, selector) => event.target instanceof Element ? event.target.closest(selector) : null;

// ---- Menus, filters and popovers: one open at a time, closed by Escape and by a click elsewhere ----

const FLOATING = "details.menu, details.filter, details.popover";

function closeFloating(except) {
  for (const details of all(FLOATING)) {
    if (details.open && details !== except && !details.contains(except)) details.open = false;
  }
}

document.addEventListener("click", (event) => closeFloating(closest(event, FLOATING)));

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = all(FLOATING).find((details) => details.open);
  if (open) {
    event.preventDefault();
    open.open = false;
    one("summary", open).focus();
  } else if (one(".nav.shown")) {
    showNav(false);
  }
});

document.addEventListener("keydown", (event) => {
  const details = closest(event, "details.menu, details.filter");
  if (!details?.open || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
  const items = all(".menu-items a, .menu-items button", details);
  const step = event.key === "ArrowDown" ? 1 : -1;
  const at = items.indexOf(document.activeElement);
  event.preventDefault();
  items[at < 0 && step < 0 ? items.length - 1 : (at + step + items.length) % items.length]?.focus();
});

// ---- Navigation on narrow screens ----

function showNav(shown) {
  const nav = one(".nav");
  nav?.classList.toggle("shown", shown);
  one("[data-nav-open]")?.setAttribute("aria-expanded", String(shown));
  (shown ? one(".nav-close", nav) : one("[data-nav-open]"))?.focus();
}

document.addEventListener("click", (event) => {
  const opener = closest(event, "[data-nav-open]");
  if (!opener && !closest(event, ".nav-close")) return;
  event.preventDefault();
  showNav(Boolean(opener));
});

document.addEventListener("click", (event) => {
  const toggle = closest(event, "[data-filters]");
  if (!toggle) return;
  event.preventDefault();
  const shown = one(".filters").classList.toggle("shown");
  toggle.setAttribute("aria-expanded", String(shown));
});

// ---- Dialogs: the page that a link leads to is shown over this one ----

document.addEventListener("click", async (event) => {
  const link = closest(event, "a[data-dialog]");
  if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  await openDialog(link.href, link);
});

async function openDialog(href, opener) {
  try {
    const answer = await fetch(href, { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const content = one(".as-page > .dialog", page);
    if (!answer.ok || answer.redirected || !content) return location.assign(href);
    const heading = one("h1, h2", content);
    const second = document.createElement("h2");
    second.id = "dialog-title";
    second.append(...heading.childNodes);
    heading.replaceWith(second);
    const modal = document.createElement("dialog");
    modal.className = "modal";
    modal.setAttribute("aria-labelledby", "dialog-title");
    modal.append(document.adoptNode(content));
    one("dialog.modal")?.remove();
    document.body.append(modal);
    modal.addEventListener("close", () => { modal.remove(); opener?.focus(); });
    modal.addEventListener("click", (click) => {
      if (click.target === modal || closest(click, "[data-close]")) { click.preventDefault(); modal.close(); }
    });
    modal.showModal();
    enhance(modal);
    (one("[data-focus]", modal) ?? modal).focus();
  } catch {
    location.assign(href);
  }
}

/** A dialog that the server sent with the page: nothing but its own buttons closes it. */
function lockDialog(modal) {
  modal.removeAttribute("open");
  one(".frame")?.removeAttribute("inert");
  modal.addEventListener("cancel", (event) => event.preventDefault());
  // Browsers let a second Escape through; the key itself is taken away from them.
  modal.addEventListener("keydown", (event) => { if (event.key === "Escape") event.preventDefault(); });
  modal.showModal();
  one("[data-focus]", modal)?.focus();
  if (modal.dataset.reload) history.replaceState(null, "", modal.dataset.reload);
}

// ---- Copying ----

document.addEventListener("click", async (event) => {
  const button = closest(event, "[data-copy]");
  if (!button) return;
  const source = one(button.dataset.copy);
  const label = one(".button-label", button) ?? button;
  const before = button.dataset.label ?? label.textContent;
  button.dataset.label = before;
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    label.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(source);
    label.textContent = "Selected";
  }
  setTimeout(() => { label.textContent = before; }, 2000);
});

// ---- Rows that are selected ----

function countSelected(listing) {
  const ticks = all('.tick[name="id"]', listing);
  const chosen = ticks.filter((tick) => tick.checked).length;
  for (const place of all("[data-chosen]", listing)) place.textContent = String(chosen);
  const every = one("[data-tick-all]", listing);
  if (every) {
    every.checked = chosen > 0 && chosen === ticks.length;
    every.indeterminate = chosen > 0 && chosen < ticks.length;
  }
}

document.addEventListener("change", (event) => {
  const listing = closest(event, ".listing");
  if (!listing) return;
  if (event.target.matches("[data-tick-all]")) {
    for (const tick of all('.tick[name="id"]', listing)) tick.checked = event.target.checked;
  }
  countSelected(listing);
});

document.addEventListener("click", (event) => {
  const clear = closest(event, "[data-untick]");
  if (!clear) return;
  const listing = clear.closest(".listing");
  for (const tick of all('.tick[name="id"]', listing)) tick.checked = false;
  countSelected(listing);
  one("[data-tick-all]", listing)?.focus();
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-bulk]")) return;
  event.preventDefault();
  const query = new URLSearchParams(new FormData(event.target));
  openDialog(`${event.target.action}?${query}`, event.submitter);
});

// ---- Forms ----

// A form that changes something goes once: a browser drops the answer to the first sending for that to the second.
const ONCE_MS = 20_000;

document.addEventListener("submit", (event) => {
  const [form, button] = [event.target, event.submitter];
  if (event.defaultPrevented) return;
  if (form.dataset.sent) return event.preventDefault();
  if (form.method === "post") {
    form.dataset.sent = "yes";
    setTimeout(() => { delete form.dataset.sent; }, ONCE_MS);
  }
  if (!button?.dataset.busy) return;
  button.setAttribute("aria-busy", "true");
  (one(".button-label", button) ?? button).textContent = button.dataset.busy;
});

// A page that comes back from the browser's memory has no form on its way.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

document.addEventListener("click", (event) => {
  const close = closest(event, ".toast [data-dismiss]");
  if (close) { event.preventDefault(); close.closest(".toast").remove(); }
});

function fadeToast(toast) {
  const wait = () => setTimeout(() => toast.matches(":hover, :focus-within") ? wait() : toast.remove(), 8000);
  if (!toast.hasAttribute("data-stays")) wait();
}

// ---- The searchable drop-down, made of a plain select ----

function makeCombo(select) {
  const combo = select.closest(".combo");
  const label = one(`label[for="${select.id}"]`);
  const options = all("option", select).filter((option) => option.value).map((option) => ({
    value: option.value, name: option.dataset.name, words: option.dataset.words ?? "", note: option.dataset.note ?? "",
  }));
  const field = document.createElement("input");
  const list = document.createElement("ul");
  let shown = [];
  let active = -1;

  Object.assign(field, { type: "text", className: "input", id: select.id, autocomplete: "off", placeholder: "Search by name" });
  select.id = `${select.id}-value`;
  select.hidden = true;
  list.id = `${field.id}-options`;
  list.className = "options";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", label?.textContent.trim() ?? "Options");
  const attributes = { role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list" };
  for (const [name, value] of Object.entries(attributes)) field.setAttribute(name, value);
  for (const name of ["aria-describedby", "aria-invalid"]) {
    if (select.hasAttribute(name)) field.setAttribute(name, select.getAttribute(name));
  }
  combo.prepend(field);
  combo.append(list);

  const chosen = () => options.find((option) => option.value === select.value);
  const settle = () => { field.value = chosen()?.name ?? ""; };
  const close = () => { list.hidden = true; active = -1; field.setAttribute("aria-expanded", "false"); field.removeAttribute("aria-activedescendant"); };
  const choose = (option) => {
    select.value = option.value;
    settle();
    close();
    select.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const mark = (to) => {
    active = to;
    all('[role="option"]', list).forEach((item, index) => item.setAttribute("aria-selected", String(index === active)));
    const item = list.children[active];
    if (item?.id) { field.setAttribute("aria-activedescendant", item.id); item.scrollIntoView({ block: "nearest" }); }
  };
  const open = (search) => {
    const wanted = search.trim().toLowerCase();
    shown = options.filter((option) => option.name.toLowerCase().includes(wanted)).slice(0, 100);
    list.replaceChildren(...shown.map((option, index) => row(option, wanted, `${list.id}-${index}`)));
    if (!shown.length) list.append(Object.assign(document.createElement("li"), { className: "option-none", textContent: "No partner has this in its name" }));
    list.hidden = false;
    field.setAttribute("aria-expanded", "true");
    mark(shown.length ? Math.max(0, shown.findIndex((option) => option.value === select.value)) : -1);
  };

  field.addEventListener("input", () => open(field.value));
  field.addEventListener("click", () => { field.select(); open(""); });
  field.addEventListener("blur", () => { settle(); close(); });
  field.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      event.preventDefault();
      if (list.hidden) open(""); else if (shown.length) mark((active + steps[event.key] + shown.length) % shown.length);
    } else if (event.key === "Enter" && !list.hidden) {
      event.preventDefault();
      if (shown[active]) choose(shown[active]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      settle();
      close();
    }
  });
  list.addEventListener("pointerdown", (event) => {
    const item = closest(event, '[role="option"]');
    event.preventDefault();
    if (item) choose(shown[Number(item.dataset.index)]);
  });
  settle();
}

function row(option, wanted, id) {
  const item = document.createElement("li");
  const words = document.createElement("span");
  const name = document.createElement("span");
  const at = wanted ? option.name.toLowerCase().indexOf(wanted) : -1;
  Object.assign(item, { id, className: "option" });
  item.setAttribute("role", "option");
  item.dataset.index = id.slice(id.lastIndexOf("-") + 1);
  name.className = "option-name";
  if (at < 0) name.textContent = option.name;
  else name.append(option.name.slice(0, at), Object.assign(document.createElement("b"), { textContent: option.name.slice(at, at + wanted.length) }), option.name.slice(at + wanted.length));
  words.append(name, Object.assign(document.createElement("span"), { className: "second", textContent: option.words }));
  item.append(words, Object.assign(document.createElement("span"), { className: "option-note", textContent: option.note }));
  return item;
}

// ---- Add New: what is chosen changes what is shown ----

function makeKeyForm(form) {
  const features = all('.feature .tick[name="scope"]', form);
  const name = one('[name="name"]', form);
  const partner = one('select[name="partner"]', form);
  const kind = () => one('[name="kind"]:checked', form)?.value ?? "";
  let proposed = name.value;
  let timer;

  const showKind = () => {
    const isPartner = kind() === "partner";
    for (const part of all("[data-for-kind]", form)) {
      part.hidden = part.dataset.forKind !== kind();
      // What is not shown is not sent.
      for (const field of all("input[type=password], [name=code]", part)) field.disabled = part.hidden;
    }
    one(".features", form).classList.toggle("for-partner", isPartner);
    for (const tick of features) {
      const closed = isPartner && tick.hasAttribute("data-full-only");
      tick.disabled = closed;
      tick.closest(".feature").classList.toggle("closed", closed);
    }
  };
  const showChips = () => {
    for (const chip of all(".chip[data-scopes]", form)) {
      const wanted = chip.dataset.scopes.split(" ");
      const open = features.filter((tick) => !tick.disabled);
      const fits = open.every((tick) => tick.checked === wanted.includes(tick.value));
      chip.setAttribute("aria-pressed", String(fits && open.some((tick) => tick.checked)));
    }
  };
  const proposeName = () => {
    if (name.value !== proposed && name.value !== "") return;
    const company = partner?.selectedOptions[0]?.dataset.name ?? "";
    proposed = kind() === "partner" ? company : "Own systems";
    name.value = proposed;
  };
  const sayPartner = () => {
    const { words, note } = partner?.selectedOptions[0]?.dataset ?? {};
    const hint = one("#partner-hint", form);
    if (words && hint) hint.textContent = `${words}. ${note[0].toUpperCase()}${note.slice(1)}.`;
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => refresh(form), 300);
  };

  for (const chip of all(".chip[data-scopes]", form)) {
    chip.addEventListener("click", (event) => {
      event.preventDefault();
      const wanted = chip.dataset.scopes.split(" ");
      for (const tick of features) tick.checked = !tick.disabled && wanted.includes(tick.value);
      showChips();
      later();
    });
  }
  form.addEventListener("change", (event) => {
    if (event.target.matches(SECRETS)) return;
    if (event.target.matches('[name="kind"], [name="partner"]')) { showKind(); proposeName(); }
    if (event.target === partner) sayPartner();
    showChips();
    later();
  });
  form.addEventListener("input", (event) => { if (!event.target.matches(SECRETS)) later(); });
  one("[data-refresh]", document)?.addEventListener("click", (event) => { event.preventDefault(); refresh(form); });
  one("[data-my-address]", form)?.addEventListener("click", (event) => {
    event.preventDefault();
    const field = one('[name="address_ranges"]', form);
    field.value = [field.value.trim(), event.currentTarget.dataset.myAddress].filter(Boolean).join("\n");
    field.focus();
    later();
  });
  showKind();
  showChips();
}

/** Fields that no preview needs. */
const SECRETS = "[name=password], [name=code]";

let asked = 0;

async function refresh(form) {
  const place = one(form.dataset.summary);
  const mine = asked += 1;
  try {
    const data = new URLSearchParams(new FormData(form));
    for (const field of all(SECRETS, form)) data.delete(field.name);
    const answer = await fetch(form.dataset.preview, { method: "POST", body: data });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const content = one("[data-summary-content]", page);
    if (!answer.ok || !content || mine !== asked) return;
    place.replaceChildren(document.adoptNode(content));
    for (const words of all("[data-words-for]", place)) {
      const target = one(words.dataset.wordsFor);
      if (target) target.replaceChildren(...words.cloneNode(true).childNodes);
    }
  } catch {
    // The summary stays as it was; the form itself is checked when it is sent.
  }
}

// ---- The secret, once ----

function makeSecret(modal) {
  const stored = one("[data-stored]", modal);
  const done = one("[data-done]", modal);
  const test = one("[data-test]", modal);
  const show = () => { done.disabled = !stored.checked; };
  stored?.addEventListener("change", show);
  if (stored) show();
  test?.addEventListener("click", async (event) => {
    event.preventDefault();
    const place = one("[data-tested]", modal);
    const [at, began] = [new Date(), performance.now()];
    test.setAttribute("aria-busy", "true");
    try {
      const key = one("#secret", modal).textContent.trim();
      const answer = await fetch("/api/v1/whoami", { headers: { authorization: `Bearer ${key}` }, credentials: "omit", cache: "no-store" });
      const body = await answer.json();
      const time = `Tested at ${at.toTimeString().slice(0, 8)}: ${answer.status} in ${Math.round(performance.now() - began)} ms`;
      tell(place, answer.ok, answer.ok ? "The key works." : "The key is refused.", answer.ok ? `${time}, ${place.dataset.words}` : `${time}. ${body.detail ?? ""}`);
    } catch {
      tell(place, false, "The test could not be made.", "The server did not answer. Try again.");
    }
    test.removeAttribute("aria-busy");
  });
}

function tell(place, good, title, words) {
  const notice = one(good ? "[data-good]" : "[data-bad]", place);
  for (const other of all(".notice", place)) other.hidden = other !== notice;
  one("strong", notice).textContent = title;
  one("[data-words]", notice).textContent = ` ${words}`;
}

// ---- Theme ----

document.addEventListener("click", (event) => {
  const button = closest(event, "[data-theme-to]");
  if (!button) return;
  const theme = button.dataset.themeTo;
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  const age = theme === "system" ? 0 : 31536000;
  document.cookie = `leadlatch-theme=${theme}; path=/; max-age=${age}; samesite=lax`;
  for (const other of all("[data-theme-to]")) other.setAttribute("aria-pressed", String(other === button));
});

function enhance(root) {
  for (const select of all("select[data-combo]", root)) makeCombo(select);
  for (const form of all("form[data-key-form]", root)) makeKeyForm(form);
  for (const listing of all(".listing", root)) countSelected(listing);
  for (const part of all("[data-script]", root)) part.hidden = false;
  for (const part of all("[data-no-script]", root)) part.hidden = true;
}

document.documentElement.classList.add("script");
enhance(document);
for (const toast of all(".toast")) fadeToast(toast);
for (const modal of all("dialog[data-locked]")) { lockDialog(modal); makeSecret(modal); }
