import type { Frame, Page } from "playwright-core";

/** Presses a button of the page, and waits until the page that comes then knows the visitor by this name. */
async function press(tab: Page | Frame, button: string, user: string): Promise<void> {
  // A click on a frame of another site is lost if it comes before the frame has shown its first picture.
  await tab.evaluate(() => new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown))));
  await tab.getByRole("button", { name: button }).click();
  await tab.getByRole("heading", { name: user }).waitFor();
}

export function logIn(tab: Page | Frame): Promise<void> {
  return press(tab, "Log in", "Ada");
}

export function logOut(tab: Page | Frame): Promise<void> {
  return press(tab, "Log out", "nobody");
}

/** Whom the page shows. */
export async function userOn(tab: Page | Frame): Promise<string | null> {
  return tab.getByRole("heading").textContent();
}
