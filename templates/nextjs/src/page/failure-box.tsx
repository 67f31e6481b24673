/** What went wrong: what happened, why, what to do. */

"use client";

import { useSession, useSnapshot } from "./session-context.tsx";

export function FailureBox() {
  const session = useSession();
  const ended = useSnapshot((snapshot) => snapshot.failure);
  const trouble = useSnapshot((snapshot) => snapshot.troubles.at(-1) ?? null);
  const failure = ended ?? trouble;
  return (
    <section
      id="failure"
      className="failure"
      role="alert"
      data-code={failure?.code}
      hidden={failure === null}
    >
      {failure !== null && (
        <>
          <h2>{failure.title}</h2>
          {failure.detail !== "" && <p className="detail mono">{failure.detail}</p>}
          {failure.why !== "" && <p className="why">{failure.why}</p>}
          {failure.next !== "" && <p className="next">{failure.next}</p>}
          <p className="code mono quiet">{failure.code}</p>
          {ended === null && (
            <button
              id="dismiss"
              type="button"
              className="plain"
              onClick={() => session?.dismiss()}
            >
              Dismiss
            </button>
          )}
        </>
      )}
    </section>
  );
}
