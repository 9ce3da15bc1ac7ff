export interface Book {
  title: string;
  added: Date;
  read: boolean;
}

declare module "unsession" {
  interface SessionData {
    user?: { name: string };
    books?: Map<string, Book>;
  }
}
