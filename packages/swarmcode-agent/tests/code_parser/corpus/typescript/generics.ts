export class Box<T extends { id: string }, K = keyof T> {
  get<P extends K>(key: P): T[P & keyof T] {
    return this.value[key as any];
  }

  map = <U,>(f: (value: T) => U): U => f(this.value);
}

export const identity = <T,>(value: T): T => value;
