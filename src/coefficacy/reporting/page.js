"use strict";
(() => {
  const number = (cell) => parseFloat(cell.replace(/[−–]/g, "-").replace(/[<>,\s]*/, "").replace(/,/g, ""));
  const compare = (a, b) => {
    const x = number(a), y = number(b);
    return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b, undefined, { numeric: true }) : x - y;
  };
  const made = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  function sortable(table) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = made("button", { type: "button" }, head.textContent);
      head.replaceChildren(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.setAttribute("aria-sort", "none"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const words = (row) => row.cells[column].textContent;
        const rows = [...body.rows].sort((a, b) => (down ? -1 : 1) * compare(words(a), words(b)));
        body.append(...rows);
      });
    });
  }

  function filtered(table) {
    const rows = [...table.tBodies[0].rows];
    const heads = [...table.tHead.rows[0].cells].map((head) => head.textContent.trim());
    const where = heads.indexOf("layer");
    const section = table.closest("section");
    const areas = [...section.querySelectorAll(".spots rect")];
    const field = made("input", { type: "search", autocomplete: "off", spellcheck: false });
    const count = made("span", { className: "shown" });
    count.setAttribute("role", "status");
    const bar = made("div", { className: "filter" }, made("label", {}, `Filter ${section.dataset.units} `, field));
    const choice = made("select", {}, made("option", { value: "" }, "all"));
    if (where > 0) {
      const layers = [...new Set(rows.map((row) => row.cells[where].textContent))];
      layers.sort((a, b) => compare(a, b));
      choice.append(...layers.map((name) => made("option", {}, name)));
      bar.append(made("label", {}, `${heads[where]} `, choice));
    }
    bar.append(count);
    const apply = () => {
      const text = field.value.trim().toLowerCase();
      const kept = new Set();
      rows.forEach((row) => {
        const named = row.cells[0].textContent;
        const layer = where > 0 ? row.cells[where].textContent : "";
        const fits = `${named} ${layer}`.toLowerCase().includes(text);
        row.hidden = !fits || (choice.value !== "" && layer !== choice.value);
        if (!row.hidden) kept.add(named);
      });
      areas.forEach((area) => area.classList.toggle("off", !kept.has(area.dataset.unit)));
      count.textContent = `${kept.size.toLocaleString("en")} of ${rows.length.toLocaleString("en")} shown`;
    };
    field.addEventListener("input", apply);
    choice.addEventListener("change", apply);
    apply();
    section.querySelector("h2 + p").after(bar);
  }

  function pointed(area, tip) {
    const title = area.querySelector("title");
    area.dataset.words = title.textContent;
    title.remove();
    area.addEventListener("pointerenter", (event) => {
      tip.textContent = area.dataset.words;
      tip.hidden = false;
      area.classList.add("on");
      const edge = document.documentElement.clientWidth - tip.offsetWidth - 8;
      tip.style.left = `${Math.max(8, Math.min(event.clientX + 12, edge)) + window.scrollX}px`;
      tip.style.top = `${event.clientY + window.scrollY - tip.offsetHeight - 12}px`;
    });
    area.addEventListener("pointerleave", () => {
      tip.hidden = true;
      area.classList.remove("on");
    });
  }

  document.querySelectorAll("table[data-kind=sortable]").forEach((table) => {
    filtered(table);
    sortable(table);
  });
  const tip = made("div", { className: "tip", hidden: true });
  tip.setAttribute("aria-hidden", "true");
  document.body.append(tip);
  document.querySelectorAll(".spots rect").forEach((area) => pointed(area, tip));
  window.addEventListener("beforeprint", () => {
    document.querySelectorAll("details").forEach((part) => part.setAttribute("open", ""));
  });
})();
