/** Where the page begins: one session, shown by one page. */

import { startPage } from "./page/page.ts";
import { createSession } from "./realtime/browser.ts";
import { tools } from "./tools.ts";

startPage(createSession(tools));
