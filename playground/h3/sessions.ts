import { createSessionManager, type Session, type SessionManager } from "unsession";
import { noted } from "../inspector/hooks.ts";
import { openStorage } from "./storage.ts";
import { reportConflict } from "./tabs/conflicts.ts";
import type { TabsData } from "./tabs/data.ts";

/** What a visitor's session holds. All of it may be missing: a session begins empty. */
export interface VisitorData extends TabsData {
  count: number;
  user: { name: string; since: Date };
  /** By product, so that two tabs that change different lines never meet. */
  cart: Record<string, { quantity: number }>;
  firstVisit: Date;
  lastVisit: Date;
  /** How often the page was opened in each hour of the day, 0 to 23. */
  visits: Map<number, number>;
}

export type Visitor = Session<VisitorData>;

const DAY = 24 * 60 * 60;
export const IDLE_TIMEOUT: number = 14 * DAY;
export const ABSOLUTE_TIMEOUT: number = 30 * DAY;

export const sessions: SessionManager<VisitorData> = createSessionManager<VisitorData>({
  storage: await openStorage(process.env["STORAGE"] || "memory:"),
  idleTimeout: IDLE_TIMEOUT,
  absoluteTimeout: ABSOLUTE_TIMEOUT,
  // The cookie ends with the browser, unless a visitor asks to be remembered.
  cookie: { persistent: false },
  hooks: noted({ conflict: reportConflict }),
});
