"use server";

/**
 * What a tool of the model may have done on this server. Next gives each function here an address
 * that anybody can post to, with anything in it: so check every argument, and who asks.
 */

import { randomInt } from "node:crypto";

const MOST_DICE = 20;
const MOST_SIDES = 1000;

/** Throws dice where nobody can tamper with them. */
export async function rollDice(count: unknown, sides: unknown): Promise<readonly number[]> {
  if (!isWhole(count, 1, MOST_DICE)) throw new RangeError(`count is 1 to ${MOST_DICE}`);
  if (!isWhole(sides, 2, MOST_SIDES)) throw new RangeError(`sides is 2 to ${MOST_SIDES}`);
  return Array.from({ length: count }, () => randomInt(1, sides + 1));
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
}
