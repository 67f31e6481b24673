/**
 * While developing: loads the page again when its files or the server have changed. A call that is
 * on is not cut; the page waits for its end. In production this file is not asked for.
 */

const BUSY = ["connecting", "live", "reconnecting"];

const changes = new EventSource("/__reload");
let start = "";

changes.addEventListener("start", ({ data }) => {
  if (start !== "" && start !== data) reload();
  start = data;
});
changes.addEventListener("changed", () => reload());
addEventListener("pagehide", () => changes.close());

function reload() {
  const isBusy = () => BUSY.includes(document.body.dataset["phase"] ?? "");
  if (!isBusy()) {
    location.reload();
    return;
  }
  new MutationObserver(() => {
    if (!isBusy()) location.reload();
  }).observe(document.body, { attributeFilter: ["data-phase"] });
}
