// Names for screen readers where the theme and the gallery give none.
document.addEventListener("DOMContentLoaded", () => {
  for (const summary of document.querySelectorAll("details > summary")) {
    if (summary.textContent.trim()) continue;
    const entry = summary.closest("li")?.querySelector("a");
    summary.setAttribute("aria-label", `Pages under ${entry ? entry.textContent.trim() : "this entry"}`);
  }
  for (const card of document.querySelectorAll(".sphx-glr-thumbcontainer")) {
    const title = card.querySelector(".sphx-glr-thumbnail-title");
    const link = card.querySelector("a");
    if (title && link) link.setAttribute("aria-label", title.textContent.trim());
  }
});
