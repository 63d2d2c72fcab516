// Shows the cards that the filter's choices let through. Without it all are
// shown.
"use strict";
(() => {
  const form = document.getElementById("filter");
  const cards = [...document.querySelectorAll(".cards > li")];
  const count = document.getElementById("count");
  const apply = () => {
    const { capability, style, source, text } = Object.fromEntries(new FormData(form));
    const words = text.trim().toLowerCase();
    let shown = 0;
    for (const card of cards) {
      const of = card.dataset;
      const hidden = (capability && of.capability !== capability) || (style && of.style !== style) ||
        (source && of.source !== source) || (words && !card.textContent.toLowerCase().includes(words));
      card.hidden = Boolean(hidden);
      if (!hidden) shown++;
    }
    count.textContent = shown === cards.length ? "" : shown + " of " + cards.length + " shown";
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = cards.length === 0;
  apply();
})();
