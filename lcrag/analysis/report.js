"use strict";
const questions = [...document.querySelectorAll(".question")];
const bar = document.querySelector(".filter");
if (bar) {
  const [winner, words, shown] = bar.querySelectorAll("select, input, output");
  const heads = questions.map((q) => q.firstElementChild.textContent.toLowerCase());
  const filter = () => {
    let count = 0;
    questions.forEach((q, i) => {
      const won = winner.value === "all" || q.dataset.winner === winner.value;
      q.hidden = !(won && heads[i].includes(words.value.toLowerCase()));
      count += !q.hidden;
    });
    shown.textContent = `${count} of ${questions.length} questions`;
  };
  winner.onchange = words.oninput = filter;
  bar.hidden = false;
  filter();
}

// A passage's text is on the page once; an opened question shows a copy.
document.addEventListener("toggle", ({ target }) => {
  if (!target.open || !target.matches(".question")) return;
  for (const link of target.querySelectorAll("a.passage:not(.copied)")) {
    link.classList.add("copied");
    link.parentNode.append(document.getElementById(link.hash.slice(1)).lastElementChild.cloneNode(true));
  }
}, true);

const reveal = () => {
  const target = document.getElementById(location.hash.slice(1));
  const parent = target && target.closest("details");
  if (!parent) return;
  parent.hidden = false;
  parent.open = true;
  target.scrollIntoView();
};
addEventListener("hashchange", reveal);
reveal();

const UNITS = { k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15 };
const number = (text) => {
  const parts = /^<?([-+]?\d*\.?\d+(?:e[-+]?\d+)?)([kMGTP]?)/.exec(text);
  return parts ? parts[1] * (UNITS[parts[2]] || 1) : NaN;
};
const compare = (x, y, sign) => {
  const [a, b] = [number(x), number(y)];
  if (isNaN(a) && isNaN(b)) return sign * x.localeCompare(y);
  return isNaN(a) ? 1 : isNaN(b) ? -1 : sign * (a - b);  // what is not known comes last
};
for (const head of document.querySelectorAll("table.sortable thead th")) {
  const button = document.createElement("button");
  button.append(...head.childNodes);
  head.append(button);
  button.onclick = () => {
    const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    const body = head.closest("table").tBodies[0];
    const cell = (row) => row.cells[head.cellIndex].textContent.trim();
    body.append(...[...body.rows].sort((r, s) => compare(cell(r), cell(s), sign)));
  };
}
