import { ERRORS } from "./value-kinds.ts";

/** What is kept of an error. */
export interface ErrorFields {
  readonly type: string;
  /** Unless it is that of the type. */
  readonly name?: string;
  readonly message: string;
  readonly cause?: unknown;
}

export function isError(value: unknown): value is Error {
  return value instanceof Error;
}

export function fromError(error: Error): ErrorFields {
  const type = ERRORS.find(({ prototype }) => prototype === Object.getPrototypeOf(error)) ?? Error;
  return {
    type: type.name,
    ...(error.name === type.name ? {} : { name: error.name }),
    message: error.message,
    ...(error.cause === undefined ? {} : { cause: error.cause }),
  };
}

/** @throws {TypeError} if the fields are none that `fromError` gives */
export function toError({ type, name, message, cause }: ErrorFields): Error {
  const Type = ERRORS.find((one) => one.name === type);
  if (Type === undefined || typeof message !== "string") throw new TypeError("an error of an unknown type");
  const error = new Type(message, cause === undefined ? undefined : { cause });
  if (name !== undefined) error.name = String(name);
  // It tells of this place, not of where the error was made.
  delete error.stack;
  return error;
}
