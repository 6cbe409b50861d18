"""The checker is checked: faults that somebody could make, each a few words changed in one module.

`make mutants` puts each into the code of a process of its own, never into the tree, and plays
seeds until one breaks a promise. A fault that lives through all seeds fails.
"""

from typing import NamedTuple

LEDGER, BOOK, PHONE = "sync", "server.book", "tests.simulation.client"
APP = "src"
"""Of pwa: such a mutant lives in the bundle that the node child runs."""


class Mutant(NamedTuple):
    """`edits` are (text, other text); each text stands in the module exactly once."""

    name: str
    module: str
    edits: tuple

    @property
    def is_of_the_app(self):
        return self.module.endswith(".ts")


def mutant(name, module, *edits):
    return Mutant(name, module, edits)


MUTANTS = (
    # --- the book ----------------------------------------------------------------------------
    mutant("no dedupe", f"{LEDGER}.reconcile",
           ("known.content_hash == arrival.content_hash", "not known.content_hash")),
    mutant("a page splits a number", f"{BOOK}.reading",
           ("end = last - 1", "end = last")),
    mutant("naive cursor: past what was read", f"{BOOK}.reading",
           ("return rows, end\n", "return rows, min(end + 1, reader.seq)\n")),
    mutant("ack before commit", f"{BOOK}.writer",
           ("        return self._grouped(connection, group, [task.payload for task in tasks])",
            "        results = self._grouped(connection, group, [t.payload for t in tasks])\n"
            "        for task, result in zip(tasks, results):\n"
            "            task.done.set_result(result)\n"
            "        return results"),
           ("strict=True):\n            task.done.set_result(result)\n",
            "strict=True):\n            task.done.done() or task.done.set_result(result)\n")),
    mutant("the scope forgets to subtract", f"{BOOK}.save",
           ("self.head.scope -= scope_of(kind, key, before.version)", "pass")),
    mutant("a fork goes unnoticed", f"{BOOK}.chain",
           ("if stored.get(link.seq, digest) != digest:", "if False:")),
    mutant("unsent rows vouch", f"{LEDGER}.settling",
           ("if not push.unsent else replica.watermark", "if push.echo else replica.watermark")),
    mutant("the watermark is now", f"{BOOK}.settle",
           ("reported(session.connection, head.site, session.now)", "session.now")),
    # --- the ledger --------------------------------------------------------------------------
    mutant("drop on negative", f"{LEDGER}.movements",
           ("    state.apply(\n        Posting(\n            of=state.seq,",
            "    held = state.holdings.find(start)\n"
            "    if not is_virtual(start[0]):\n"
            "        quantity = min(quantity, max(held.quantity if held else 0, 0))\n"
            "    state.apply(\n        Posting(\n            of=state.seq,")),
    mutant("raw wall clock", f"{LEDGER}.arrivals",
           ("monotone(date(Reading(body.wall, body.segment, link.seq), clock), floor)",
            "Dated(body.wall, 250, 'high')")),
    mutant("times may go back", f"{LEDGER}.dating",
           ("if dated.at >= floor:", "if dated.at >= 0:")),
    mutant("error bar without the trip", f"{LEDGER}.dating",
           ("return offset, max(high - offset, offset - low) + GRAIN_MS", "return offset, 5")),
    mutant("what is unsent is yet to come", f"{BOOK}.arriving",
           ("    if push.written is not None:\n        return push.written\n",
            "    if not chained.fresh:\n        return turn.replica.acked + push.unsent\n")),
    mutant("count at arrival", f"{LEDGER}.balances",
           ("return track.before(moment_of(variance)) if track else 0",
            "return track.balance if track else 0")),
    mutant("a late fact runs past a count", f"{LEDGER}.ledger",
           ("return (effect.counted or 0) - held", "return effect.amount")),
    mutant("an absence is frozen as it was shown", f"{LEDGER}.ledger",
           ("return -track.least(effect.t_other or 0, effect.at)", "return effect.amount")),
    mutant("all takes negatives too", f"{LEDGER}.ledger",
           ("return -max(held, 0)", "return -held")),
    mutant("goods leave when they arrive", f"{LEDGER}.case",
           ("return self.taken.at if self.taken else self.dated.at", "return self.dated.at")),
    mutant("a reverse forgets to run forward", f"{LEDGER}.reversal",
           ("    return state.run_forward(name, moment, change)", "    return []")),
    mutant("moments tie by arrival", f"{LEDGER}.ledger",
           ("cut = bisect_right(effects, effect.at, key=_moment)\n            if cut",
            "cut = len(effects)\n            if cut")),
    # --- what a device may say ---------------------------------------------------------------
    mutant("marks are not checked", "server.people.rescues",
           ("return all(lost_through", "return True or all(lost_through")),
    mutant("anybody speaks for a replica", f"{BOOK}.belonging",
           ("        return owner in names_of(session.state, job.device)\n", "        return True\n")),
    mutant("an id is whose it is first", f"{LEDGER}.ids",
           ("return owner is None or any(", "return True or any(")),
    mutant("a proof is not checked", f"{LEDGER}.proofs",
           ("if hmac.compare_digest(ours.encode(), proof.encode()) else None", "if ours else None")),
    mutant("an exchange needs no MAC", f"{BOOK}.clocks",
           ("return any(told.mac ==", "return True or any(told.mac ==")),
    mutant("a MAC holds for any question", f"{BOOK}.clocks",
           ('("clock", session.head.site, device, *exchange)', '("clock", session.head.site, device)')),
    mutant("echo is believed", f"{LEDGER}.settling",
           ("watermark=min(watermark, receipt)", "watermark=watermark")),
    mutant("a seal is not checked", f"{LEDGER}.sealing",
           ("if check(parts_of(before, link, told.outcome, told.why), told.seal):", "if told.seal:")),
    mutant("everybody hears of every replica", f"{BOOK}.reading",
           ("if not found or not _is_of(reader, own.device, found[0][2]):", "if not found:")),
    mutant("a loss that is not believed dates", f"{BOOK}.arriving",
           ("through if through <= most else 0", "through")),
    # --- the phone (its twin) ----------------------------------------------------------------
    mutant("tone before the disk", f"{PHONE}.page",
           ('        row = yield from self.outbox.capture(raw, wall, segment)\n        yield Tone("tick", row)\n',
            '        yield Tone("tick", {"id": self.outbox.last_capture + 1, "wall": wall, "raw": raw})\n'
            "        row = yield from self.outbox.capture(raw, wall, segment)\n")),
    mutant("skip fsync", f"{PHONE}.outbox",
           ("            yield Write(writes, strict=True)\n", "            yield Write(writes, strict=False)\n")),
    mutant("delete on 4xx", f"{PHONE}.push",
           ("            if problem.status == 409:\n",
            "            if batch and problem.status >= 400:\n"
            "                yield from self.outbox.acknowledge(batch[-1].seq, [], 0)\n"
            "            elif problem.status == 409:\n")),
    mutant("acknowledge whatever is there", f"{PHONE}.outbox",
           ("if row.seq <= acked and (row.acked", "if row.seq and (row.acked")),
    mutant("patch without ack snapshot", f"{PHONE}.feed",
           ('if row.seq <= self.position["covered"].get(row.replica, 0):',
            "if row.acked is not None:")),
    mutant("a fork forgets what is unsent", f"{PHONE}.outbox",
           ("[*self._sent_after(seq), *unsent]", "[*self._sent_after(seq)]")),
    mutant("prune on ack", f"{PHONE}.outbox",
           ('writes += [("delete", source, row.name, None), ("put", target, row.name, row)]',
            'writes += [("delete", source, row.name, None)]')),
    mutant("the cursor without its rows", f"{PHONE}.feed",
           ('            *(("put", "overlay", (row[0], row[1]), row) for row in page["rows"]),\n', "")),
    mutant("give up after a few failures", f"{PHONE}.page",
           ("            most = min(", "            if self.failures > 3:\n                return 10**12\n            most = min(")),
    mutant("steps of the clock go unnoticed", f"{PHONE}.segments",
           ("STEP_MS = 250", "STEP_MS = 10**12")),
    # --- the phone itself --------------------------------------------------------------------
    mutant("app: tone before the disk", f"{APP}/outbox/outbox.ts",
           ('await this.store.record(["journal"], (tx) => void tx.objectStore("journal").put(capture));',
            'void this.store.record(["journal"], (tx) => void tx.objectStore("journal").put(capture)).catch(() => undefined);')),
    mutant("app: skip fsync", f"{APP}/store/store.ts",
           ('this.commit(stores, "strict"', 'this.commit(stores, "relaxed"')),
    mutant("app: delete on 4xx", f"{APP}/push/push.ts",
           ("      if (error.status === 409)",
            "      if (batch.length) await this.parts.outbox.acknowledge([batch.at(-1)?.seq ?? 0, null], [], 0);\n"
            "      else if (error.status === 409)")),
    mutant("app: acknowledge whatever is there", f"{APP}/outbox/outbox.ts",
           ("operation.seq <= acked[0] &&", "operation.seq > 0 &&")),
    mutant("app: prune on ack", f"{APP}/outbox/outbox.ts",
           ("void tx.objectStore(to).put(row);", "")),
    mutant("app: a fork forgets what is unsent", f"{APP}/outbox/outbox.ts",
           ("[...(await this.sentAfter(seq)), ...this.mine().filter((row) => row.acked === null)]",
            "[...(await this.sentAfter(seq))]")),
    mutant("app: patch without ack snapshot", f"{APP}/feed/feed.ts",
           ("if (operation.seq <= (this.position.covered[operation.replica] ?? 0)) return true;",
            "if (operation.acked !== null) return true;")),
    mutant("app: the cursor without its rows", f"{APP}/feed/feed.ts",
           ("for (const row of rows) void tx", "for (const row of rows.slice(0, 0)) void tx")),
    mutant("app: the scope forgets to subtract", f"{APP}/core/replica.ts",
           ("if (before !== null) this.scope.subtract(name, before);", "")),
    mutant("app: give up after a few failures", f"{APP}/push/loop.ts",
           ("return Math.max(asked, this.backOff());",
            "return this.failures > 3 ? 1e12 : Math.max(asked, this.backOff());")),
    mutant("app: steps of the clock go unnoticed", f"{APP}/device/clock.ts",
           ("STEP_MS = 250", "STEP_MS = 1e12")),
)  # fmt: skip
