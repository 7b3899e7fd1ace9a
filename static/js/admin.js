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
    request.addEventListener("error", function () { bar.hidden = true; });
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
