// Light or dark: the system's choice until the button makes another, which stays.
import { byId } from "./dom";

const KEY = "undiffuse-theme";
const system = matchMedia("(prefers-color-scheme: dark)");

function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage may be forbidden; then the choice lasts as long as the page
  }
}

export function startTheme(changed: () => void): void {
  const button = byId<HTMLButtonElement>("theme");
  let chosen = stored();
  const show = () => {
    const dark = (chosen ?? (system.matches ? "dark" : "light")) === "dark";
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    button.textContent = dark ? "Light" : "Dark";
    changed();
  };
  button.addEventListener("click", () => {
    chosen = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem(KEY, chosen);
    } catch {
      // see stored()
    }
    show();
  });
  system.addEventListener("change", show);
  show();
}
