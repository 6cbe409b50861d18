/** What the status strip shows, worked out from the parts of the engine. */
import type { Scanner } from "./core/meaning";
import type { SiteView } from "./core/site-view";
import type { Leaving } from "./device/leaving";
import type { People } from "./device/people";
import type { Enrolment } from "./device/vault";
import { sentence } from "./device/sentences";
import { lastSeen, wiped } from "./device/witness";
import type { Status } from "./engine.types";
import type { Position } from "./feed/feed";
import type { Operation } from "./outbox/operation";
import type { Reached } from "./push/loop";
import type { Push } from "./push/push";

export interface StatusParts {
  people: People;
  view: SiteView;
  enrolment: Enrolment | null;
  /** What lies here is of another site than the device. */
  isAstray: boolean;
  reach: Reached;
  push: Push;
  unsent: Operation[];
  position: Position;
  leaving: Leaving;
  persisted: boolean | null;
  sessionEnded: boolean;
  now: number;
  scanner: Scanner;
  updateReady: boolean;
  secondTab: boolean;
}

export function statusOf(parts: StatusParts): Status {
  const { people, view, enrolment, reach, push, unsent, position } = parts;
  const { signedIn } = people;
  const known = signedIn && view.person(signedIn.person);
  return {
    person: signedIn && {
      person: signedIn.person, name: signedIn.name, role: signedIn.role,
      language: known ? (known.language.startsWith("zh") ? "zh" : "en") : signedIn.language,
    },
    locked: people.isLocked,
    site: enrolment?.site ?? "",
    enrolled: enrolment !== null,
    unsent: unsent.length,
    oldestUnsent: unsent.length ? Math.min(...unsent.map((row) => row.body.wall)) : null,
    online: reach.online,
    problem: parts.isAstray ? sentence("astray") : reach.problem,
    stockAt: position.at,
    // It never goes back, and push and feed hear of it in turn.
    watermark: Math.max(push.heard.watermark ?? 0, position.watermark ?? 0) || null,
    persisted: parts.persisted,
    clockOffset: push.heard.offset,
    durable: push.heard.serverNow ? push.heard.durableThrough !== null : null,
    restored: push.restored.note(unsent, parts.now),
    needsSignIn: reach.refused || parts.sessionEnded,
    scanner: parts.scanner,
    updateReady: parts.updateReady,
    secondTab: parts.secondTab,
    was: enrolment ? null : (lastSeen()?.name ?? null),
    revoked: parts.leaving.left,
    wiped: enrolment ? null : wiped(),
  };
}
