/** Where the page begins: one session, shown by one page. */

import { createSession } from "./realtime/browser.ts";
import { startPage } from "./page/page.ts";

startPage(createSession());
