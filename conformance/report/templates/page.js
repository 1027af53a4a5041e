"use strict";
// The page can be read without this script: it adds the filter, the search, copying, and opens what a link leads to.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (id) => document.getElementById(id);
  const rules = all(".rule").map((element) => ({
    element,
    fold: element.querySelector(".scenarios"),
    verdict: element.dataset.verdict,
    text: all(".head, .statement, blockquote, :scope > .reason", element).map((part) => part.textContent).join(" ").toLowerCase(),
    scenarios: all(".s", element).map((item) => ({
      element: item,
      verdict: item.dataset.verdict,
      text: (item.id + " " + all(".reason, .sides", item).map((part) => part.textContent).join(" ")).toLowerCase(),
    })),
  }));
  const openAtFirst = new Set(rules.filter((rule) => rule.fold && rule.fold.open));
  const search = one("search");
  const chips = all(".chips button");
  let verdict = "";

  function apply() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (text) => words.every((word) => text.includes(word));
    const filtered = verdict !== "" || words.length > 0;
    let scenarios = 0, shown = 0;
    for (const rule of rules) {
      const whole = words.length > 0 && fits(rule.text);
      let found = 0;
      for (const item of rule.scenarios) {
        const visible = (verdict === "" || item.verdict === verdict) && (whole || fits(item.text + " " + rule.text));
        item.element.hidden = !visible;
        found += visible;
      }
      const visible = !filtered || found > 0 || (whole && (verdict === "" || rule.verdict === verdict));
      rule.element.hidden = !visible;
      if (rule.fold) rule.fold.open = filtered ? found > 0 : openAtFirst.has(rule);
      scenarios += found;
      shown += visible;
    }
    chips.forEach((chip) => chip.setAttribute("aria-pressed", String(chip.dataset.verdict === verdict)));
    one("nothing").hidden = shown > 0;
    one("found").textContent = filtered ? `${scenarios} scenario${scenarios === 1 ? "" : "s"} of ${shown} rule${shown === 1 ? "" : "s"}` : "";
    unfolded(false);
  }

  function clear() {
    verdict = "";
    search.value = "";
    apply();
  }

  function unfolded(open) {
    one("fold").setAttribute("aria-pressed", String(open));
    one("fold").textContent = open ? "Fold all" : "Unfold all";
  }

  // A link may lead to what is folded or filtered away.
  function reveal() {
    const target = one(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest("[hidden]")) clear();
    for (let part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
    if (target.classList.contains("rule")) all(".scenarios", target).forEach((fold) => { fold.open = true; });
    target.scrollIntoView();
  }

  async function copy(text, button) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  }

  function offerCopying(root) {
    for (const text of all(".curl", root)) {
      if (text.parentElement.className === "with-copy" || !text.checkVisibility()) continue;
      const box = document.createElement("div");
      const button = document.createElement("button");
      box.className = "with-copy";
      button.className = "copy";
      button.type = "button";
      button.textContent = "Copy";
      button.setAttribute("aria-label", "Copy this command");
      button.addEventListener("click", () => copy(text.textContent, button));
      text.replaceWith(box);
      box.append(text, button);
    }
  }

  function timeline(chart) {
    const calls = Number(chart.viewBox.baseVal.width);
    const at = (event) => {
      const box = chart.getBoundingClientRect();
      return Math.min(calls, Math.max(1, Math.ceil(((event.clientX - box.left) / box.width) * calls)));
    };
    const summary = (number) => one(`call-${number}`)?.parentElement.querySelector("summary").textContent ?? "";
    chart.addEventListener("pointermove", (event) => { one("pointed").textContent = summary(at(event)); });
    chart.addEventListener("pointerleave", () => { one("pointed").textContent = ""; });
    chart.addEventListener("click", (event) => { location.hash = `call-${at(event)}`; });
  }

  chips.forEach((chip) => chip.addEventListener("click", () => { verdict = chip.dataset.verdict; apply(); }));
  search.addEventListener("input", apply);
  one("clear").addEventListener("click", clear);
  one("fold").addEventListener("click", () => {
    const open = one("fold").getAttribute("aria-pressed") !== "true";
    rules.forEach((rule) => { if (rule.fold) rule.fold.open = open; });
    unfolded(open);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") clear();
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea")) return;
    event.preventDefault();
    search.focus();
  });
  document.addEventListener("toggle", (event) => { if (event.target.open) offerCopying(event.target); }, true);
  window.addEventListener("hashchange", reveal);
  if (one("timeline")) timeline(one("timeline"));
  all(".tools, .keys").forEach((part) => { part.hidden = false; });
  offerCopying(document);
  reveal();
})();
