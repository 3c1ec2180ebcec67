export const enum Level {
  Low = 1,
  High = 2,
}

declare enum Ambient { A }

export const LIMITS = { [Level.Low]: 1 } as const;
