// function fake() {}
const text = "function notReal() {}";
const pattern = /function nope\(\) {/;
const tpl = `class Neither { ${text} }`;

/* function alsoFake() {} */
export function real() {
  return pattern.test(tpl);
}
