/** The language of the person who is signed in; every sentence follows it at once. */
export type Language = "en" | "zh";

class Chosen {
  language = $state<Language>("en");
}

export const chosen = new Chosen();

export function choose(language: Language): void {
  chosen.language = language;
}
