/**
 * Adds two numbers.
 * @param a the first
 */
export function add(a, b) {
  return a + b;
}

// Says hello.
// Loudly.
function hello() {
  return "HELLO";
}
