// Small comforts of the admin's own pages. They work without this file.
(function () {
  "use strict";
  document.addEventListener("click", function (event) {
    var button = event.target.closest("button[data-copy]");
    if (!button) { return; }
    var source = document.getElementById(button.dataset.copy);
    if (!source || !navigator.clipboard) { return; }
    navigator.clipboard.writeText(source.textContent.trim()).then(function () {
      var said = document.getElementById(button.dataset.said);
      if (said) { said.textContent = button.dataset.done; }
    });
  });
  // The form of a piece is made anew when rows change: what was typed meanwhile is carried over.
  // Of two requests under way the later knows more, so the earlier one's answer is let go.
  var asked = new WeakMap(), newest = 0, typed = {};
  // Fields are called by their place, and rows change places: what was typed goes with its row, or away with it.
  function place(id, act) {
    var parts = act.split(":"), root = (parts[1] || "").split(".").join("-"), above, at, rest, found;
    if (parts[0] === "wrap") { return id.indexOf(root + "-") ? id : root + "-of-0" + id.slice(root.length); }
    if (["remove", "up", "down"].indexOf(parts[0]) < 0) { return id; }
    above = root.slice(0, root.lastIndexOf("-") + 1);
    at = Number(root.slice(above.length));
    if (id.indexOf(above)) { return id; }
    rest = id.slice(above.length);
    found = parseInt(rest, 10);
    if (isNaN(found)) { return id; }
    rest = rest.slice(String(found).length);
    if (parts[0] === "remove") { return found === at ? "" : above + (found > at ? found - 1 : found) + rest; }
    var other = parts[0] === "up" ? at - 1 : at + 1;
    return above + (found === at ? other : found === other ? at : found) + rest;
  }
  function written() {
    var values = {};
    document.querySelectorAll("#piece input[id]:not([type=checkbox]), #piece textarea[id], #piece select[id]").forEach(function (field) {
      values[field.id] = field.value;
    });
    return values;
  }
  document.addEventListener("htmx:beforeRequest", function (event) {
    if (!event.detail.target || event.detail.target.id !== "piece") { return; }
    newest += 1;
    var sent = event.detail.requestConfig && event.detail.requestConfig.parameters;
    var act = sent && (typeof sent.get === "function" ? sent.get("_do") : sent._do);
    asked.set(event.detail.xhr, { number: newest, values: written(), act: String(act || "") });
  });
  document.addEventListener("htmx:beforeSwap", function (event) {
    var before = asked.get(event.detail.xhr);
    if (!before) { return; }
    if (before.number !== newest) { event.detail.shouldSwap = false; return; }
    var now = written();
    typed = {};
    Object.keys(now).forEach(function (id) {
      var here = now[id] === before.values[id] ? "" : place(id, before.act);
      if (here) { typed[here] = now[id]; }
    });
  });
  document.addEventListener("htmx:afterSettle", function () {
    var late = typed;
    typed = {};
    Object.keys(late).forEach(function (id) {
      var field = document.getElementById(id);
      if (!field || field.value === late[id]) { return; }
      field.value = late[id];
      field.dispatchEvent(new Event(field.tagName === "SELECT" ? "change" : "input", { bubbles: true }));
    });
  });
  // What a try gave stands below its button, where the panel may have to be moved to be seen.
  document.addEventListener("htmx:afterSettle", function (event) {
    if (event.detail.elt && event.detail.elt.id === "try-result") { event.detail.elt.scrollIntoView({ block: "nearest" }); }
  });
  // The frame of these pages has no landmark of its own to jump to.
  document.addEventListener("DOMContentLoaded", function () {
    var main = document.getElementById("main");
    if (main) { main.setAttribute("role", "main"); }
    // A table that is wider than its box is moved by keyboard too.
    document.querySelectorAll(".sg-table-box").forEach(function (box) {
      if (box.scrollWidth <= box.clientWidth) { return; }
      var name = box.querySelector("caption") || box.parentElement.querySelector("h2, h3");
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      if (name) { box.setAttribute("aria-label", name.textContent.trim()); }
    });
  });
  // The theme makes each frame that scrolls a landmark, all of the same English name. Only the list is told apart, by what
  // it is a list of; the others stand in places that have a name of their own.
  function frames() {
    document.querySelectorAll(".simplebar-content-wrapper[role=region]").forEach(function (frame) {
      var heading = frame.querySelector("#result_list") && document.querySelector("h1 > a:last-of-type");
      frame.removeAttribute("role");
      frame.removeAttribute("aria-label");
      if (!heading) { return; }
      frame.setAttribute("role", "group");
      frame.setAttribute("aria-label", heading.textContent.trim());
    });
  }
  window.addEventListener("load", frames);
  document.addEventListener("htmx:afterSettle", frames);
  // What is chosen in a list that is too narrow for it stands below it in full. It is read out from the list itself.
  var pen = document.createElement("canvas").getContext("2d");
  function chosen(select) {
    var style = window.getComputedStyle(select), option = select.selectedOptions[0];
    var around = select.parentElement;  // some frames lay the list's arrow over all that they hold
    var field = around.matches(".sgf-control, .relative") ? around : select;
    var below = field.nextElementSibling && field.nextElementSibling.matches(".sg-chosen") ? field.nextElementSibling : null;
    var arrow = style.appearance === "none" ? 0 : 18;
    var room = select.clientWidth - arrow - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    pen.font = style.font;
    if (!select.clientWidth || !option || pen.measureText(option.text).width <= room) {
      if (below) { below.remove(); }
      return;
    }
    if (!below) {
      below = document.createElement("p");
      below.className = "sg-chosen";
      below.setAttribute("aria-hidden", "true");
      field.insertAdjacentElement("afterend", below);
    }
    below.textContent = option.text;
  }
  function chosenAll() { document.querySelectorAll("#main select:not([multiple]):not([size])").forEach(chosen); }
  document.addEventListener("DOMContentLoaded", chosenAll);
  document.addEventListener("htmx:afterSettle", chosenAll);
  document.addEventListener("toggle", chosenAll, true);
  document.addEventListener("change", function (event) { if (event.target.matches("#main select")) { chosenAll(); } });
  window.addEventListener("load", chosenAll);  // fonts have come
  window.addEventListener("resize", chosenAll);
  // A file is sent with a bar that shows how far it is. The answer takes the place of this page.
  document.addEventListener("submit", function (event) {
    var bar = document.querySelector("[data-upload-progress]");
    var form = event.target;
    if (!bar || form.enctype !== "multipart/form-data" || event.defaultPrevented) { return; }
    event.preventDefault();
    var request = new XMLHttpRequest();
    request.upload.addEventListener("progress", function (sent) {
      if (!sent.lengthComputable) { return; }
      var percent = Math.round(100 * sent.loaded / sent.total);
      bar.querySelector("progress").value = percent;
      bar.querySelector("output").textContent = percent + " %";
    });
    request.addEventListener("load", function () {
      if (request.responseURL.split("?")[0] !== window.location.href.split("?")[0]) {
        window.location.assign(request.responseURL);
        return;
      }
      var page = new DOMParser().parseFromString(request.responseText, "text/html");
      var fresh = page.querySelector(".sg-narrow");
      var old = document.querySelector(".sg-narrow");
      if (fresh && old) { old.replaceWith(document.adoptNode(fresh)); }
      var first = document.querySelector(".sg-narrow [aria-invalid=true], .sg-narrow [role=alert]");
      if (first && first.focus) { first.focus(); }
    });
    request.addEventListener("error", function () {
      bar.hidden = true;
      form.querySelectorAll("button[type=submit]").forEach(function (button) { button.disabled = false; });
    });
    bar.hidden = false;
    request.open("POST", form.action || window.location.href);
    request.send(new FormData(form));
  });
  // Sending a form twice is harmless (it carries a key); this only spares the wait.
  document.addEventListener("submit", function (event) {
    if (!event.target.matches("form[data-once]")) { return; }
    event.target.querySelectorAll("button[type=submit]").forEach(function (button) {
      window.setTimeout(function () { button.disabled = true; }, 0);
    });
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-once] button[type=submit]").forEach(function (button) { button.disabled = false; });
  });
})();
