/** What is odd about a device itself: records that it lost, or an identity that two of them use. */
import type { Discrepancy } from "../../core/types.gen.ts";
import type { View } from "../../core/view.ts";
import { t } from "../../words/index.ts";

/** `3–4, 9` and, where nobody knows how far it had written, `12 …`. */
export function rangesOf(missing: unknown): string {
  if (!Array.isArray(missing)) return "";
  return (missing as [number, number | null][])
    .map(([first, last]) => (last === null ? `${first} …` : first === last ? `${first}` : `${first}–${last}`))
    .join(", ");
}

/** Whose PIN, how often, and from where. */
function wrongPins(detail: Discrepancy["detail"]): string {
  const devices = Object.entries((detail["devices"] ?? {}) as Record<string, number>);
  const where = devices.map(([device, n]) => `${device} (${n})`).join(", ");
  return t("trust.wrong_pins", { name: String(detail["name"] ?? ""), n: Number(detail["wrong"] ?? 0), where });
}

/** Device, last acknowledged and last reported unsent number, and what is missing. */
export function ofDevice({ code, detail }: Discrepancy, view: View): string {
  const device = typeof detail["device"] === "string" ? detail["device"] : "";
  const name = view.device(device)?.name ?? device;
  if (code === "WRONG_PINS") return wrongPins(detail);
  if (code === "CONSENT_UNPROVED") return t("trust.consent", { name: view.person(String(detail["consent"]))?.name ?? "" });
  if (code === "REPLICA_FORK") return t("rescue.fork", { name, after: Number(detail["after"] ?? 0) });
  if (code === "DEVICE_LIMIT") return t("rescue.limit", { name });
  if (code === "ACTOR_NOT_SEEN") {
    const actor = String(detail["actor"] ?? "");
    return t("rescue.not_seen", { name, actor: view.person(actor)?.name ?? actor });
  }
  if (code === "RESCUE_UNSIGNED") return t("rescue.brought_by", { device: name });
  if (code !== "OPERATIONS_LOST") return "";
  const missing = rangesOf(detail["missing"]) || t("rescue.nothing_missing");
  if (detail["acked"] === undefined) return t("rescue.hole", { name, missing });
  return t("rescue.storage", { name, missing, acked: Number(detail["acked"]), unsent: Number(detail["unsent"] ?? 0) });
}
