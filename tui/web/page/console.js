"use strict";
// Loaded before textual.js, which connects when the page has loaded. Every address is taken from the
// page's own, so that it works below any proxy's path.
(() => {
  const here = new URL(".", location.href);
  const query = new URLSearchParams(location.search);
  query.delete("token");
  const kept = query.toString();
  // The token has done its work: it stays neither in the address nor in the history.
  history.replaceState(null, "", here.pathname + (kept ? "?" + kept : ""));

  // textual.js opens windows for files that the console offers and for links in its text. Files are
  // fetched from here; a link in a message from outside is not followed.
  window.open = (address) => {
    const file = /\/download\/([0-9a-f]+)$/.exec(String(address || ""));
    if (file) {
      const link = document.createElement("a");
      link.href = new URL("download/" + file[1], here).href;
      link.download = "";
      link.click();
    }
    return null;
  };

  document.addEventListener("DOMContentLoaded", () => {
    const socket = new URL("ws", here);
    socket.protocol = here.protocol === "https:" ? "wss:" : "ws:";
    document.querySelector("#terminal").dataset.sessionWebsocketUrl = socket.href;
    document.querySelector("#again").addEventListener("click", () => location.reload());
    if (window === window.top) {
      const begun = new MutationObserver(() => {
        if (document.body.classList.contains("-first-byte")) {
          begun.disconnect();
          document.querySelector(".xterm-helper-textarea").focus();
        }
      });
      begun.observe(document.body, { attributes: true, attributeFilter: ["class"] });
    }
  });
})();
