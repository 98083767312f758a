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
document.querySelectorAll("main table").forEach(table => {
const region = table.closest(".scroll");
if (!region || !table.tHead || !table.tBodies.length || table.tBodies[0].rows.length < 6) return;
sortable(table);
});
const unfold = () => {
const fold = document.getElementById(decodeURIComponent(location.hash.slice(1)))?.closest("details:not([open])");
if (fold) { fold.open = true; location.replace(location.hash); }
};
addEventListener("hashchange", unfold);
unfold();
})();
