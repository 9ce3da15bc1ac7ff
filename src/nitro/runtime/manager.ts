import { createSessionManager, SessionError, type SessionManager, type SessionOptions } from "unsession";
import { given, options } from "#unsession";

/** The manager of an application: made of its configuration, or its own. */
export function createManager(secret: string, driver: () => object): SessionManager {
  const secrets = secret.split(",").filter((one) => one !== "");
  if (isManager(given)) {
    if (secrets.length > 0 || Object.keys(options).length > 0) {
      throw new SessionError(
        "ERR_SESSION_OPTIONS",
        "The file that `unsession.config` names exports a manager, which does not know the options beside it nor the secret. Export options instead, or give these to the manager.",
      );
    }
    return given;
  }
  // The mount already sets its keys apart.
  const shared: SessionOptions = { prefix: "", storage: driver, ...options, ...given };
  return createSessionManager(secrets.length > 0 ? { secret: secrets, ...shared } : shared);
}

function isManager(value: SessionManager | SessionOptions | undefined): value is SessionManager {
  return value !== undefined && "commit" in value;
}
