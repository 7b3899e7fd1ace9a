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
  // The form of a piece: which of its fields show depends on what is chosen in others.
  document.addEventListener("alpine:init", function () {
    window.Alpine.data("sgPiece", function () {
      return {
        values: {},
        init: function () { this.note(); },
        note: function () {
          var values = {};
          new FormData(this.$root).forEach(function (value, name) { values[name] = value; });
          this.values = values;
        },
      };
    });
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
