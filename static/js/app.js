// Small comforts. Every page works without this file.
(function () {
  "use strict";

  // Buttons that need JavaScript are hidden in the page and shown here.
  function wake(root) {
    root.querySelectorAll("[data-needs-js]").forEach(function (element) { element.hidden = false; });
    if (navigator.share) { root.querySelectorAll("[data-share]").forEach(function (element) { element.hidden = false; }); }
  }

  function dismiss(button) {
    var toast = button.closest(".toast");
    if (toast) { toast.remove(); }
  }

  function copy(button) {
    var source = document.getElementById(button.dataset.copy);
    var said = document.getElementById(button.dataset.said);
    if (!source || !navigator.clipboard) { return; }
    navigator.clipboard.writeText(source.textContent.trim()).then(function () {
      if (said) { said.textContent = button.dataset.done; }
    });
  }

  // The device's own sheet for sharing, where it has one; copying is beside it.
  function share(button) {
    navigator.share({ url: button.dataset.share, text: button.dataset.shareText }).catch(function () { /* closed */ });
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("button");
    if (!button) { return; }
    if (button.matches("[data-dismiss]")) { dismiss(button); }
    if (button.matches("[data-copy]")) { copy(button); }
    if (button.matches("[data-share]")) { share(button); }
    if (button.matches("[data-print]")) { window.print(); }
  });

  // The menu closes by Escape, which gives the focus back, and by going elsewhere.
  function menusClose(except) {
    document.querySelectorAll("[data-menu][open]").forEach(function (menu) { if (menu !== except) { menu.open = false; } });
  }
  document.addEventListener("click", function (event) { menusClose(event.target.closest("[data-menu]")); });
  document.addEventListener("focusin", function (event) { menusClose(event.target.closest("[data-menu]")); });
  document.addEventListener("keydown", function (event) {
    var menu = event.key === "Escape" && document.querySelector("[data-menu][open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  });

  // A form that must take effect once is safe to send twice (it carries a one-time key); this only spares the wait.
  document.addEventListener("submit", function (event) {
    if (!event.target.matches("[data-once]")) { return; }
    event.target.querySelectorAll("button[type=submit]").forEach(function (button) {
      window.setTimeout(function () { button.disabled = true; }, 0);
    });
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("[data-once] button[type=submit]").forEach(function (button) { button.disabled = false; });
  });

  // After "show more" the link that had the focus is gone: go on where the new entries begin.
  document.addEventListener("htmx:afterSettle", function (event) {
    wake(document);
    var next = document.querySelector("[data-focus]");
    if (next) { next.removeAttribute("data-focus"); next.focus(); }
  });

  // A refusal after sending a form: read it out and put the person beside it.
  document.addEventListener("DOMContentLoaded", function () {
    wake(document);
    var refusal = document.querySelector("[data-refusal]");
    if (refusal) { refusal.focus(); }
  });
})();
