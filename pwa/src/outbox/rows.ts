/** Rows of the outbox on the disk: how one is added, and which are read back at a start. */
import type { Kept, Read, Write } from "../store/store";

/** Adds a row that must be new; at a second try the first one may have come through. */
export async function append(tx: Write, kept: Kept, again: boolean): Promise<void> {
  const outbox = tx.objectStore("outbox");
  const there = again ? await outbox.get([kept.replica, kept.seq]) : undefined;
  if (there?.hash !== kept.hash) await outbox.add(kept);
}

export async function newest(tx: Read, count: number): Promise<Kept[]> {
  const rows: Kept[] = [];
  let cursor = await tx.objectStore("sent").index("acked").openCursor(null, "prev");
  while (cursor && rows.length < count) {
    rows.push(cursor.value);
    cursor = await cursor.continue();
  }
  return rows;
}
