// What the tests of given images share: the panel, its pad, picture files painted by the browser.
import type { Page } from "@playwright/test";
import { button, expect, finish, levels, openLive, settled } from "./page";

export const SIDE = 28;
export const evidence = (page: Page) => page.getByRole("group", { name: "Evidence" });
export const pad = (page: Page) => page.getByRole("application", { name: "Drawing pad" });
export const problem = (page: Page) => page.locator("#given-problem");
export const run = (page: Page) => page.locator("#given-run");
export const task = (page: Page, name: string) => page.getByRole("radio", { name });

/** Grey levels of a canvas. */
export async function levelsOf(page: Page, selector: string): Promise<number[]> {
  return page.locator(selector).evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    const copy = document.createElement("canvas");
    Object.assign(copy, { width: canvas.width, height: canvas.height });
    const context = copy.getContext("2d", { willReadFrequently: true })!;
    context.drawImage(canvas, 0, 0);
    return [...context.getImageData(0, 0, copy.width, copy.height).data].filter((_, i) => i % 4 === 0);
  });
}

export interface Painting {
  width: number;
  height: number;
  paper: string;
  /** Filled rectangles: colour, x, y, width, height. */
  strokes: [string, number, number, number, number][];
}

/** A picture file, painted by the browser. */
export async function pictureFile(page: Page, painting: Painting): Promise<Buffer> {
  const url = await page.evaluate(({ width, height, paper, strokes }) => {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d")!;
    context.fillStyle = paper;
    context.fillRect(0, 0, width, height);
    for (const [color, ...box] of strokes) {
      context.fillStyle = color;
      context.fillRect(...box);
    }
    return canvas.toDataURL("image/png");
  }, painting);
  return Buffer.from(url.split(",")[1]!, "base64");
}

/** A seven of two strokes in two levels. */
export const SEVEN: Painting = {
  width: SIDE,
  height: SIDE,
  paper: "#000",
  strokes: [
    ["#fff", 7, 6, 14, 3],
    ["#c8c8c8", 16, 9, 3, 13],
  ],
};

export async function openPanel(page: Page): Promise<void> {
  await button(page, "Give an image").click();
  await expect(pad(page)).toBeVisible();
}

export async function load(page: Page, buffer: Buffer, name = "seven.png"): Promise<void> {
  await page.locator("#given-file").setInputFiles({ name, mimeType: "image/png", buffer });
}

/** The page with this image in the panel. */
export async function openWith(page: Page, settings: string, painting = SEVEN): Promise<void> {
  await page.emulateMedia({ reducedMotion: "reduce" }); // runs wait for a person
  await openLive(page, settings);
  await openPanel(page);
  await load(page, await pictureFile(page, painting));
  await expect.poll(async () => Math.max(...(await levelsOf(page, "#pad-canvas")))).toBe(255);
}

export async function runWithIt(page: Page): Promise<void> {
  await run(page).click();
  await expect(evidence(page)).toBeVisible();
  await settled(page);
}

/** Goes to the finished image of the run that is on now. */
export async function finished(page: Page): Promise<number[]> {
  await finish(page);
  return levels(page, "next");
}
