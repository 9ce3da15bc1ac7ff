export interface User {
  name: string;
  since: Date;
}

declare module "unsession" {
  interface SessionData {
    user: User;
    count: number;
    /** Stays on the server. */
    visits: string[];
  }
}
