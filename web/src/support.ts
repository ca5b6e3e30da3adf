// What this browser can do.
import type { BackendChoice } from "./engine/gpu/switch";

/** A module with one SIMD instruction: i8x16.splat. */
// prettier-ignore
const SIMD_MODULE = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11,
);

/** What is missing, as a sentence; nothing if all is there. */
export function missingFeature(): string | undefined {
  if (typeof WebAssembly !== "object") {
    return "This browser has no WebAssembly, which the network needs: open the page in a current browser.";
  }
  if (!WebAssembly.validate(SIMD_MODULE)) {
    return "This browser's WebAssembly has no SIMD, which the network needs: update the browser, or open the page in a current Chrome, Edge, Firefox or Safari.";
  }
  return undefined;
}

/** Threads need a page that is isolated from others (two HTTP headers); more than four gain little. */
export function usableThreads(backend: BackendChoice): number {
  if (backend === "wasm") return 1;
  return globalThis.crossOriginIsolated ? Math.min(Math.max(navigator.hardwareConcurrency || 1, 1), 4) : 1;
}

export function prefersStillness(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
