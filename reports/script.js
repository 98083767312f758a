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
const filterable = (table, region) => {
const rows = [...table.tBodies[0].rows], heads = [...table.tHead.rows[0].cells];
const bar = make("div", "", { className: "filter" }), said = make("p", "", { className: "said" });
said.setAttribute("role", "status");
bar.setAttribute("role", "search");
bar.setAttribute("aria-label", "Filter: " + table.caption.textContent);
const fields = [];
const add = (label, field) => {
const wrap = make("label", label + " ");
wrap.append(field);
bar.append(wrap);
field.addEventListener("input", apply);
fields.push(field);
};
const apply = () => {
const words = fields[0].value.toLowerCase().split(/\s+/).filter(Boolean);
let left = 0;
rows.forEach(row => {
const text = row.textContent.toLowerCase();
const fits = words.every(word => text.includes(word)) && fields.slice(1).every(field =>
!field.value || row.cells[field.dataset.place].textContent.trim() === field.value);
row.hidden = !fits;
left += fits;
});
said.textContent = left + " of " + rows.length + " shown";
};
add("Search", make("input", "", { type: "search" }));
heads.forEach((head, place) => {
const found = [...new Set(rows.map(row => row.cells[place].textContent.trim()))].sort();
if (found.length < 2 || found.length > 20 || found.some(text => text.length > 40)) return;
const pick = make("select", "");
pick.dataset.place = place;
pick.append(make("option", "all", { value: "" }), ...found.map(text => make("option", text, { value: text })));
add(head.textContent, pick);
});
bar.append(said);
region.before(bar);
apply();
};
document.querySelectorAll("main table").forEach(table => {
const region = table.closest(".scroll");
if (!region || !table.tHead || !table.tBodies.length || table.tBodies[0].rows.length < 6) return;
if (region.parentElement.classList.contains("filterable")) filterable(table, region);
sortable(table);
});
document.querySelectorAll("details.code").forEach(code => {
if (location.hash && code.querySelector(location.hash.replace(/[^\w#-]/g, "\\$&"))) code.open = true;
});
})();
