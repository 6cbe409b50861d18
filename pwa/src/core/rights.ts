/** What a role may do beyond a worker: the twin of sync/rights.py. An unknown role is taken to. */
export function decides(role: string): boolean {
  return role !== "worker";
}
