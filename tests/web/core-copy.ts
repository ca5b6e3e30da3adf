// Another copy of the core in the page, to hold the page's numbers against.
import type { JSHandle, Page } from "@playwright/test";
import type { CreateModule } from "../../web/src/engine/wasm";

export type CoreCopy = Awaited<ReturnType<CreateModule>>;

/** One thread, the default model, these settings. */
export async function coreCopy(page: Page, settings: string): Promise<JSHandle<CoreCopy>> {
  await page.addScriptTag({ url: "undiffuse.js" });
  return page.evaluateHandle(async (text) => {
    const binary = async (url: string) => new Uint8Array(await (await fetch(url)).arrayBuffer());
    const create = (window as unknown as { createUndiffuse: CreateModule }).createUndiffuse;
    const core = await create({ wasmBinary: await binary("undiffuse.wasm") });
    const weights = await binary("models/mnist-mean-variance.safetensors");
    core._ud_init(1);
    const bytes = core._malloc(weights.length);
    core.HEAPU8.set(weights, bytes);
    core._ud_open(bytes, weights.length);
    const string = core._malloc(text.length + 1);
    core.stringToUTF8(text, string, text.length + 1);
    core._ud_apply(string);
    return core;
  }, settings);
}
