/** Light or dark: as the device says, until the worker turns it. */
const KEY = "bincard.theme";

function kept(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function show(theme: string | null): void {
  if (theme === "light" || theme === "dark") document.documentElement.dataset["theme"] = theme;
}

export const themes = {
  /** Shows what was chosen on this device. */
  restore(): void {
    show(kept());
  },
  turn(): void {
    const now = document.documentElement.dataset["theme"];
    const isDark = now ? now === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    const theme = isDark ? "light" : "dark";
    show(theme);
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // A browser that keeps nothing still shows it until it is closed.
    }
  },
};
