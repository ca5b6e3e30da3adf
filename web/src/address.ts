// The address: what follows its # is the settings string. The Share button copies it.
import { byId } from "./dom";
import type { BackendChoice } from "./engine/gpu/switch";
import { isBackendChoice } from "./views/backend";

const SAID_MS = 1500;

const BACKEND = "backend=";
const parts = () => location.hash.slice(1).split("&");
const settingsOnly = () => parts().filter((part) => part !== "" && !part.startsWith(BACKEND));

export const addressSettings = () => settingsOnly().join("&");

/** What runs the network is the page's business, and stays in the address beside the settings. */
export function addressBackend(): BackendChoice {
  const value = parts()
    .find((part) => part.startsWith(BACKEND))
    ?.slice(BACKEND.length);
  return value !== undefined && isBackendChoice(value) ? value : "auto";
}

export function writeBackend(choice: BackendChoice): void {
  write(choice === "auto" ? settingsOnly() : [...settingsOnly(), BACKEND + choice]);
}

/** Replaces the settings in the address; all defaults leave it bare. */
export function writeAddress(settings: string): void {
  write([settings, ...parts().filter((part) => part.startsWith(BACKEND))]);
}

function write(all: string[]): void {
  const text = all.filter((part) => part !== "").join("&");
  history.replaceState(null, "", text === "" ? location.pathname + location.search : `#${text}`);
}

/** Without the backend: another machine may have no such thing. */
function addressToShare(): string {
  const address = new URL(location.href);
  address.hash = addressSettings();
  return address.href;
}

export function startShare(): void {
  const button = byId("share");
  const share = async () => {
    try {
      await navigator.clipboard.writeText(addressToShare());
      button.textContent = "Copied";
    } catch {
      button.textContent = "Copy the address";
    }
    setTimeout(() => (button.textContent = "Share"), SAID_MS);
  };
  button.addEventListener("click", () => void share());
}
