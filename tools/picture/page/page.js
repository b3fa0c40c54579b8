(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (id) => document.getElementById(id);
  const kept = { get: () => { try { return localStorage.getItem("theme"); } catch { return null; } },
                 set: (value) => { try { localStorage.setItem("theme", value); } catch { /* a page from a file may keep nothing */ } } };
  root.classList.add("js");

  const dark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const named = () => { one("theme").textContent = dark() ? "Light" : "Dark"; };
  if (kept.get()) root.dataset.theme = kept.get();
  one("theme").addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    kept.set(root.dataset.theme);
    named();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", named);
  named();

  const groups = all("details.release, details.panel");
  one("fold").addEventListener("click", () => {
    const open = one("fold").textContent.startsWith("Expand");
    groups.forEach((group) => { group.open = open; });
    one("fold").textContent = open ? "Collapse all" : "Expand all";
  });

  let before = null; // which groups were open when the search began
  const search = () => {
    const words = one("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const has = (element) => words.every((word) => element.dataset.find.includes(word));
    before ??= new Map(groups.map((group) => [group, group.open]));
    groups.forEach((group) => {
      const parts = all("[data-find]", group);
      parts.forEach((part) => { part.hidden = !has(part); });
      const left = parts.some((part) => !part.hidden);
      group.hidden = words.length > 0 && !left;
      group.open = words.length > 0 ? left : before.get(group);
    });
    if (words.length === 0) before = null;
    const rows = all(".row[data-find]");
    const shown = rows.filter((row) => !row.hidden).length;
    one("found").textContent = words.length ? `${shown} of ${rows.length} workloads` : "";
  };
  one("search").addEventListener("input", search);
  one("search").addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.target.value = ""; search(); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== one("search")) { event.preventDefault(); one("search").focus(); }
  });

  let folded = [];
  addEventListener("beforeprint", () => {
    folded = groups.filter((group) => !group.open);
    folded.forEach((group) => { group.open = true; });
  });
  addEventListener("afterprint", () => folded.forEach((group) => { group.open = false; }));
})();
