import type { TransactionOptions } from "unstorage";

/** The lifetime that unstorage was given, in milliseconds; its drivers take 0 and what is no finite number for "none". */
export function ttlOf(transaction: TransactionOptions | undefined): number | undefined {
  const seconds: unknown = transaction?.["ttl"];
  return typeof seconds === "number" && Number.isFinite(seconds) && seconds !== 0 ? seconds * 1000 : undefined;
}
