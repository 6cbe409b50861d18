/** Codes of packs, in every flow that scans goods. [G12] [R10] */
import { describe, expect, it } from "vitest";
import { count, type CountState } from "../../src/core/flows/count";
import { move } from "../../src/core/flows/move";
import { pick } from "../../src/core/flows/pick";
import { putaway } from "../../src/core/flows/putaway";
import { receive } from "../../src/core/flows/receive";
import { Hands } from "./hands";
import { Warehouse } from "./warehouse";

const CASE = { quantity: "1", unit: "CS", factor: 12 };

function warehouse(): Warehouse {
  return new Warehouse()
    .place("DOCK", "dock").place("06-B-10").place("06-B-11").place("STAGE", "stage").supplier("1580")
    .has("HN-1224")
    .label("CASE-HN", "HN-1224", {}, 12, "CS")
    .holds("06-B-10", "HN-1224", 36).holds("DOCK", "HN-1224", 24)
    .paper("PO-1", "purchase", [["HN-1224", 24]], { partner: "1580" })
    .paper("SO-1", "sales", [["HN-1224", 12]]).paper("SO-2", "sales", [["HN-1224", 5]]);
}

describe("the scan of a carton's code", () => {
  it("receives its pieces and says in which pack they came", () => {
    const hand = new Hands(receive, warehouse(), { document: "PO-1", dock: "DOCK" }).scan("CASE-HN");
    expect(hand.drafts[0]?.did).toMatchObject({ verb: "receive", quantity: 12, entered: CASE });
  });

  it("counts its pieces; two cartons are two of the pack, a loose piece beside them is not", () => {
    const hand = new Hands<CountState>(count, warehouse()).scan("06-B-10", "CASE-HN", "CASE-HN");
    expect(hand.state.lines[0]).toMatchObject({ quantity: 24, entered: { ...CASE, quantity: "2" } });
    hand.scan("HN-1224");
    expect(hand.state.lines[0]).toMatchObject({ quantity: 25, entered: null });
  });

  it("picks its pieces, and only what the line asks when that is less than the carton", () => {
    const whole = new Hands(pick, warehouse(), { document: "SO-1" }).scan("06-B-10", "CASE-HN");
    expect(whole.drafts[0]?.did).toMatchObject({ verb: "pick", quantity: 12, entered: CASE });
    const part = new Hands(pick, warehouse(), { document: "SO-2" }).scan("06-B-10", "CASE-HN");
    expect(part.drafts[0]?.did).toMatchObject({ verb: "pick", quantity: 5 });
    expect(part.drafts[0]?.did).not.toHaveProperty("entered");
  });

  it("puts away and moves its pieces", () => {
    const away = new Hands(putaway, warehouse(), { dock: "DOCK" }).scan("CASE-HN", "06-B-11");
    expect(away.drafts[0]?.did).toMatchObject({ verb: "putaway", quantity: 12, entered: CASE });
    const moved = new Hands(move, warehouse()).scan("06-B-10", "CASE-HN", "06-B-11");
    expect(moved.drafts[0]?.did).toMatchObject({ verb: "move", quantity: 12, entered: CASE });
  });
});
