export function add(a: number, b: number): number {
  return a + b;
}

export async function load<T>(url: string): Promise<T> {
  const answer = await fetch(url);
  return answer.json();
}

export const twice = (n: number): number => n * 2;
