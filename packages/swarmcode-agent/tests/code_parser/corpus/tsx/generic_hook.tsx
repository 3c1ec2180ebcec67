export function useThing<T>(initial: T): [T, (next: T) => void] {
  let value = initial;
  function set(next: T) {
    value = next;
  }
  return [value, set];
}

export const Context = createContext<null>(null);
