/** What the server approved by itself, as the feed told it: any device can bring it back (R11). */
import type { Replica } from "../core/replica";
import type { OwnDecision } from "../core/types.gen";

const SERVER = "server/";

/** Those that a restored server has lost: `common` is the last number of the log that it shares. */
export function ownDecisions(replica: Replica, common: number): OwnDecision[] {
  const told = new Map<string, OwnDecision>();
  for (const [, version, row] of replica.tables.variance.live()) {
    const { decided, operation, line, key, counted, expected } = row;
    if (version <= common || row.state !== "approved" || !decided?.startsWith(SERVER)) continue;
    const one = told.get(decided) ?? { id: decided, count_id: row.count_id, lines: [] };
    one.lines.push([operation, line, key, counted, expected]);
    told.set(decided, one);
  }
  return [...told.values()];
}
