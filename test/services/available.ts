import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** A server that tests start. */
export interface Service {
  /** What starts it, from the PATH. */
  readonly binaries: readonly string[];
  /** Names a server that is there already. */
  readonly variable?: string;
  readonly tests: string;
  readonly install: string;
}

const services: readonly Service[] = [
  { binaries: ["redis-server"], tests: "test/{stores,histories}/redis*.test.ts", install: "apt-get install redis-server" },
  { binaries: ["memcached"], tests: "test/{stores,histories}/memcached*.test.ts", install: "apt-get install memcached" },
  {
    binaries: ["java", "javac", "mvn"],
    variable: "MONGODB_URL",
    tests: "test/{stores,histories}/mongodb*.test.ts",
    install: "apt-get install default-jdk maven, or set MONGODB_URL",
  },
];

type Environment = Readonly<Record<string, string | undefined>>;

/** Those that cannot be started here. In CI all can: what is missing there is to fail. */
export function missingServices(env: Environment): Service[] {
  if (env["CI"] !== undefined) return [];
  return services.filter(
    ({ binaries, variable = "" }) => env[variable] === undefined && !binaries.every((name) => isOnPath(name, env)),
  );
}

/** Says what is not tested without them, and why. */
export function noticeOf({ tests, binaries, install }: Service): string {
  return `NOT RUN: ${tests}: no ${binaries.join(", ")} on the PATH. ${install}`;
}

function isOnPath(name: string, { PATH = "" }: Environment): boolean {
  return PATH.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
