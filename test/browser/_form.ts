import type { Page } from "playwright-core";

export interface Form {
  readonly method: "get" | "post";
  readonly action: string;
  readonly fields?: Readonly<Record<string, string>>;
}

/** Puts a form into the page, and sends it as a visitor does. */
export async function submitForm(page: Page, form: Form): Promise<void> {
  await page.evaluate(({ method, action, fields = {} }) => {
    const form = Object.assign(document.createElement("form"), { method, action });
    for (const [name, value] of Object.entries(fields)) {
      form.append(Object.assign(document.createElement("input"), { name, value }));
    }
    form.append(Object.assign(document.createElement("button"), { textContent: "Send this" }));
    document.body.append(form);
  }, form);
  // By key, which nothing on the page can be in the way of.
  await page.getByRole("button", { name: "Send this" }).press("Enter");
}
