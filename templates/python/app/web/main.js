/** Where the page begins: one session, shown by one page. */

import { startPage } from "./page/page.js";
import { createSession } from "./realtime/browser.js";
import { tools } from "./tools.js";

startPage(createSession(tools));
