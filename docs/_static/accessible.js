// What the theme and Sphinx leave out, as axe-core reports it.
document.addEventListener("DOMContentLoaded", () => {
  const all = (selector) => document.querySelectorAll(selector);
  // Wide blocks must scroll with the keyboard, too.
  for (const wide of all("pre, .table-wrapper")) wide.tabIndex = 0;
  // The two side bars are landmarks and need different names.
  document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", "Pages");
  document.querySelector(".toc-drawer")?.setAttribute("aria-label", "On this page");
  // The lines of a signature are not a list of definitions.
  for (const part of all(".sig dl, .sig dd")) {
    const block = document.createElement("div");
    if (part.tagName == "DD") block.style.marginLeft = "2rem";
    block.append(...part.childNodes);
    part.replaceWith(block);
  }
  // The search page has no heading.
  const results = document.getElementById("search-results");
  if (results && !document.querySelector("h1"))
    results.insertAdjacentHTML("beforebegin", "<h1>Search</h1>");
});
