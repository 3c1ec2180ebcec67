export function outer(list) {
  function inner(item) {
    return item + 1;
  }
  class Local {
    run() {
      return list.map(inner);
    }
  }
  return new Local();
}
