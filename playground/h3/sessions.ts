import { createSessionManager, type Session, type SessionManager } from "unsession";

/** What a visitor's session holds. All of it may be missing: a session begins empty. */
export interface VisitorData {
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

export const sessions: SessionManager<VisitorData> = createSessionManager<VisitorData>({
  idleTimeout: 14 * 24 * 60 * 60,
  // The cookie ends with the browser, unless a visitor asks to be remembered.
  cookie: { persistent: false },
});
