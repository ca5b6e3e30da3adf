import { chromium } from "@playwright/test";
const [,, url, out, ...rest] = process.argv;
const dark = rest.includes("dark"), phone = rest.includes("phone");
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: phone ? { width: 390, height: 844 } : { width: 1440, height: 900 }, colorScheme: dark ? "dark" : "light" });
page.on("console", (m) => console.log(m.text()));
page.on("pageerror", (e) => console.log("ERR", e.message));
await page.goto(url);
for (const a of rest) {
  const [k, v] = a.split("::");
  if (k === "wait") await page.waitForTimeout(Number(v));
  if (k === "live") await page.waitForSelector('html[data-source="live"]', { timeout: 120000 });
  if (k === "text") await page.waitForFunction((t) => document.body.innerText.includes(t), v, { timeout: 120000 });
  if (k === "scroll") await page.locator(v).scrollIntoViewIfNeeded();
  if (k === "timeline") await page.getByRole("slider", { name: "Timeline" }).fill(v);
  if (k === "click") await page.locator(v).click();
}
await page.screenshot({ path: out, fullPage: rest.includes("full") });
await browser.close();
