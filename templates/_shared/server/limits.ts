/** How often calls may begin, for everybody together and for each visitor. */

import type { Settings } from "./settings.ts";

export interface Limits {
  /**
   * Takes one call, for this visitor when there is a name. The answer is 0, or the whole seconds
   * after which there is one again; then none was taken.
   */
  take(visitor: string | null): Promise<number>;
  close(): Promise<void>;
}

/** At most `count` in any `spanMs`, under this name. */
export interface Rule {
  readonly name: string;
  readonly count: number;
  readonly spanMs: number;
}

const MINUTE_MS = 60_000;

/** The rules for a call of this visitor. */
export function rulesFor(settings: Settings, visitor: string | null): readonly Rule[] {
  const everybody = { name: "everybody", count: settings.callsPerMinute, spanMs: MINUTE_MS };
  if (visitor === null) return [everybody];
  const each = { name: `visitor:${visitor}`, count: settings.callsPerVisitor, spanMs: MINUTE_MS };
  return [everybody, each];
}

/** The whole seconds to wait, from milliseconds that have not passed yet. */
export function secondsOf(waitMs: number): number {
  return waitMs <= 0 ? 0 : Math.max(1, Math.ceil(waitMs / 1000));
}

/** Limits of this process alone. */
export function createLimits(settings: Settings, now = () => performance.now()): Limits {
  const taken = new Map<string, readonly number[]>();
  const forget = (at: number): void => {
    for (const [name, times] of taken) {
      if (at - (times.at(-1) ?? 0) >= MINUTE_MS) taken.delete(name);
    }
  };
  return {
    async take(visitor) {
      const at = now();
      forget(at);
      const rules = rulesFor(settings, visitor);
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
    async close() {
      taken.clear();
    },
  };
}
