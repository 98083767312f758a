// Tables that sort, cards of numbers, and the search. Without this script every table is there, whole and in order,
// and the link of a number leads to what its card tells.
"use strict";
(() => {
const make = (name, text, traits) => Object.assign(document.createElement(name), { textContent: text }, traits);
const number = text => {
  const found = text.replace(/\u2212/g, "-").replace(/,/g, "").match(/^[^\w-]{0,3}(-?\d+(?:\.\d+)?)/);
  return found ? Number(found[1]) : null;
};
const compare = (one, two) => {
  const a = number(one), b = number(two);
  if (a !== null && b !== null) return a - b;
  if ((a === null) !== (b === null)) return a === null ? 1 : -1;
  return one.localeCompare(two);
};
const sortable = table => {
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, place) => {
    const button = make("button", head.textContent, { type: "button", className: "sort" });
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].map(row => [row.cells[place] ? row.cells[place].textContent.trim() : "", row]);
      rows.sort((a, b) => (down ? -1 : 1) * compare(a[0], b[0]));
      body.append(...rows.map(pair => pair[1]));
    });
    head.replaceChildren(button);
  });
};
// On a phone, and on paper where there are many columns, each row of a wide table is a card: label, value.
const stack = table => {
  const labels = [...table.tHead.rows[0].cells].map(head => head.textContent);
  const roles = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TR: "row" };
  table.classList.add("stack");
  [table, ...table.querySelectorAll("thead, tbody, tr, th, td")].forEach(part => part.setAttribute("role", roles[part.tagName]
    || { col: "columnheader", row: "rowheader" }[part.scope] || "cell"));
  [...table.tBodies].forEach(body => [...body.rows].forEach(row => [...row.cells].forEach((cell, place) => { cell.dataset.label = labels[place]; })));
  [...table.tHead.rows[0].cells].forEach((head, place) => head.setAttribute("aria-label", labels[place]));
};
const narrow = matchMedia("(max-width: 30rem)").matches; // where heads, and so their buttons, are not seen
document.querySelectorAll("main table").forEach(table => {
  if (table.tHead?.rows[0].cells.length > 2) stack(table);
  const region = table.closest(".scroll");
  if (narrow || !region || !table.tHead || !table.tBodies.length || table.tBodies[0].rows.length < 6) return;
  sortable(table);
});
// The card of a number. Its facts stand in cards.js; those of a number that code printed are that code.
const cards = self.cards || {}, card = make("div", "", { className: "card", popover: "manual" });
const here = location.pathname.split("/").pop() || "index.html";
const home = Object.fromEntries(Object.keys(cards).map(key => [key.split("#")[1], key]));
const numberAt = target => target.closest?.("main a.n");
const told = link => {
  const [file, name = ""] = link.getAttribute("href").split("#");
  const code = name.startsWith("cell-") && document.getElementById(name);
  const beside = (link.dataset.in || "").split(" ").map(figure => home[figure]);
  const facts = cards[name ? `${file || here}#${name}` : file];
  if (!code) return facts && { ...facts, beside };
  const row = cards[`${here}#${link.closest("tr")?.id}`], made = { t: "Worked out in this notebook", go: "Show the code" };
  return row ? { ...row, ...made } : { ...made, i: beside };
};
const list = (heading, entries) => {
  const part = make("p", heading + ": ");
  entries.forEach((entry, place) => part.append(place ? "; " : "", entry[0], entry[1] ? ` (${entry[1]})` : ""));
  return part;
};
const fact = (fill, name) => (fill.r || []).find(line => line[0] === name)?.[1];
const fill = (facts, link) => {
  const about = make("div", "", { id: "number-card-facts" }), lines = make("dl");
  about.append(make("p", facts.t, { className: "card-title" }));
  (facts.r || []).filter(line => !line[2]).forEach(line => {
    const row = make("div");
    row.append(make("dt", line[0]), make("dd", line[1]));
    lines.append(row);
  });
  if (lines.childElementCount) about.append(lines);
  card.replaceChildren(about);
  Object.entries({ "Made from": facts.i, "Counted too": facts.beside }).forEach(([heading, keys]) => {
    const known = (keys || []).filter(key => cards[key]);
    if (known.length) card.append(list(heading, known.map(key =>
      [make("a", cards[key].t, { href: key }), fact(cards[key], "what it is") || fact(cards[key], "outcome")])));
  });
  (facts.r || []).filter(line => line[2]).forEach(line =>
    card.append(list(line[0], [[make("a", line[1], { href: line[2], rel: "noreferrer" })]])));
  const way = make("p");
  way.append(make("a", facts.go, { href: link.getAttribute("href") }));
  card.append(way);
  card.setAttribute("role", "group");
  card.setAttribute("aria-label", `Where ${link.textContent.trim()} comes from`);
};
let owner = null, timer = 0, pointer = "", before = null, quiet = false;
const close = () => {
  clearTimeout(timer);
  owner?.removeAttribute("aria-describedby");
  owner = null;
  card.remove();
};
const open = link => {
  clearTimeout(timer);
  const facts = link !== owner && told(link);
  if (!facts) return;
  close();
  fill(facts, link);
  link.after(card);
  owner = link;
  link.setAttribute("aria-describedby", "number-card-facts");
  card.showPopover();
  const place = link.getClientRects()[0], below = place.bottom + 6, high = card.offsetHeight;
  const above = below + high > innerHeight && place.top > high + 12;
  card.style.top = `${scrollY + (above ? place.top - high - 6 : below)}px`;
  card.style.left = `${scrollX + Math.max(8, Math.min(place.left, document.documentElement.clientWidth - card.offsetWidth - 8))}px`;
};
const listen = () => {
  addEventListener("pointerover", event => {
    if (event.pointerType !== "mouse" || card.contains(event.target)) return event.pointerType === "mouse" && clearTimeout(timer);
    const link = numberAt(event.target);
    clearTimeout(timer);
    if (link && link !== owner) timer = setTimeout(open, 200, link);
    else if (!link && owner && document.activeElement !== owner && !card.contains(document.activeElement)) timer = setTimeout(close, 300);
  });
  addEventListener("pointerdown", event => {
    pointer = event.pointerType;
    before = owner;
    if (owner && !card.contains(event.target) && numberAt(event.target) !== owner) close();
  });
  addEventListener("click", event => {
    const link = numberAt(event.target);
    if (link && event.detail && !["", "mouse"].includes(pointer) && before !== link && told(link)) {
      event.preventDefault();
      open(link);
    } else if (event.target.closest?.("a")) close();
  });
  addEventListener("keydown", event => {
    pointer = "";
    if (event.key !== "Escape" || !owner) return;
    const link = card.contains(document.activeElement) && owner;
    close();
    quiet = true;
    if (link) link.focus();
    quiet = false;
  });
  addEventListener("focusin", event => {
    const link = numberAt(event.target);
    if (link && !pointer && !quiet && link.matches(":focus-visible")) open(link);
    else if (owner && event.target !== owner && !card.contains(event.target)) close();
  });
  addEventListener("beforeprint", close);
};
if (card.showPopover) listen();
// The search. What it looks through stands in search.js, which is loaded at the first key.
const box = document.querySelector(".search"), field = box.querySelector("input"), found = box.querySelector("ol");
const MOST = 40;
let searched = null, wait = 0;
const load = () => searched ||= new Promise(done => {
  document.head.append(make("script", "", { src: "search.js", onload: done, onerror: done }));
});
// A word is found where one begins with it, a short one only whole; whole words and headings come first, three of a heading at most.
const starts = (word, whole) => new RegExp(`(?<![\\p{L}\\p{N}])${word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}${whole || word.length < 3 ? "(?![\\p{L}\\p{N}])" : ""}`, "u");
const places = words => {
  const begun = words.map(word => starts(word)), wholes = words.map(word => starts(word, true)), seen = {};
  return (self.sections || []).flatMap(([file, page, parts]) => parts.map(([name, heading, text]) => {
    const title = `${page} ${heading}`.toLowerCase(), low = text.toLowerCase(), both = `${title} ${low}`;
    if (!begun.every(word => word.test(both))) return null;
    const hit = begun.map(word => low.match(word)).find(Boolean);
    const rank = 2 * wholes.every(word => word.test(both)) + begun.every(word => word.test(title));
    return { file, page, name, heading, text, at: hit?.index || 0, word: hit?.[0] || "", rank };
  })).filter(Boolean).sort((one, two) => two.rank - one.rank).filter(({ file, heading }) => {
    const key = `${file} ${heading}`;
    return (seen[key] = (seen[key] || 0) + 1) <= 3;
  });
};
const entry = place => {
  const item = make("li"), page = place.page.split(":")[0], way = make("a", place.name ? `${page}: ${place.heading}` : page);
  const end = place.at + place.word.length, start = Math.max(0, place.at - 50);
  way.href = place.file + (place.name && `#${place.name}`);
  const words = make("span");
  const before = place.text.slice(start, place.at), after = place.text.slice(end, end + 80);
  words.append(start ? before.replace(/^\S*/, "…") : before, make("mark", place.text.slice(place.at, end)), end + 80 < place.text.length ? after.replace(/\S*$/, "…") : after);
  item.append(way, words);
  return item;
};
const search = async () => {
  const words = field.value.toLowerCase().replace(/-(?=\d)/g, "\u2212").split(/\s+/).filter(Boolean);
  if (words.join("").length < 2) return show([], "");
  await load();
  const all = places(words), more = all.length > MOST ? `, the first ${MOST} are shown` : "";
  show(all.slice(0, MOST), self.sections ? `${all.length || "no"} place${all.length === 1 ? "" : "s"} found${more}` : "The search could not be loaded");
};
const show = (all, said) => {
  found.replaceChildren(...(said ? [make("li", said, { className: "said", ariaHidden: "true" })] : []), ...all.map(entry));
  found.hidden = !said;
  box.querySelector("[role=status]").textContent = said;
};
field.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(search, 120); });
field.addEventListener("focus", () => { found.hidden = !found.childElementCount; });
box.addEventListener("focusout", event => { if (!box.contains(event.relatedTarget)) found.hidden = true; });
found.addEventListener("click", event => { if (event.target.closest("a")) found.hidden = true; });
box.addEventListener("keydown", event => {
  const stops = [field, ...found.querySelectorAll("a")], way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape") { field.focus(); found.hidden = true; }
  if (event.key === "Enter" && event.target === field) stops[1]?.focus();
  if (!way || found.hidden) return;
  event.preventDefault();
  stops[Math.max(0, Math.min(stops.length - 1, stops.indexOf(document.activeElement) + way))].focus();
});
box.hidden = false;
// Whether the next search is due on the day on which the page is opened.
const due = document.querySelector("time[data-late]");
if (due) {
  const today = new Date().toISOString().slice(0, 10);
  due.after(" (", make("strong", today < due.dateTime ? "current" : today < due.dataset.late ? "due now" : "overdue"), ")");
}
// A link to what is folded opens it, where a browser does not do so itself.
if (matchMedia("(max-width: 40rem)").matches) document.querySelector(".contents details")?.removeAttribute("open");
const unfold = () => {
  const fold = document.getElementById(decodeURIComponent(location.hash.slice(1)))?.closest("details:not([open])");
  if (fold) { fold.open = true; location.replace(location.hash); }
};
addEventListener("hashchange", unfold);
unfold();
})();
