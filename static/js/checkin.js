// Asks the device where it is, at a button, and sends it with the form. Without this file the codes on the screens work.
(function () {
  "use strict";
  var form = document.getElementById("check-in");
  var button = document.getElementById("check-in-button");
  var said = document.getElementById("check-in-said");
  if (!form || !button || !said) { return; }
  if (!navigator.geolocation) { said.textContent = form.dataset.unable; return; }
  button.hidden = false;

  function failed(error) {
    button.disabled = false;
    said.textContent = error.code === error.PERMISSION_DENIED ? form.dataset.denied : form.dataset.unable;
  }

  function found(position) {
    form.elements.latitude.value = position.coords.latitude;
    form.elements.longitude.value = position.coords.longitude;
    form.elements.accuracy.value = position.coords.accuracy;
    said.textContent = form.dataset.sending;
    form.submit();
  }

  button.addEventListener("click", function () {
    button.disabled = true;
    said.textContent = form.dataset.looking;
    navigator.geolocation.getCurrentPosition(found, failed, { enableHighAccuracy: true, timeout: 20000, maximumAge: 0 });
  });
  window.addEventListener("pageshow", function () { button.disabled = false; said.textContent = ""; });
})();
