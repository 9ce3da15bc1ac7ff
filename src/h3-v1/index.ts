export { sessionMiddleware, defineSessionHandler } from "./middleware.ts";
export type { H3SessionOptions } from "./middleware.ts";
export type { H3V1Event, H3V1Handler } from "./event.ts";
export { useSession } from "./use-session.ts";
