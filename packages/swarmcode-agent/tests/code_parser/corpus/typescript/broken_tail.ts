export function whole(a: number): number {
  return a;
}

export class Half {
  fine(): void {
    return;
  }

  cut(
