export type Result<T, E> =
  | { ok: true; value: T }
  | { ok: false; error: E };

type Handler = (
  event: string,
  ...rest: unknown[]
) => void;

function use(handler: Handler): Result<number, string> {
  handler("x");
  return { ok: true, value: 1 };
}
