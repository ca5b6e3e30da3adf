// The address: what follows its # is the settings string. The Share button copies it.
import { byId } from "./dom";

const SAID_MS = 1500;

export const addressSettings = () => location.hash.slice(1);

/** Replaces the settings in the address; all defaults leave it bare. */
export function writeAddress(settings: string): void {
  const url = settings === "" ? location.pathname + location.search : `#${settings}`;
  history.replaceState(null, "", url);
}

export function startShare(): void {
  const button = byId("share");
  const share = async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Copy the address";
    }
    setTimeout(() => (button.textContent = "Share"), SAID_MS);
  };
  button.addEventListener("click", () => void share());
}
