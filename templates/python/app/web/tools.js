/**
 * What the model may do, on the page's side. The tools are described in the server's `tools.py`,
 * and it writes what the page must know of them into the document. What the server can do is asked
 * of it; what only a page can do is done here, by the function of the same name.
 */

const HERE = {
  open_page({ url }) {
    const address = new URL(String(url));
    if (address.protocol !== "https:") throw new Error("only https addresses are opened");
    globalThis.open(address, "_blank", "noopener,noreferrer");
    return { opened: address.href };
  },
};

export const tools = read().map(({ name, description, parameters, asks, timeoutMs, inPage }) => ({
  name,
  description,
  asks,
  // The server checks what it is given; it knows more kinds of values than the page does.
  parameters: inPage ? parameters : { type: "object", properties: {} },
  // The way there takes time too.
  timeoutMs: inPage ? timeoutMs : timeoutMs + 2000,
  run: inPage ? HERE[name] : (given, signal) => askServer(name, given, signal),
}));

function read() {
  return JSON.parse(document.getElementById("tools")?.textContent || "[]");
}

async function askServer(name, given, signal) {
  const response = await fetch(`/session/tools/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(given),
    cache: "no-store",
    signal,
  });
  const { done, output, error } = await response.json();
  if (!response.ok) throw new Error(error?.message ?? `status ${response.status}`);
  if (!done) throw new Error(output.error);
  return output;
}
