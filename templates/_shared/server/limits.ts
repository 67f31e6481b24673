/** How often calls may begin, for everybody together and for each visitor. */

import type { Settings } from "./settings.ts";

export interface Limits {
  /**
   * Takes one of a kind, for this visitor when there is a name. The answer is 0, or the whole
   * seconds after which there is one again; then none was taken.
   */
  take(visitor: string | null, kind?: string): Promise<number>;
  /** Whether this name is given for the first time in three days. */
  once(name: string): Promise<boolean>;
  close(): Promise<void>;
}

/** At most `count` in any `spanMs`, under this name. */
export interface Rule {
  readonly name: string;
  readonly count: number;
  readonly spanMs: number;
}

const MINUTE_MS = 60_000;
/** Longer than anybody tries to deliver the same message (OpenAI's guide: three days). */
export const ONCE_MS = 72 * 60 * MINUTE_MS + MINUTE_MS;

/** The rules for one of a kind by this visitor. */
export function rulesFor(
  settings: Settings,
  visitor: string | null,
  kind = "calls",
): readonly Rule[] {
  const { callsPerMinute, callsPerVisitor } = settings;
  const everybody = { name: `${kind}:everybody`, count: callsPerMinute, spanMs: MINUTE_MS };
  if (visitor === null) return [everybody];
  const name = `${kind}:visitor:${visitor}`;
  return [everybody, { name, count: callsPerVisitor, spanMs: MINUTE_MS }];
}

/** The whole seconds to wait, from milliseconds that have not passed yet. */
export function secondsOf(waitMs: number): number {
  return waitMs <= 0 ? 0 : Math.max(1, Math.ceil(waitMs / 1000));
}

/** Limits of this process alone. */
export function createLimits(settings: Settings, now = () => performance.now()): Limits {
  const taken = new Map<string, readonly number[]>();
  const given = new Map<string, number>();
  const forget = (at: number): void => {
    for (const [name, times] of taken) {
      if (at - (times.at(-1) ?? 0) >= MINUTE_MS) taken.delete(name);
    }
  };
  return {
    async take(visitor, kind) {
      const at = now();
      forget(at);
      const rules = rulesFor(settings, visitor, kind);
      const within = ({ name, spanMs }: Rule): readonly number[] =>
        (taken.get(name) ?? []).filter((time) => at - time < spanMs);
      const waits = rules.map((rule) => {
        const times = within(rule);
        const first = times[times.length - rule.count];
        return first === undefined ? 0 : first + rule.spanMs - at;
      });
      const waitMs = Math.max(...waits);
      if (waitMs <= 0) for (const rule of rules) taken.set(rule.name, [...within(rule), at]);
      return secondsOf(waitMs);
    },
    async once(name) {
      const at = now();
      for (const [old, time] of given) if (at - time >= ONCE_MS) given.delete(old);
      const isFirst = !given.has(name);
      if (isFirst) given.set(name, at);
      return isFirst;
    },
    async close() {
      taken.clear();
      given.clear();
    },
  };
}
