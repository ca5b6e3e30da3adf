// What the page's tests share: opening it, waiting for its pictures, comparing them.
import AxeBuilder from "@axe-core/playwright";
import { expect, test as base, type Page } from "@playwright/test";

export const plainUrl = "http://localhost:8392/";

/** The pictures of the equation, by the start of their accessible names. */
export const pictures = {
  x_t: /^x_t,/,
  raw: /raw output/,
  mu: /^mu,/,
  sigma: /^sigma,/,
  z: /^z,/,
  next: /^the image after the step/,
};
export type Picture = keyof typeof pictures;

interface Fixtures {
  /** Sentences that the console is expected to show; anything else in it fails the test. */
  expectedInConsole: RegExp[];
  console: void;
}

export const test = base.extend<Fixtures>({
  expectedInConsole: [[], { option: true }],
  console: [
    async ({ page, expectedInConsole }, use) => {
      const said: string[] = [];
      page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
      page.on("pageerror", (error) => said.push(`uncaught: ${error.message}`));
      await use();
      const unexpected = said.filter((line) => !expectedInConsole.some((allowed) => allowed.test(line)));
      expect(unexpected, "the console stays clean").toEqual([]);
    },
    { auto: true },
  ],
});
export { expect };

/** Opens the page, whose model comes only once the returned function is called: the recording plays. */
export async function openRecording(page: Page): Promise<() => void> {
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/*.safetensors", async (route) => {
    await held;
    await route.continue();
  });
  await page.goto("/");
  await expect(page.locator("html")).toHaveAttribute("data-source", "recording");
  return release;
}

/** Opens the page with these settings and waits for the live run. */
export async function openLive(page: Page, settings = "", base = "/"): Promise<void> {
  await page.goto(`${base}#${settings}`);
  await live(page);
}

export async function live(page: Page): Promise<void> {
  await expect(page.locator("html")).toHaveAttribute("data-source", "live");
  await settled(page);
}

/** Waits until every picture shows the step that the page is at. */
export async function settled(page: Page): Promise<void> {
  await page.evaluate(
    () => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))),
  );
  await expect(page.locator("html")).toHaveAttribute("data-source", "live");
  await expect(page.locator(".picture.pending")).toHaveCount(0);
}

export async function pause(page: Page): Promise<void> {
  const button = page.getByRole("button", { name: "Pause" });
  if (await button.isVisible()) await button.click();
  await expect(page.getByRole("button", { name: "Play" })).toBeVisible();
  await settled(page);
}

/** The picture's pixels, as a string to compare. */
export async function pixels(page: Page, picture: Picture): Promise<string> {
  return page
    .getByRole("img", { name: pictures[picture] })
    .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
}

/** All pictures of the step on show. */
export async function allPixels(page: Page): Promise<Record<Picture, string>> {
  const names = Object.keys(pictures) as Picture[];
  const entries = await Promise.all(names.map(async (name) => [name, await pixels(page, name)] as const));
  return Object.fromEntries(entries) as Record<Picture, string>;
}

/** The red channel of a picture, 0..255: the grey level where the picture is grey. */
export async function levels(page: Page, picture: Picture): Promise<number[]> {
  return page.getByRole("img", { name: pictures[picture] }).evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    const copy = document.createElement("canvas"); // the page's own is drawn to, not read
    Object.assign(copy, { width: canvas.width, height: canvas.height });
    const context = copy.getContext("2d", { willReadFrequently: true })!;
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, copy.width, copy.height);
    return [...data].filter((_, i) => i % 4 === 0);
  });
}

/** The mean of the picture's grey levels. */
export async function brightness(page: Page, picture: Picture): Promise<number> {
  const all = await levels(page, picture);
  return all.reduce((sum, level) => sum + level, 0) / all.length;
}

export const title = (page: Page) => page.locator("#equation-title");
export const slider = (page: Page, name: string) => page.getByRole("slider", { name, exact: true });
export const select = (page: Page, name: string) => page.getByRole("combobox", { name, exact: true });
export const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

/** Sets a slider's value: "input" and "change", as when a hand lets go of it. */
export async function slide(page: Page, name: string, value: number): Promise<void> {
  await slider(page, name).fill(String(value));
}

/** Presses the slider at a part 0..1 of its track; the mouse stays down. */
export async function press(page: Page, name: string, part: number): Promise<void> {
  const box = (await slider(page, name).boundingBox())!;
  const inset = 8; // half a thumb
  await page.mouse.move(box.x + inset + part * (box.width - 2 * inset), box.y + box.height / 2);
  await page.mouse.down();
}

/** Moves to a state of the run, as the timeline does. */
export async function seek(page: Page, position: number): Promise<void> {
  await slide(page, "Timeline", position);
  await settled(page);
}

/** Waits until the address holds these settings (in any order) and the pictures are theirs. */
export async function applied(page: Page, ...settings: string[]): Promise<void> {
  for (const setting of settings) await expect(page).toHaveURL(new RegExp(`[#&]${setting}(&|$)`));
  await settled(page);
}

/** A page with a theme button, in both themes and on a phone. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const theme of ["light", "dark"]) {
    const found = await new AxeBuilder({ page }).analyze();
    expect(found.violations.map((violation) => `${theme}: ${violation.id}`)).toEqual([]);
    await page.locator("#theme").click();
  }
  await page.setViewportSize({ width: 390, height: 844 });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
}

/** Goes to the finished image. */
export async function finish(page: Page): Promise<void> {
  const steps = await slider(page, "Timeline").getAttribute("max");
  await seek(page, Number(steps));
  await expect(title(page)).toContainText("Done");
}
