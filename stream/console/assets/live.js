// Keeps the page up to date from /events. Without it the page reloads itself.
"use strict";
(() => {
  const page = document.body.dataset;
  const cards = document.getElementById("cards");
  const empty = document.getElementById("empty");
  const news = document.getElementById("news");
  const pause = document.getElementById("pause");
  const held = []; // news that came while the page was paused
  let paused = false;

  const events = new EventSource("/events?" + page.query + (page.query ? "&" : "") + "since=" + page.since);

  const add = (html) => {
    cards.insertAdjacentHTML("afterbegin", html);
    while (cards.children.length > Number(page.keep)) cards.lastElementChild.remove();
    empty.hidden = true;
  };

  events.addEventListener("picks", (event) => {
    if (paused) {
      held.push(event.data);
      if (held.length > Number(page.keep)) held.shift();
      return;
    }
    const before = new Set(cards.children);
    add(event.data);
    const fresh = [...cards.children].filter((card) => !before.has(card));
    for (const card of fresh) card.classList.add("fresh");
    news.textContent = fresh.length + (fresh.length === 1 ? " new sample chosen" : " new samples chosen");
  });

  for (const part of ["status", "coverage"]) {
    const section = document.getElementById(part);
    events.addEventListener(part, (event) => {
      // What is being used stays as it is.
      if (!paused && !section.contains(document.activeElement)) section.innerHTML = event.data;
    });
  }

  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.textContent = paused ? "Go on" : "Pause";
    if (!paused) held.splice(0).forEach(add);
  });
})();
