// A reload, a bookmark and a printed QR open the screen that they name.
import { describe, expect, test } from "vitest";

import { fakeView } from "../../src/dev/fake-site.ts";
import { meaningHref } from "../../src/screens/meanings.ts";
import { href, hrefOf, routeOf } from "../../src/screens/router.ts";

describe("an address", () => {
  test("of an enrolment QR carries its code", () => {
    expect(routeOf("#/enrol/K7Q2-M9XD")).toEqual({ screen: "enrol", code: "K7Q2-M9XD" });
  });

  test("of a task names its document", () => {
    expect(routeOf("#/receive/PO-127")).toEqual({ screen: "flow", flow: "receive", document: "PO-127" });
    expect(routeOf("#/move")).toEqual({ screen: "flow", flow: "move", document: null });
  });

  test("keeps a code that has a slash, a blank or Chinese in it", () => {
    for (const code of ["container/T1", "a b", "冷库-1", "100%"]) {
      expect(routeOf(href("bin", code))).toEqual({ screen: "bin", code, item: null });
    }
  });

  test("that is broken leads home and never fails", () => {
    expect(routeOf("#/%E0%A4%A/x")).toEqual({ screen: "home" });
    expect(routeOf("")).toEqual({ screen: "home" });
  });

  test("of a bin that a flow opens is the count of that bin", () => {
    expect(hrefOf({ screen: "count", code: "06-B-10" })).toBe("#/count/06-B-10");
    expect(hrefOf({ screen: "home" })).toBe("#/");
  });
});

describe("a scan outside a task", () => {
  test("of an open order begins its work", () => {
    expect(meaningHref({ kind: "document", document: "WO-71774" }, fakeView)).toBe("#/issue/WO-71774");
    expect(meaningHref({ kind: "document", document: "CT-01" }, fakeView)).toBe("#/count/CT-01");
  });

  test("of a bin, an item or a badge opens it", () => {
    expect(meaningHref({ kind: "location", location: "06-B-10" }, fakeView)).toBe("#/bin/06-B-10");
    expect(meaningHref({ kind: "item", item: "BE-2908", said: {}, pack: 1 }, fakeView)).toBe("#/item/BE-2908");
    expect(meaningHref({ kind: "badge", badge: "B1" }, fakeView)).toBe("#/sign-in/B1");
  });

  test("of a lot opens its item, or all that have it", () => {
    const lot = (item: string) => ({ item, lot: { code: "K1102" } });
    expect(meaningHref({ kind: "lot", candidates: [lot("BE-2908"), lot("BE-2908")] }, fakeView)).toBe("#/item/BE-2908");
    expect(meaningHref({ kind: "lot", candidates: [lot("BE-2908"), lot("AR-5381")] }, fakeView)).toBe("#/lot/K1102");
  });

  test("of a command leads where it can be done", () => {
    expect(meaningHref({ kind: "command", command: "UNDO" }, fakeView)).toBe("#/outbox");
    expect(meaningHref({ kind: "command", command: "HELP" }, fakeView)).toBe("#/help/home");
    expect(meaningHref({ kind: "command", command: "DONE" }, fakeView)).toBe("#/");
  });

  test("of a code that nobody knows opens nothing", () => {
    expect(meaningHref({ kind: "unknown", raw: "?", said: {} }, fakeView)).toBeNull();
  });
});
