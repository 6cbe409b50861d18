/**
 * A code in its one spelling, stored and scanned alike (G10): NFKC, without unseen signs, without
 * blanks around it. The twin of sync/code_text.py, held to it by tests/vectors/code_text.json.
 */
const UNSEEN = /[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g;

export function codeText(raw: string): string {
  return raw.normalize("NFKC").replace(UNSEEN, "").replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
}
