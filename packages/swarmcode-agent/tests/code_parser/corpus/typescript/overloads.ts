export function parse(value: string): number;
export function parse(value: number): string;
export function parse(value: any): any {
  return value;
}

declare function external(name: string): void;
