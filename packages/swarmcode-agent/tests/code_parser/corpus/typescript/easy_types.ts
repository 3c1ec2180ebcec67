export interface Shape {
  area(): number;
  name: string;
}

export enum Color {
  Red,
  Green = "green",
}

export type Id = string | number;

type Pair<T> = [T, T];
