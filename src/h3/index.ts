export { sessionMiddleware, defineSessionHandler } from "./middleware.ts";
export type { H3SessionOptions } from "./middleware.ts";
export { useSession } from "./use-session.ts";
