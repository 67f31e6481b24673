// Tells a visitor what happens to the address this page came by: it moved, it ends, it was lost.
// rtstart's gateway adds this to pages that come through a tunnel; the app knows nothing of it.
(() => {
  "use strict";
  if (window.top !== window || window.__rtstartPage) return;
  window.__rtstartPage = true;

  const SOON_MS = 2_500; // A socket that is back within this time was never missed.
  const LONG_MS = 60_000;
  const LONGEST_PAUSE_MS = 8_000;

  const WORDS = {
    moved: "This app has moved to a new address.",
    closed: "This address was closed by whoever runs the app.",
    away: "The way to this app is interrupted. Trying again…",
    lost: "The way to this app was lost. It may have a new address: ask for the new link.",
    out: "You are not let in any more. Ask for a new invitation link.",
  };
  const STYLE = `
    :host { all: initial; position: fixed; inset: auto 0 0 0; z-index: 2147483647; }
    [role] { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: center;
      justify-content: center; padding: .65rem 1rem calc(.65rem + env(safe-area-inset-bottom));
      font: 15px/1.4 system-ui, sans-serif; background: #1d1c1a; color: #fbfaf8; }
    a { color: #7fdcb0; font-weight: 600; padding: .35rem 0; }
    button { font: inherit; color: inherit; background: none; border: 0; padding: .35rem .5rem;
      cursor: pointer; opacity: .75; }
    a:focus-visible, button:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
    @media (prefers-color-scheme: dark) {
      [role] { background: #eceae5; color: #151614; }
      a { color: #0b6e4f; }
    }`;

  let host = null;
  let shown = "";
  const show = (kind, text, link) => {
    const key = `${kind} ${text} ${link}`;
    if (key === shown) return;
    shown = key;
    host ??= document.createElement("rtstart-notice");
    const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
    root.replaceChildren();
    const style = document.createElement("style");
    style.textContent = STYLE;
    const band = document.createElement("div");
    band.setAttribute("role", "status");
    band.dataset.kind = kind;
    const words = document.createElement("span");
    words.textContent = text;
    band.append(words);
    if (link) {
      const way = document.createElement("a");
      way.href = link;
      way.textContent = "Go there";
      band.append(way);
    }
    const away = document.createElement("button");
    away.textContent = "Dismiss";
    away.addEventListener("click", hide);
    band.append(away);
    root.append(style, band);
    document.documentElement.append(host);
  };
  const hide = () => host?.remove();
  const clear = () => {
    shown = "";
    hide();
  };

  let endsAt = 0;
  const showEnd = () => {
    if (!endsAt) return;
    const minutes = Math.max(1, Math.round((endsAt - Date.now()) / 60_000));
    show("ending", `This address ends in ${minutes} ${minutes === 1 ? "minute" : "minutes"}.`);
  };
  setInterval(showEnd, 30_000);

  let isFinal = false; // Moved or closed: nothing that comes after is worth saying.
  const hear = (told) => {
    if (told.kind === "moved") {
      isFinal = true;
      endsAt = 0;
      show("moved", WORDS.moved, told.url);
    } else if (told.kind === "closed") {
      isFinal = true;
      endsAt = 0;
      show("closed", WORDS.closed);
    } else if (told.kind === "ending") {
      endsAt = Date.now() + told.seconds * 1000;
      showEnd();
    } else if (told.kind === "staying") {
      endsAt = 0;
      if (shown.startsWith("ending ")) clear();
    }
  };

  let socket = null;
  let wasOpen = false;
  let lostAt = 0;
  let pauseMs = 500;
  let timer = 0;
  const dial = () => {
    clearTimeout(timer);
    if (socket !== null || document.hidden) return;
    const dialled = new WebSocket(`${location.origin.replace("http", "ws")}/.rtstart/page`);
    socket = dialled;
    dialled.addEventListener("open", () => {
      wasOpen = true;
      lostAt = 0;
      pauseMs = 500;
      isFinal = false;
      if (!endsAt) clear();
    });
    dialled.addEventListener("message", ({ data }) => hear(JSON.parse(data)));
    dialled.addEventListener("close", () => {
      if (socket !== dialled) return;
      socket = null;
      lostAt ||= Date.now();
      void after();
    });
  };

  // A page whose socket never opened says nothing: its tunnel may carry no WebSockets at all.
  const after = async () => {
    if (wasOpen && !isFinal) {
      const spent = Date.now() - lostAt;
      if (await isGatewayThere()) show("out", WORDS.out);
      else if (spent > LONG_MS) show("lost", WORDS.lost);
      else if (spent > SOON_MS) show("away", WORDS.away);
    }
    timer = setTimeout(dial, pauseMs);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  };
  const isGatewayThere = async () => {
    if (Date.now() - lostAt < SOON_MS) return false;
    try {
      const answer = await fetch("/.rtstart/page", { cache: "no-store" });
      return answer.status === 401;
    } catch {
      return false;
    }
  };

  addEventListener("pagehide", () => {
    const open = socket;
    socket = null;
    open?.close();
  });
  addEventListener("pageshow", (event) => event.persisted && dial());
  addEventListener("online", dial);
  document.addEventListener("visibilitychange", dial);
  dial();
})();
