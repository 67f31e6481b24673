/** Where the page begins: one session, shown by one page. */

import { startPage } from "./page/page.ts";
import { createSession } from "./realtime/browser.ts";
import { isOn } from "./realtime/state.ts";
import { tools } from "./tools.ts";

const session = createSession(tools);
startPage(session);

// Vite loads the page anew when its socket was lost and is back, as after a hiccup of a tunnel. A
// call would be lost with it, so that waits for the call's end. No trace of this is in a build.
import.meta.hot?.on(
  "vite:ws:disconnect",
  () =>
    new Promise<void>((resolve) => {
      const look = (): void => {
        if (!isOn(session.snapshot.phase)) resolve();
      };
      session.subscribe(look);
      look();
    }),
);
