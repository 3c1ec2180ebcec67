interface Reader<T> extends Closable, Iterable<T> {
  read(size: number): Promise<T>;
  readonly position: number;
  seek?(to: number): void;
  (call: string): void;
  new (name: string): Reader<T>;
}

export interface Empty {}
